"""How many labels shaped a variant: those it learnt from, those it was chosen by, those of the runs that it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aukit.compare.result import Labels
from aukit.compare.runs import Run
from aukit.compare.variants import Group


def labels_of(group: Group) -> Labels:
    """The least and the most over its runs."""
    runs = group.runs
    trained = [_total(run, "train", run.labels) for run in runs]
    chosen = [_total(run, "selection", run.selection) for run in runs]
    return Labels(
        frames=_range([frames for frames, _ in trained]),
        cells=_range([cells for _, cells in trained]),
        selection_frames=_range([frames for frames, _ in chosen]),
        selection_cells=_range([cells for _, cells in chosen]),
        through=_range([_through(run) for run in runs]),
    )


def _total(run: Run, part: str, lists: Mapping[str, str]) -> tuple[int, int]:
    """Frames and pairs of all stages; stages with one list of labels share them."""
    stages = {digest: stage for stage, digest in lists.items()}
    counts = [
        run.data.get("stages", {}).get(stage, {}).get("labels", {}).get(part, {}) for stage in stages.values()
    ]
    return sum(one.get("frames", 0) for one in counts), sum(one.get("cells", 0) for one in counts)


def _through(run: Run) -> int:
    """Labelled frames of other runs: the one it started from, and those whose models its stages use."""
    return sum(
        max((stage["train"]["frames"] for stage in other.get("labels", {}).values()), default=0)
        for other in _others(run)
    )


def _others(run: Run) -> Iterator[Mapping[str, Any]]:
    start, seen = run.data.get("weights"), set()
    for other in [*([start] if start else []), *run.data.get("runs", {}).values()]:
        if other["run"] not in seen:  # a student may start from the teacher whose labels it learns
            seen.add(other["run"])
            yield other


def _range(values: list[int]) -> tuple[int, int]:
    return min(values), max(values)
