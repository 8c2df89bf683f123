"""Parameters of the stages: complete dumps, partial tables, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aukit.builtin.params.stages import ContrastiveParams, GradientParams, RegressionParams

BOTH = [ContrastiveParams, RegressionParams]


@pytest.mark.parametrize("kind", BOTH)
def test_a_dump_is_complete_and_reloads(kind: type[GradientParams]) -> None:
    params = kind.from_table({"data": "a", "steps": 3})
    table = params.table()
    assert kind.from_table(table) == params
    assert set(table) == set(kind.model_fields)
    assert {"lr", "betas", "eps", "weight_decay"} <= set(table["optimizer"])


def test_the_papers_numbers() -> None:
    pretrain = ContrastiveParams.from_table({"data": "a", "epochs": 300}).table()
    assert (pretrain["batch"], pretrain["stride"]) == (20, 2)
    assert (pretrain["optimizer"]["lr"], pretrain["optimizer"]["weight_decay"]) == (1e-3, 1e-5)
    finetune = RegressionParams.from_table({"data": "a", "steps": 1}).table()
    assert (finetune["optimizer"]["lr"], finetune["optimizer"]["betas"]) == (1e-5, [0.5, 0.999])
    assert (finetune["optimizer"]["weight_decay"], finetune["window"]) == (1e-5, 15)
    assert finetune["sampler"]["fraction"] == 0.02


def test_a_partial_optimiser_changes_the_stages_own() -> None:
    changed = RegressionParams.from_table({"data": "a", "steps": 1, "optimizer": {"lr": 0.1}})
    assert changed.optimizer.betas == (0.5, 0.999)
    other = RegressionParams.from_table({"data": "a", "steps": 1, "optimizer": {"name": "SGD", "lr": 0.1}})
    assert other.optimizer.arguments() == {
        "lr": 0.1,
        "momentum": 0.0,
        "dampening": 0.0,
        "weight_decay": 0.0,
        "nesterov": False,
        "maximize": False,
    }


@pytest.mark.parametrize("kind", BOTH)
def test_smoke_values_stand_in_any_recipe(kind: type[GradientParams]) -> None:
    for length in ({"steps": 1000}, {"epochs": 3.0}):
        params = kind.from_table({"data": "a", **length})
        small = kind.from_table(params.table() | params.smoke())
        assert (small.steps, small.epochs) == (3, 0.0)


@pytest.mark.parametrize(
    ("kind", "table", "words"),
    [
        (ContrastiveParams, {}, "exactly one"),
        (ContrastiveParams, {"steps": 1, "epochs": 1}, "exactly one"),
        (RegressionParams, {"steps": 1, "batch": 1}, "batch of one"),
        (RegressionParams, {"steps": 1, "evaluate_every": 0}, "evaluate_every"),
        (RegressionParams, {"steps": 1, "mode": "some"}, "sparse"),
        (RegressionParams, {"steps": 1, "reset": ["neck"]}, "backbone"),
        (ContrastiveParams, {"steps": 1, "optimizer": {"name": "Adm", "lr": 1}}, "`Adam`"),
        (ContrastiveParams, {"steps": 1, "optimizer": {"momentum": 0.9}}, "has no parameter `momentum`"),
        (ContrastiveParams, {"steps": 1, "schedule": {"name": "Cosine"}}, "`CosineAnnealingLR`"),
        (ContrastiveParams, {"steps": 1, "schedule": {"name": "StepLR"}}, "needs `step_size`"),
        (ContrastiveParams, {"steps": 1, "schedule": {"gamma": 0.1}}, "no parameters"),
        (ContrastiveParams, {"steps": -1}, "greater than"),
        (ContrastiveParams, {"steps": "5"}, "valid integer"),
    ],
)
def test_what_is_refused(kind: type[GradientParams], table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.from_table({"data": "a", **table})
    assert words in str(caught.value)
