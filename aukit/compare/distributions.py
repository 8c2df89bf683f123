"""How often each intensity occurs among the labels of a run: in its whole data, and in what it learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aukit.compare.result import Arm
from aukit.compare.runs import Run
from aukit.compare.variants import Group
from aukit.errors import DataError

Levels = Mapping[str, tuple[int, ...]]
ALL, TRAINING = "all labels", "training labels"


def distributions(groups: Sequence[Group]) -> tuple[Arm, ...]:
    """A row a variant, from its first run: other seeds draw other labels from the same.

    Raises:
        DataError: a run does not know them.
    """
    return tuple(
        Arm(
            name=group.name,
            title=group.title,
            folds=group.folds,
            seeds=group.seeds,
            levels=_levels(group.runs[0]),
        )
        for group in groups
    )


def _levels(run: Run) -> dict[str, Levels]:
    stages = run.data.get("stages", {})
    labelled = [name for name in stages if name in run.labels]
    if not labelled:
        raise DataError("no stage of this run learns from labels", where=str(run), hint="leave it out")
    stage = stages[labelled[-1]]
    try:
        drawn = stage["labels"]["train"]["levels"]
        tables = [run.data["tables"][name]["levels"] for name in stage["data"]]
    except KeyError:
        raise DataError(
            "this run did not keep how many labels lie at each intensity",
            where=str(run),
            hint="it was made by an older aukit: run it again",
        ) from None
    everything: dict[str, tuple[int, ...]] = {}
    for parts in tables:
        for levels in parts.values():
            for au, counts in levels.items():
                so_far = everything.get(au, (0,) * len(counts))
                everything[au] = tuple(a + b for a, b in zip(so_far, counts, strict=True))
    kept = {au: tuple(counts) for au, counts in drawn.items()}
    return {ALL: {au: everything.get(au, (0,) * 6) for au in kept}, TRAINING: kept}
