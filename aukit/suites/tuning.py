"""Choosing values on validation people: each variant has the same candidates, and its best goes into its runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aukit.errors import DataError
from aukit.rundir.atomic import read_json
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import read_rows
from aukit.rundir.suite import SuiteFolder
from aukit.suites.plan import Task

SIGNS = {"icc": 1, "mae": -1, "mse": -1}


def choose(folder: SuiteFolder, made: Sequence[Task], primary: str) -> dict[str, dict[str, Any]]:
    """By variant and fold the values of the candidate that scored best; of equal ones the first.

    A score is that of the weights that the run kept, on the validation labels that its last stage selects by: those
    alone are counted as used. Beside the values stand the `score`, the `metric` and how many `candidates` there were.

    Raises:
        DataError: a candidate has no score.
    """
    found: dict[str, dict[str, Any]] = {}
    by_place: dict[tuple[str, int], list[Task]] = {}
    for task in made:
        by_place.setdefault((task.planned.variant, task.planned.fold), []).append(task)
    for (variant, fold), candidates in by_place.items():
        scores = [kept_score(folder.run(task.planned), primary) for task in candidates]
        lost = [task for task, score in zip(candidates, scores, strict=True) if math.isnan(score)]
        if lost:
            raise DataError(
                f"{lost[0].label} has no {primary.upper()} on validation people: there is nothing to choose by",
                where=str(folder.path / lost[0].planned.folder),
                hint="the split needs validation people with labels that vary; or leave [tuning] out",
            )
        best = max(range(len(scores)), key=lambda number: (SIGNS[primary] * scores[number], -number))
        found.setdefault(variant, {})[str(fold)] = {
            **candidates[best].values,
            "score": scores[best],
            "metric": primary,
            "candidates": len(candidates),
        }
    return found


def kept_score(run: RunFolder, metric: str) -> float:
    """What the kept weights of a run's last stage scored on the labels it selects by; NaN where it did not look."""
    stages = read_json(run.summary)["stages"]
    name = list(stages)[-1]
    rows = [row for row in read_rows(run.metrics) if row["stage"] == name and f"validation_{metric}" in row]
    at = [row for row in rows if row["step"] == stages[name].get("step")]
    value = (at or rows or [{}])[-1].get(f"validation_{metric}")
    return math.nan if value is None else float(value)
