"""The report's three figures: tracks under a strip of faces, training curves, levels of the labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from aukit.evaluation.baselines import LEVELS as LEVEL_COUNT
from aukit.evaluation.examples import Examples
from aukit.evaluation.predictions import Predictions
from aukit.report.facs import au_name
from aukit.report.svg import INK, LEVELS, LINE, MEAN, MUTED, SAID, SERIES, TRUE, drawing, inline

WIDTH = 10.0
TRACKS = 4
POINTS = 400


def tracks(predictions: Predictions, examples: Examples, means: Mapping[str, float]) -> str:
    """True, predicted and predict-mean tracks of the strip's AUs with the most activity, its faces above them."""
    strip = examples.strip
    video = predictions.video(strip.video)
    part = slice(strip.start, strip.stop)
    times, labels, said = video.timestamps[part], video.labels[part], video.predictions[part]
    active = np.argsort(-np.nansum(labels, axis=0), kind="stable")[:TRACKS]
    shown = sorted(int(i) for i in active if not np.isnan(labels[:, i]).all())
    side = WIDTH * 0.9 / max(len(strip.frames), 1)
    heights = [side] + [0.85] * len(shown)
    with drawing("tracks"):
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.55))
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        figure.subplots_adjust(
            left=0.09, right=0.99, top=0.99, bottom=0.45 / figure.get_figheight(), hspace=0.16
        )
        _faces(axes[0], np.linspace(times[0], times[-1], len(strip.frames)), examples.strip_faces)
        for ax, i in zip(axes[1:], shown, strict=True):
            _track(ax, times, labels[:, i], said[:, i], means.get(predictions.aus[i]))
            ax.set_ylabel(
                predictions.aus[i], rotation=0, ha="right", va="center", color=INK, fontsize=11, labelpad=14
            )
        axes[-1].set_xlabel("seconds")
        label = f"True, predicted and predict-mean intensity of {strip.subject or strip.video} over time"
    return inline(figure, "tracks", label)


def _faces(ax: Axes, times: NDArray[np.float64], faces: NDArray[np.uint8]) -> None:
    width = (times[-1] - times[0]) / max(len(times) - 1, 1) or 1.0
    for time, face in zip(times, faces, strict=True):
        ax.imshow(
            face, extent=(time - 0.48 * width, time + 0.48 * width, 0, 1), aspect="auto", interpolation="none"
        )
    ax.set_xlim(times[0] - width / 2, times[-1] + width / 2)
    ax.set_ylim(0, 1)
    ax.axis("off")


def _track(
    ax: Axes, times: NDArray[Any], labels: NDArray[Any], said: NDArray[Any], mean: float | None
) -> None:
    times, labels, said = _with_gaps(times, labels, said)
    ax.fill_between(times, 0, labels, step="mid", color=TRUE, alpha=0.22, linewidth=0)
    ax.step(times, labels, where="mid", color=TRUE, linewidth=1.0)
    if mean is not None and np.isfinite(mean):
        ax.axhline(mean, color=MEAN, linewidth=1.2, linestyle=(0, (4, 3)))
    ax.plot(times, said, color=SAID, linewidth=1.7)
    low, high = np.nanmin(np.append(said, 0.0)), np.nanmax(np.append(said, 5.0))
    ax.set_ylim(min(-0.4, low - 0.2), max(5.2, high + 0.2))
    ax.set_yticks([0, 1, 2, 3, 4, 5], ["0", "", "", "", "", "5"])
    ax.grid(axis="y")
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)


def _with_gaps(times: NDArray[Any], *values: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """The same series with a NaN wherever the video has a gap, so that no line bridges it."""
    steps = np.diff(times)
    gaps = np.flatnonzero(steps > 1.5 * np.median(steps)) + 1 if len(steps) else np.array([], dtype=int)
    middle = (times[gaps - 1] + times[gaps]) / 2
    return (
        np.insert(times, gaps, middle),
        *(np.insert(value.astype(float), gaps, np.nan) for value in values),
    )


def curves(rows: Sequence[Mapping[str, Any]], stage: str) -> str:
    """One stage's numbers over its steps: losses and errors on the left, shares and agreements on the right.

    A number and its `validation_` and `recalibrated_` kin share a colour: solid in training, dashed on validation
    people, a ring after normalisation was estimated anew.
    """
    series = _series(rows, stage)
    errors = {name: xy for name, xy in series.items() if _is_error(name)}
    shares = {name: xy for name, xy in series.items() if not _is_error(name)}
    panels = [panel for panel in (errors, shares) if panel]
    with drawing(f"curves-{stage}"):
        figure = Figure(figsize=(WIDTH, 2.9))
        axes = figure.subplots(1, 2, squeeze=False)[0]
        figure.subplots_adjust(left=0.06, right=0.99, top=0.97, bottom=0.17, wspace=0.16)
        for ax, panel in zip(axes, panels, strict=False):
            _curves(ax, panel)
        for ax in axes[len(panels) :]:
            ax.axis("off")
        return inline(figure, f"curves-{stage}", f"Training curves of the stage {stage}")


def _is_error(name: str) -> bool:
    return any(word in name for word in ("loss", "mse", "mae", "error", "norm"))


def _series(rows: Sequence[Mapping[str, Any]], stage: str) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """`{name: (steps, values)}` of a stage, thinned to what a page can show.

    Learning rates are left out, and so is a top-3 or top-5 where there is a top-1, and what is of one predicted step.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.get("stage") == stage:
            for name, value in row.items():
                if name not in ("stage", "step", "lr") and isinstance(value, int | float):
                    found.setdefault(name, []).append((row["step"], value))
    whole = [name for name in found if not re.search(r"_step\d+$", name)]
    shown = (name for name in whole if re.sub(r"top\d+", "top1", name) == name or "top1" not in found)
    return {name: _thinned(np.array(found[name], dtype=np.float64)) for name in shown}


def _thinned(points: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    bins = np.array_split(points, min(len(points), POINTS))
    steps, values = np.array([part.mean(axis=0) for part in bins]).T
    return steps, values


def _curves(ax: Axes, panel: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> None:
    families: dict[str, str] = {}
    for name, (steps, values) in panel.items():
        family = name.removeprefix("recalibrated_").removeprefix("validation_")
        label = None if family in families else family.replace("_", " ")
        colour = families.setdefault(family, SERIES[len(families) % len(SERIES)])
        ax.plot(steps, values, color=colour, label=label, **_line(name, len(steps)))
    ax.set_xlabel("step")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(axis="y")
    ax.tick_params(length=0)
    ax.spines["left"].set_visible(False)
    ax.legend(fontsize=8, labelcolor=INK, handlelength=1.8)


def _line(name: str, points: int) -> dict[str, Any]:
    if name.startswith("recalibrated_"):
        return {"marker": "o", "markersize": 7, "markerfacecolor": "none", "linestyle": "none"}
    dots = {"marker": "o", "markersize": 3} if points < 40 else {}
    if name.startswith("validation_"):
        return {"linewidth": 1.2, "linestyle": (0, (4, 2)), **dots}
    return {"linewidth": 1.6, **dots}


def levels(
    upper: Mapping[str, Sequence[int]],
    lower: Mapping[str, Sequence[int]],
    *,
    said: tuple[str, str] = ("training labels", "test labels"),
    name: str = "levels",
) -> str:
    """Shares of levels 1 to 5 among two sets of labels of each AU, by default those that trained the model and the test
    people's.
    """
    aus = list(upper)
    with drawing(name):
        figure = Figure(figsize=(WIDTH, 0.6 + 0.46 * len(aus)))
        ax = figure.subplots()
        figure.subplots_adjust(left=0.22, right=0.93, top=0.99, bottom=0.45 / figure.get_figheight())
        for row, au in enumerate(aus):
            for offset, counts in ((-0.19, upper[au]), (0.19, lower.get(au, ()))):
                _level_bar(ax, row + offset, counts)
        ax.set_yticks(range(len(aus)), [f"{au}  {au_name(au)}" for au in aus], color=INK)
        ax.set_ylim(len(aus) - 0.4, -0.6)
        ax.set_xlim(left=0)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
        ax.set_xlabel(f"labelled frames at level 1 to 5; upper bar: {said[0]}, lower bar: {said[1]}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        ax.tick_params(length=0)
        ax.spines["bottom"].set_visible(False)
        ax.spines["left"].set_color(LINE)
        return inline(figure, name, "Shares of intensity levels among the labels of each action unit")


def _level_bar(ax: Axes, y: float, counts: Sequence[int]) -> None:
    total = sum(counts)
    if not total:
        return
    left = 0.0
    for level in range(1, LEVEL_COUNT):
        share = 100 * counts[level] / total
        ax.barh(y, share, height=0.32, left=left, color=LEVELS[level], linewidth=0)
        left += share
    ax.annotate(
        f"{total:,}".replace(",", " "),
        (left, y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
        color=MUTED,
    )
