"""An objective with a slow copy and a queue in a stage: stopped and gone on with, it is bit for bit the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from aukit.builtin.params.stages import ContrastiveParams
from aukit.builtin.stages.contrastive import ContrastiveStage
from aukit.contracts.run import Event, Metrics
from aukit.training.context import Context

Make = Callable[..., Context]


class Stop(BaseException):
    """Ends a stage at an event as a kill does."""


def stop_at_step(step: int) -> Callable[[Event], None]:
    def emit(event: Event) -> None:
        if isinstance(event, Metrics) and event.step == step:
            raise Stop

    return emit


def stage(objective: dict[str, Any]) -> ContrastiveStage:
    table = {
        "data": "faces",
        "batch": 3,
        "stride": 1,
        "steps": 8,
        "objective": objective,
        "augmentation": {"name": "fast"},
        "validate_every": 3,
        "validate_batches": 1,
    }
    return ContrastiveStage(ContrastiveParams.from_table(table))


@pytest.mark.parametrize(
    "options",
    [
        {"level": "frame", "negatives": ["queue", "same-clip"]},
        {"level": "clip"},
    ],
)
@pytest.mark.parametrize("step", [1, 4, 7])
def test_moco_goes_on_bit_for_bit(context: Make, options: dict[str, Any], step: int) -> None:
    moco = {"name": "moco", "frames": 4, "queue": 40, "momentum": 0.9, **options}
    whole = context("whole")
    loop = stage(moco).loop(whole)
    loop.run()
    with pytest.raises(Stop):
        stage(moco).run(context("part", checkpoint_every=2, emit=stop_at_step(step)))
    part = context("part", checkpoint_every=2)
    again = stage(moco).loop(part)
    again.run()
    for ours, theirs in zip(again._modules(), loop._modules(), strict=True):
        states = ours[1].state_dict(), theirs[1].state_dict()
        assert states[0].keys() == states[1].keys()
        assert all(torch.equal(states[0][name], value) for name, value in states[1].items())
    assert any(name.startswith("slow_backbone.") for name in states[0])


def test_what_moco_keeps_is_not_the_models(context: Make) -> None:
    ctx = context()
    names = set(ctx.model.state_dict())
    loop = stage({"name": "moco", "frames": 4, "queue": 40}).loop(ctx)
    loop.run()
    assert set(ctx.model.state_dict()) == names
    trained = sum(parameter.numel() for parameter in loop.parameters)
    projection = loop.others["objective"].projection
    parts = (ctx.model.backbone, ctx.model.temporal, projection)
    assert trained == sum(p.numel() for part in parts for p in part.parameters())  # type: ignore[union-attr]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", ["cpc", "memdpc", "vicreg", "moco", "time-contrast"])
def test_each_trains_in_the_stage(context: Make, name: str, precision: str) -> None:
    ctx = context(precision=precision)
    before = {key: value.clone() for key, value in ctx.model.backbone.state_dict().items()}
    result = stage({"name": name}).run(ctx)
    assert all(torch.isfinite(torch.tensor(value)) for value in result.metrics.values())
    assert "validation_loss" in result.metrics
    assert any(not torch.equal(value, before[key]) for key, value in ctx.model.backbone.state_dict().items())
