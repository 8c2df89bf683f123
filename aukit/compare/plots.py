"""Figures of a comparison: scores with intervals, paired differences, accuracy by predicted step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aukit.compare.accuracy import steps
from aukit.compare.result import MEAN, Arm, Comparison
from aukit.report.plots import WIDTH
from aukit.report.svg import INK, LINE, MUTED, SERIES, drawing, inline

GAP = 0.2
"""Of two variants in one row, in rows of text."""


def colours(found: Comparison) -> dict[str, str]:
    """A colour a variant, in their order; baselines have none."""
    variants = [arm.name for arm in found.arms if not arm.baseline]
    return {name: SERIES[number % len(SERIES)] for number, name in enumerate(variants)}


def scores(found: Comparison, metric: str) -> str:
    """Each variant's score by AU: a dot with its interval, seeds as rings, baselines as dashes, print as diamonds."""
    arms = [arm for arm in found.arms if not arm.baseline]
    flat = [] if metric == "icc" else [arm for arm in found.arms if arm.baseline]
    shades = colours(found)
    with drawing(f"scores-{metric}"):
        figure, ax, places = _rows(found, len(arms))
        for row, au in enumerate((*found.aus, MEAN)):
            for arm, offset in zip(arms, places, strict=True):
                cell, y, colour = arm.scores[metric][au], row + offset, shades[arm.name]
                _dot(ax, cell.value, cell.low, cell.high, y, colour)
                if len(cell.spread.seeds) > 1:
                    ys = np.full(len(cell.spread.seeds), y)
                    ax.plot(
                        cell.spread.seeds,
                        ys,
                        "o",
                        markersize=3,
                        color=colour,
                        markerfacecolor="none",
                        alpha=0.8,
                    )
                if metric in arm.published and au in arm.published[metric].aus:
                    ax.plot(
                        arm.published[metric].aus[au],
                        y,
                        "D",
                        markersize=5,
                        color=colour,
                        markerfacecolor="none",
                    )
            for arm in flat:
                value = arm.scores[metric][au].value
                ax.plot(
                    [value, value], [row - 0.4, row + 0.4], color=MUTED, linewidth=1, linestyle=(0, (2, 2))
                )
        if metric == "icc":
            ax.axvline(0, color=LINE, linewidth=1, zorder=0)
            values = [arm.scores[metric][au].value for arm in arms for au in (*found.aus, MEAN)]
            least = min((value for value in values if math.isfinite(value)), default=0.0)
            ax.set_xlim(max(-0.6, min(ax.get_xlim()[0], least - 0.03)), 1)
        else:
            _to_scale(
                ax, [arm.scores[metric][au].value for arm in found.arms for au in (*found.aus, MEAN)], left=0
            )
        ax.set_xlabel(f"{metric.upper()}, {found.confidence:.0%} interval over {found.units}")
        return inline(figure, f"scores-{metric}", f"{metric.upper()} of each variant by action unit")


def differences(found: Comparison, metric: str) -> str:
    """Each variant's difference by AU, with its interval; nothing where no variant has one."""
    arms = [arm for arm in found.arms if not arm.baseline and metric in arm.differences]
    if not arms:
        return ""
    shades, base = colours(found), found[found.against].title
    with drawing(f"differences-{metric}"):
        figure, ax, places = _rows(found, len(arms))
        for row, au in enumerate((*found.aus, MEAN)):
            for arm, offset in zip(arms, places, strict=True):
                one = arm.differences[metric][au]
                _dot(ax, one.value, one.low, one.high, row + offset, shades[arm.name])
        ax.axvline(0, color=INK, linewidth=1, zorder=0)
        _to_scale(ax, [arm.differences[metric][au].value for arm in arms for au in (*found.aus, MEAN)])
        ax.set_xlabel(
            f"{metric.upper()} minus that of {base}, {found.confidence:.0%} interval over {found.units}"
        )
        label = f"Difference in {metric.upper()} from {base} by action unit"
        return inline(figure, f"differences-{metric}", label)


def by_step(found: Comparison) -> str:
    """Accuracy for each predicted step: the model's top-1 solid, copy-last-frame dashed, time-only dotted."""
    arms = [arm for arm in found.arms if steps(arm)]
    if not arms:
        return ""
    shades = colours(found)
    lines = (("top1", "-"), ("copy_top1", (0, (4, 2))), ("top1_time", (0, (1, 1.5))))
    with drawing("by-step"):
        figure = Figure(figsize=(WIDTH, 3.0))
        ax = figure.subplots()
        figure.subplots_adjust(left=0.05, right=0.99, top=0.97, bottom=0.16)
        for arm in arms:
            count = steps(arm)
            for name, style in lines:
                values = [_value(arm, f"{name}_step{step}") for step in range(1, count + 1)]
                ax.plot(
                    range(1, count + 1),
                    values,
                    color=shades[arm.name],
                    linestyle=style,
                    marker="o",
                    markersize=3,
                )
            ax.axhline(1 / count, color=MUTED, linewidth=1, linestyle=(0, (1, 3)))
        ax.set_xticks(range(1, max(steps(arm) for arm in arms) + 1))
        ax.set_ylim(bottom=0)
        ax.set_xlabel("predicted step")
        ax.grid(axis="y")
        _quiet(ax)
        return inline(figure, "by-step", "Top-1 accuracy of prediction by predicted step")


def _value(arm: Arm, name: str) -> float:
    return arm.accuracy[name].value if name in arm.accuracy else math.nan


def _rows(found: Comparison, count: int) -> tuple[Figure, Axes, Sequence[float]]:
    """An axis with a row an AU, the mean below a line, and where in a row each variant lies."""
    names = (*found.aus, MEAN)
    height = 0.16 + GAP * count
    figure = Figure(figsize=(WIDTH, 0.55 + height * len(names)))
    ax = figure.subplots()
    figure.subplots_adjust(left=0.08, right=0.99, top=0.99, bottom=0.48 / figure.get_figheight())
    ax.set_yticks(range(len(names)), names, color=INK)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.axhline(len(found.aus) - 0.5, color=INK, linewidth=1)
    ax.grid(axis="x")
    ax.set_axisbelow(True)
    _quiet(ax)
    step = GAP / height
    return figure, ax, [step * (number - (count - 1) / 2) for number in range(count)]


def _dot(ax: Axes, value: float, low: float, high: float, y: float, colour: str) -> None:
    if math.isnan(value):
        return
    if not (math.isnan(low) or math.isnan(high)):
        ends = np.clip([low, high], -9, 9)  # an end that the data does not give lies outside the picture
        ax.plot(ends, [y, y], color=colour, linewidth=2.2, alpha=0.5, solid_capstyle="butt")
    ax.plot(value, y, "o", markersize=6, color=colour)


def _to_scale(ax: Axes, values: Sequence[float], left: float | None = None) -> None:
    """Show what lies within three times the values' own range: one interval without an end must not hide the others."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    least, most = min(0.0, *known), max(0.0, *known)
    margin = (most - least) or 1.0
    start, stop = ax.get_xlim()
    ax.set_xlim(max(start, least - margin) if left is None else left, min(stop, most + margin))


def _quiet(ax: Axes) -> None:
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
