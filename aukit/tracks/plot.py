"""The tracks of one video as a picture: a small diagram for each AU, one above the other, on one axis of time."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aukit.contracts.tracks import Tracks
from aukit.report.facs import au_name
from aukit.report.tables import number
from aukit.rundir.atomic import write_bytes
from aukit.tracks.faces import main_faces, track_of
from aukit.tracks.read import read_tracks
from aukit.tracks.tracks_file import TracksFile

INK, MUTED, LINE, CARD = "#16191d", "#626a74", "#dfe3e8", "#f6f7f9"
LOUD, LOUD_GROUND = "#8a1c1c", "#fdecea"
VERDICTS = {"usable": "#18794e", "weak": "#9a6700", "not shown": "#6b7280"}
FACES = ("#0b6bcb", "#c2410c", "#18794e", "#8b3fb0", "#9a6700", "#0e7490")
ROWS = 14
"""More AUs than these stand in two columns."""
ROW, HEAD, LEGEND, FOOT = 0.62, 0.95, 0.3, 0.75
"""Heights in inches; the legend's where there are several faces."""
EDGES = (-0.08, 5.08)
"""What lies beyond the scale runs along its edge."""
STYLE: Any = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": INK,
    "axes.facecolor": CARD,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "agg.path.chunksize": 10_000,
}


def write_plot(
    tracks: TracksFile | str | Path,
    out: str | Path,
    *,
    aus: Sequence[str] | None = None,
    name: str = "",
    dpi: int = 150,
) -> Path:
    """Draw every AU of a video over time. Gaps stay gaps; each face has a colour of its own.

    Beside an AU stands what the model's evaluation said of it, where the sidecar knows. Where the faces or the model's
    people are not real, the picture says so. Faces beyond six are counted, not drawn.

    Args:
        tracks: a tracks file of any kind.
        out: a .png file; one that is there is replaced.
        aus: which AUs; all by default.
        name: which of the file's videos, where it has several.
        dpi: dots an inch; the picture is eleven inches wide, or eighteen with two columns.

    Raises:
        UsageError: an AU that the file does not have.
        DataError: the tracks cannot be read.
        StorageError: the disk is full or the folder cannot be written.
    """
    file = tracks if isinstance(tracks, TracksFile) else read_tracks(tracks)
    places = file.places(aus)
    shown, data = file.video(name), io.BytesIO()
    with matplotlib.rc_context(STYLE):
        _figure(file, name or next(iter(file.videos)), shown, places).savefig(data, format="png", dpi=dpi)
    write_bytes(Path(out), data.getvalue())
    return Path(out)


def _figure(file: TracksFile, title: str, tracks: Tracks, places: Mapping[str, int]) -> Figure:
    columns = math.ceil(len(places) / ROWS)
    rows = math.ceil(len(places) / columns)
    faces = main_faces(tracks, len(FACES))
    head = HEAD + LEGEND * (len(faces) > 1)
    width, height = (11.0 if columns == 1 else 18.0), head + rows * ROW + FOOT
    figure = Figure(figsize=(width, height))
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    figure.subplots_adjust(
        left=1.75 / width,
        right=1 - 1.15 / width,
        top=1 - head / height,
        bottom=FOOT / height,
        hspace=0.24,
        wspace=2.75 / (width / columns - 2.9),
    )
    colours = dict(zip(faces, FACES, strict=False))
    lines = {face: track_of(tracks, face) for face in faces}
    axes = grid.T.ravel()
    for ax, (au, place) in zip(axes, places.items(), strict=False):
        for face, (seconds, values) in lines.items():
            _line(ax, seconds, np.clip(values[:, place], *EDGES), colours[face], alone=len(faces) == 1)
        _dress(ax, au, file.scores.get(au, {}), tracks)
    for ax in axes[len(places) :]:
        ax.axis("off")
    for bottom in [*grid[-1], *axes[len(places) - 1 : len(places)]]:
        bottom.tick_params(labelbottom=True)
        bottom.set_xlabel("seconds")
    _head(
        figure,
        file,
        title,
        tracks,
        {face: colours[face] for face in faces},
        len(main_faces(tracks)) - len(faces),
    )
    return figure


def _line(ax: Axes, seconds: Any, values: Any, colour: str, *, alone: bool) -> None:
    if alone:
        ax.fill_between(seconds, 0, values, color=colour, alpha=0.14, linewidth=0)
    ax.plot(seconds, values, color=colour, linewidth=1.2)
    there = np.isfinite(np.concatenate([[np.nan], values, [np.nan]]))
    single = there[1:-1] & ~there[:-2] & ~there[2:]  # no neighbour: a line would not show it
    ax.plot(seconds[single], values[single], ".", color=colour, markersize=3)


def _dress(ax: Axes, au: str, score: Mapping[str, Any], tracks: Tracks) -> None:
    ax.set_ylim(-0.15, 5.15)
    ax.set_yticks([0, 1, 2, 3, 4, 5], ["0", "", "", "", "", "5"])
    end = float(tracks.timestamp.max(initial=0.0))
    ax.set_xlim(0, end or 1)
    ax.grid(axis="y")
    ax.set_axisbelow(True)
    ax.tick_params(length=0, labelsize=8)
    ax.spines[["top", "right", "left"]].set_visible(False)
    at: dict[str, Any] = {"textcoords": "offset points", "annotation_clip": False}
    left: dict[str, Any] = {**at, "xycoords": "axes fraction", "ha": "right", "va": "center"}
    ax.annotate(au, (0, 0.5), xytext=(-22, 6), color=INK, fontsize=10.5, fontweight="bold", **left)
    ax.annotate(au_name(au), (0, 0.5), xytext=(-22, -7), color=MUTED, fontsize=8, **left)
    verdict = str(score.get("verdict", ""))
    if verdict:
        right: dict[str, Any] = {**at, "xycoords": "axes fraction", "ha": "left", "va": "center"}
        colour = VERDICTS.get(verdict, MUTED)
        ax.annotate(verdict, (1, 0.5), xytext=(8, 6), color=colour, fontsize=9, fontweight="bold", **right)
        icc = score.get("icc") or {}
        ax.annotate(
            f"ICC {number(icc.get('value'))}", (1, 0.5), xytext=(8, -7), color=MUTED, fontsize=8, **right
        )


def _head(
    figure: Figure, file: TracksFile, title: str, tracks: Tracks, colours: Mapping[int, str], others: int
) -> None:
    width, height = figure.get_size_inches()
    top = 1 - 0.32 / height
    figure.text(0.25 / width, top, title, fontsize=15, fontweight="bold", va="center")
    if file.mark:
        figure.text(
            1 - 0.25 / width,
            top,
            file.mark,
            fontsize=10.5,
            fontweight="bold",
            color=LOUD,
            ha="right",
            va="center",
            bbox={"boxstyle": "round,pad=0.45", "facecolor": LOUD_GROUND, "edgecolor": LOUD},
        )
    frames = len(np.unique(tracks.frame))
    lost = frames - len(np.unique(tracks.frame[np.isfinite(tracks.intensity).any(axis=1)]))
    seconds = float(tracks.timestamp.max(initial=0.0))
    facts = [f"{frames:,} frames, {seconds:.1f} s", f"intensity 0-5, {file.source}"]
    if np.any((tracks.intensity < EDGES[0]) | (tracks.intensity > EDGES[1])):
        facts.append("values beyond the scale run along its edge")
    if lost:
        facts.insert(1, f"{lost:,} without intensities")
    figure.text(0.25 / width, 1 - 0.68 / height, " · ".join(facts), color=MUTED, fontsize=9, va="center")
    if len(colours) > 1:
        handles = [Line2D([], [], color=colour, label=f"face {face}") for face, colour in colours.items()]
        if others > 0:
            handles.append(Line2D([], [], color="none", label=f"and {others} more, not drawn"))
        figure.legend(
            handles=handles,
            loc="center left",
            bbox_to_anchor=(0.15 / width, 1 - 0.98 / height),
            ncols=len(handles),
            frameon=False,
            fontsize=9,
            handlelength=1.4,
            columnspacing=1.2,
        )
    if file.scores:
        said = "Verdicts and ICC(3,1): the run's own evaluation" + (
            f", on {file.tested_on}" * bool(file.tested_on)
        )
        figure.text(0.25 / width, 0.2 / height, said, color=MUTED, fontsize=8, va="center")
