"""The predictive task after pre-training: how often the right place is found, beside guesses that know no dynamics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from aukit.compare.result import Arm, Spread
from aukit.compare.runs import Run
from aukit.compare.variants import Group
from aukit.errors import DataError

PREFIX = "validation_"


def accuracy_of(run: Run) -> Mapping[str, float]:
    """The numbers on validation clips of the last stage that predicts, by name: `top1`, `copy_top1`, `top1_step2`."""
    found: Mapping[str, float] = {}
    for metrics in run.summary.get("stages", {}).values():
        if metrics.get(f"{PREFIX}top1") is not None:
            found = {
                name.removeprefix(PREFIX): value
                for name, value in metrics.items()
                if name.startswith(PREFIX) and value is not None
            }
    return found


def predictions(groups: Sequence[Group]) -> tuple[Arm, ...]:
    """A row a variant: each number by seed, as the mean over folds.

    Raises:
        DataError: a run has no stage that predicts on validation clips.
    """
    arms = []
    for group in groups:
        runs = {(run.seed, run.fold): accuracy_of(run) for run in group.runs}
        for run in group.runs:
            if not runs[run.seed, run.fold]:
                raise DataError(
                    "this run has no accuracy of prediction on validation people",
                    where=str(run),
                    hint="its recipe needs a contrastive stage with validate_every and people to validate on",
                )
        names = [name for name in next(iter(runs.values())) if all(name in found for found in runs.values())]
        by_seed = {
            name: [
                np.mean([found[name] for (at, _), found in runs.items() if at == seed])
                for seed in group.seeds
            ]
            for name in names
        }
        arm = Arm(name=group.name, title=group.title, folds=group.folds, seeds=group.seeds)
        arms.append(replace(arm, accuracy={name: Spread.of(values) for name, values in by_seed.items()}))
    return tuple(arms)


def steps(arm: Arm) -> int:
    """How many steps were predicted; 0 where it is not known."""
    found = [int(match[1]) for name in arm.accuracy if (match := re.fullmatch(r"top1_step(\d+)", name))]
    return max(found, default=0)
