"""summary.json: what a run found, in one small document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aukit.contracts.run import StageResult
from aukit.evaluation.result import Evaluation
from aukit.recipe import Recipe
from aukit.training.data import RunData
from aukit.training.label_source import count_made


def summarise(
    recipe: Recipe,
    data: RunData,
    results: Mapping[str, StageResult],
    seconds: Mapping[str, float],
    evaluation: Evaluation | None,
) -> dict[str, Any]:
    """The summary of a finished run; scores are None or empty where nothing was judged.

    `label_counts` counts, for each stage that learns from labels, those that trained and those that selected; `made`
    are those beside them that another stage made for it.
    """
    counts = {name: stage.facts()["labels"] for name, stage in data.stages.items() if stage.masks}
    for name, made in count_made(recipe, {name: s.train for name, s in data.stages.items()}, results).items():
        counts[name]["made"] = made
    scores = (
        evaluation.summary() if evaluation else {"icc_mean": None, "mae_mean": None, "icc": {}, "mae": {}}
    )
    return {
        "status": "finished",
        "recipe": recipe.name,
        "origin": data.origin,
        "aus": list(data.aus),
        "protocol": data.protocol,
        "split": recipe.evaluation.split,
        **({"baselines": {}} | scores),
        "label_counts": counts,
        "stages": {name: dict(result.metrics) for name, result in results.items()},
        **data.seen.facts(),
        "seconds": round(sum(seconds.values()), 3),
        "seconds_by_stage": {name: round(value, 3) for name, value in seconds.items()},
    }
