"""How often each intensity occurs, AU by AU: the paper's figure 5, for any set of labels, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from aukit.errors import StorageError, UsageError
from aukit.report.facs import au_name

SHADES = ("#e7c79a", "#dd9a5b", "#c96a3d", "#9a3f35", "#5d2233")
"""Levels 1 to 5. Level 0 is what is missing to the whole."""
SUFFIXES = (".png", ".svg", ".pdf")


def write_levels(path: Path, levels: Mapping[str, Sequence[int]], *, title: str) -> Path:
    """Draw the share of labels at levels 1 to 5 of each AU. `levels` holds counts at 0..5.

    Raises:
        UsageError: the file's ending is no picture's, or no AU has labels.
        StorageError: the file cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"cannot draw a picture as `{path.suffix}`", where=str(path), hint=f"use {', '.join(SUFFIXES)}"
        )
    shown = [au for au in levels if sum(levels[au])]
    if not shown:
        raise UsageError("there are no labels to draw", where=title)
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9, "svg.fonttype": "none"}):
        figure = Figure(figsize=(8, 1.2 + 0.36 * len(shown)))
        FigureCanvasAgg(figure)
        ax = figure.subplots()
        figure.subplots_adjust(
            left=0.27, right=0.9, top=1 - 0.62 / figure.get_figheight(), bottom=0.5 / figure.get_figheight()
        )
        for row, au in enumerate(shown):
            left, total = 0.0, sum(levels[au])
            for level in range(1, 6):
                share = 100 * levels[au][level] / total
                label = f"{level}" if row == 0 else None
                ax.barh(row, share, height=0.66, left=left, color=SHADES[level - 1], label=label)
                left += share
            text = f"{left:.1f} % of {total:,}".replace(",", " ")
            ax.annotate(
                text,
                (left, row),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color="#666",
            )
        ax.set_yticks(range(len(shown)), [f"{au}  {au_name(au)}" for au in shown])
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
        ax.set_xlabel("labelled frames at each level; what is missing to 100 % is at 0", color="#666")
        ax.grid(axis="x", color="#ddd", linewidth=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(length=0)
        ax.spines[["top", "right", "bottom"]].set_visible(False)
        ax.legend(
            title=None,
            ncols=5,
            loc="lower right",
            bbox_to_anchor=(1, 1),
            frameon=False,
            handlelength=1,
            columnspacing=1,
        )
        figure.text(0.02, 1 - 0.28 / figure.get_figheight(), title, fontsize=10, va="center")
        try:
            figure.savefig(path, dpi=150)
        except OSError as error:
            raise StorageError(f"cannot write: {error.strerror}", where=str(path)) from error
    return path
