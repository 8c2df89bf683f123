"""How many labels shaped a variant: those it learnt from, those it was chosen by, those of the runs that it uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    """Labelled frames that shaped other runs, for training and for selection: those it builds on, each once."""
    start = run.data.get("weights")
    direct = [*([start] if start else []), *run.data.get("runs", {}).values()]
    others = {one["sha256"]: one["labels"] for other in direct for one in (other, *other.get("before", ()))}
    return sum(_frames(stages, part) for stages in others.values() for part in ("train", "selection"))


def _frames(stages: Mapping[str, Any], part: str) -> int:
    """Labelled frames of a run's stages; those whose labels are alike in every count share them."""
    counts = {
        json.dumps(stage[part], sort_keys=True): stage[part] for stage in stages.values() if part in stage
    }
    return sum(one["frames"] for one in counts.values())


def _range(values: list[int]) -> tuple[int, int]:
    return min(values), max(values)
