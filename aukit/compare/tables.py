"""A comparison as tables of text, which the terminal, Markdown, LaTeX and the page each set in their own way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aukit.compare.accuracy import steps
from aukit.compare.distributions import ALL, TRAINING
from aukit.compare.result import MEAN, METRICS, Arm, Comparison, Difference, Spread
from aukit.report.tables import number

SIGNED = {"icc": "higher is better", "mae": "lower is better", "mse": "lower is better"}
DOUBT = "?"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells of text: the first column names the row, all others are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(found: Comparison) -> list[Table]:
    """All tables of a comparison."""
    make = {"intensity": _intensity, "prediction": _prediction, "labels": _labels}[found.shows]
    return list(make(found))


def primary_first(found: Comparison) -> list[str]:
    """The metrics, the one that the hypothesis is about first."""
    return sorted(METRICS, key=lambda metric: metric != found.primary)


def _intensity(found: Comparison) -> Iterator[Table]:
    for metric in primary_first(found):
        yield _means(found, metric)
    for metric in primary_first(found)[:2]:
        yield _by_au(found, metric)
    if len(found.arms) > 1:
        yield _differences_by_au(found)
    yield _counts(found)
    if found.published:
        yield from _printed(found)


def _means(found: Comparison, metric: str) -> Table:
    """Means over AUs: value, interval, seeds, folds, the paper's, and the difference."""
    level, folds = f"{found.confidence:.0%}", found.folds > 1
    printed = any(metric in arm.published for arm in found.arms)
    several = any(len(arm.seeds) > 1 for arm in found.arms)
    columns = ["variant", metric.upper(), f"{level} interval"]
    columns += ["seeds", "SD"] if several else []
    columns += ["mean of folds"] if folds else []
    columns += ["published"] if printed else []
    columns += ["difference", f"{level} interval", f"better for, of {found.units}"]
    rows = []
    for arm in found.arms:
        cell = arm.scores[metric][MEAN]
        row = [arm.title, number(cell.value), between(cell.low, cell.high)]
        row += list(_seeds(arm, cell.spread)) if several else []
        row += [number(cell.by_fold)] if folds else []
        row += [_published(arm, metric, MEAN)] if printed else []
        rows.append((*row, *_less(arm.differences.get(metric, {}).get(MEAN))))
    pooled = "pooled over folds" if folds else "one fold"
    title = (
        f"{metric.upper()}, mean over AUs ({SIGNED[metric]}; {pooled}; differences from {_against(found)})"
    )
    return Table(title=title, columns=tuple(columns), rows=tuple(rows))


def _by_au(found: Comparison, metric: str) -> Table:
    """A row an AU, a column a variant; baselines and printed numbers without an interval."""
    columns, rows = ["AU"], [[au] for au in (*found.aus, MEAN)]
    for arm in found.arms:
        if metric == "icc" and arm.baseline:
            continue  # what says one number always agrees with nothing
        columns.append(arm.title)
        for row, au in zip(rows, (*found.aus, MEAN), strict=True):
            cell = arm.scores[metric][au]
            bounds = between(cell.low, cell.high)
            row.append(number(cell.value) + (f" [{bounds}]" if bounds != "–" and not arm.baseline else ""))
        if metric in arm.published:
            columns.append("published")
            for row, au in zip(rows, (*found.aus, MEAN), strict=True):
                row.append(_published(arm, metric, au))
    return Table(title=f"{metric.upper()} by AU", columns=tuple(columns), rows=tuple(map(tuple, rows)))


def _differences_by_au(found: Comparison) -> Table:
    metric = primary_first(found)[0]
    arms = [arm for arm in found.arms if metric in arm.differences and not arm.baseline]
    arms = arms or [arm for arm in found.arms if metric in arm.differences]
    rows = []
    for au in (*found.aus, MEAN):
        row = [au]
        for arm in arms:
            value, bounds, share = _less(arm.differences[metric][au])
            row.append(f"{value} [{bounds}] {share}" if share else value)
        rows.append(tuple(row))
    title = f"Difference in {metric.upper()} from {_against(found)} by AU, [interval], {found.units} who are better off"
    return Table(title=title, columns=("AU", *(arm.title for arm in arms)), rows=tuple(rows))


def _counts(found: Comparison) -> Table:
    rows = []
    columns = [
        "variant",
        "folds",
        "seeds",
        "labelled frames",
        "(frame, AU) pairs",
        "frames to select",
        "pairs to select",
    ]
    arms = [arm for arm in found.arms if arm.labels]
    through = any(arm.labels and arm.labels.through[1] for arm in arms)
    for arm in arms:
        assert arm.labels is not None
        counts = (
            arm.labels.frames,
            arm.labels.cells,
            arm.labels.selection_frames,
            arm.labels.selection_cells,
        )
        row = [arm.title, _listed(arm.folds), _listed(arm.seeds), *map(_range, counts)]
        rows.append((*row, _range(arm.labels.through)) if through else tuple(row))
    columns += ["frames of runs it uses"] if through else []
    return Table(
        title="Labels that shaped each run, for training and for selection",
        columns=tuple(columns),
        rows=tuple(rows),
    )


def _printed(found: Comparison) -> Iterator[Table]:
    for metric in dict.fromkeys(row.metric for row in found.published):
        aus = (*found.aus, MEAN)
        rows = tuple(
            (
                f"{row.method} ({row.labels})",
                *(number(row.aus.get(au), 3) + (DOUBT if au in row.doubtful else "") for au in aus),
            )
            for row in found.published
            if row.metric == metric
        )
        yield Table(
            title=f"{metric.upper()} of other methods, as printed", columns=("method", *aus), rows=rows
        )


def _prediction(found: Comparison) -> Iterator[Table]:
    printed = any(arm.published_accuracy for arm in found.arms)
    tops = ("top1", "top3", "top5")
    columns, rows = ["variant"], [[arm.title] for arm in found.arms]
    for name in tops:
        columns += [name.replace("top", "top-"), *(["published"] if printed else [])]
        for row, arm in zip(rows, found.arms, strict=True):
            row.append(_spread(arm, name))
            if printed:
                row.append(number(getattr(arm.published_accuracy, name, None), 3))
    title = "Accuracy of prediction on validation people"
    yield Table(title=title, columns=tuple(columns), rows=tuple(map(tuple, rows)))
    names = (*(f"copy_{name}" for name in tops), "top1_time", "copy_top1_time")
    beside = tuple(
        (
            arm.title,
            *(_spread(arm, name) for name in names),
            number(1 / steps(arm) if steps(arm) else None, 3),
        )
        for arm in found.arms
    )
    columns = [
        "variant",
        "copy top-1",
        "copy top-3",
        "copy top-5",
        "time top-1",
        "copy time top-1",
        "chance of time",
    ]
    yield Table(title="What needs no dynamics, beside it", columns=tuple(columns), rows=beside)
    step_rows = []
    for arm in found.arms:
        for step in range(1, steps(arm) + 1):
            parts = [f"{name}_step{step}" for name in ("top1", "top3", "top5", "copy_top1", "top1_time")]
            step_rows.append((arm.title, str(step), *(_spread(arm, part) for part in parts)))
    if step_rows:
        columns = ["variant", "step", "top-1", "top-3", "top-5", "copy top-1", "time top-1"]
        yield Table(title="The same for each predicted step", columns=tuple(columns), rows=tuple(step_rows))


def _labels(found: Comparison) -> Iterator[Table]:
    for arm in found.arms:
        for part in (ALL, TRAINING):
            rows = []
            for au, counts in arm.levels[part].items():
                total = sum(counts)
                shares = [f"{count / total:.1%}" if total else "–" for count in counts]
                rows.append((au, f"{total:,}", *shares))
            columns = ("AU", "labels", *map(str, range(6)))
            yield Table(title=f"{arm.title}: {part} by intensity", columns=columns, rows=tuple(rows))


def between(low: float, high: float) -> str:
    """`low to high`; a dash for a bound that the data does not give."""
    if math.isnan(low) or math.isnan(high) or (math.isinf(low) and math.isinf(high)):
        return "–"
    return f"{number(low)} to {number(high)}"


def _against(found: Comparison) -> str:
    return found[found.against].title if found.against else "none"


def _seeds(arm: Arm, spread: Spread) -> tuple[str, str]:
    if len(spread.seeds) < 2 or not arm.seeds:
        return "–", "–"
    return f"{number(spread.low)} to {number(spread.high)}", number(spread.sd, 3)


def _less(one: Difference | None) -> tuple[str, str, str]:
    if one is None or math.isnan(one.value):
        return "–", "–", ""
    sign = "+" if one.value > 0 and number(one.value) != "0.00" else ""
    return sign + number(one.value), between(one.low, one.high), f"{one.better} of {one.of}"


def _published(arm: Arm, metric: str, au: str) -> str:
    row = arm.published.get(metric)
    return "–" if row is None else number(row.aus.get(au), 3) + (DOUBT if au in row.doubtful else "")


def _spread(arm: Arm, name: str) -> str:
    spread = arm.accuracy.get(name)
    if spread is None:
        return "–"
    low, high = number(spread.low, 3), number(spread.high, 3)
    return number(spread.value, 3) + (f" ({low} to {high})" if low != high else "")


def _range(counts: tuple[int, int]) -> str:
    low, high = counts
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
