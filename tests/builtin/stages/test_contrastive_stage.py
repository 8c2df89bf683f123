"""Pre-training: what trains, what is left alone, what is logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from aukit.builtin.params.stages import ContrastiveParams
from aukit.builtin.stages.contrastive import ContrastiveStage
from aukit.clips.clipset import ClipSet
from aukit.contracts.params import Choice
from aukit.contracts.run import Metrics
from aukit.errors import DataError
from aukit.rundir.metrics_log import read_rows
from aukit.testing.checks.stage import check_stage
from aukit.training.context import Context

Make = Callable[..., Context]


def params(**changes: Any) -> ContrastiveParams:
    table = {
        "data": "faces",
        "batch": 3,
        "stride": 1,
        "steps": 4,
        "objective": {"name": "dpc-nce", "frames": 6, "context": 4},
        "augmentation": {"name": "none"},
        "validate_every": 2,
        "validate_batches": 2,
        **changes,
    }
    return ContrastiveParams.from_table(table)


def test_contract() -> None:
    check_stage(lambda: ContrastiveStage(params(steps=3)))


def test_backbone_and_temporal_train_and_the_head_is_left_alone(context: Make) -> None:
    ctx = context()
    before = {name: value.clone() for name, value in ctx.model.state_dict().items()}
    ContrastiveStage(params()).run(ctx)
    changed = {
        name.split(".")[0]
        for name, value in ctx.model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"backbone", "temporal"}


def test_a_clipped_gradient_takes_a_small_step(context: Make) -> None:
    """Plain SGD at rate 1: a step is as long as its gradient."""
    lengths = {}
    for clip in (0.0, 1e-3):
        ctx = context(f"clip{clip}")
        before = {name: value.detach().clone() for name, value in ctx.model.named_parameters()}
        sgd = {"name": "SGD", "lr": 1.0}
        stage = ContrastiveStage(params(steps=1, optimizer=sgd, gradient_clip=clip, validate_every=0))
        stage.run(ctx)
        moved = [
            (value.detach() - before[name]).square().sum() for name, value in ctx.model.named_parameters()
        ]
        lengths[clip] = float(torch.stack(moved).sum().sqrt())
    assert 0 < lengths[1e-3] <= 1.01e-3 < lengths[0.0]


def test_it_learns(context: Make) -> None:
    ctx = context()
    ContrastiveStage(params(steps=60, validate_every=0)).run(ctx)
    losses = [row["loss"] for row in read_rows(ctx.folder / "metrics.jsonl")]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:5])


def test_validation_sees_other_people_the_same_clips_each_time_and_changes_nothing(context: Make) -> None:
    ctx = context()
    loop = ContrastiveStage(params()).loop(ctx)
    before = {name: value.clone() for name, value in ctx.model.state_dict().items()}
    assert loop.look is not None
    one, other = loop.look(1), loop.look(2)
    assert one == other
    assert {"validation_loss", "validation_top1", "validation_top1_time"} <= set(one.values)
    assert {f"validation_top1_step{k}" for k in (1, 2)} <= set(one.values)
    assert all(torch.equal(value, before[name]) for name, value in ctx.model.state_dict().items())


def test_no_validation_people_no_validation(context: Make) -> None:
    ctx = context()
    ctx = context(validation=replace(ctx.clips("validation"), clips=()))
    result = ContrastiveStage(params()).run(ctx)
    assert result.metrics == {"step": 4}


def test_a_batch_comes_from_as_many_people_as_asked(context: Make) -> None:
    ctx = context()
    clips: ClipSet = ctx.clips("train")
    loop = ContrastiveStage(params(people=2, batch=4)).loop(ctx)
    counts = [len({clips.clips[window.clip].subject for window in loop.plan(step)}) for step in range(6)]
    assert max(counts) == 2


def test_views_are_augmented_apart(context: Make) -> None:
    """An objective with two views gets two draws of the same clips."""
    ctx = context()
    stage = ContrastiveStage(params(augmentation={"name": "fast"}))
    loop = stage.loop(ctx)
    seen: list[torch.Tensor] = []
    objective = loop.others["objective"]
    objective.views = 2  # type: ignore[assignment]
    objective.forward = lambda model, clips: (
        seen.append(clips),
        (clips.sum() * 0 + model.backbone(clips[0, 0]).sum(), {}),
    )[1]  # type: ignore[assignment, func-returns-value]
    loop.step(0, loop.read(loop.plan(0)))
    assert seen[0].shape == (2, 3, 6, 3, 32, 32)
    assert not torch.equal(seen[0][0], seen[0][1])


def test_stride_in_seconds_is_rounded_for_each_video(context: Make) -> None:
    ctx = context()
    loop = ContrastiveStage(params(stride=1, stride_seconds=0.1)).loop(ctx)  # 20 frames a second
    assert {window.stride for window in loop.plan(0)} == {2}


def test_epochs_count_every_span_once(context: Make) -> None:
    # 4 people of 40 frames: 6 spans of 6 frames each, 24 in all; in batches of 3 an epoch is 8 steps
    loop = ContrastiveStage(params(steps=0, epochs=1.5)).loop(context())
    assert loop.steps == 12


def test_a_window_longer_than_every_video(context: Make) -> None:
    with pytest.raises(DataError, match="longer than every video"):
        ContrastiveStage(params(objective={"name": "dpc-nce", "frames": 41, "context": 4})).check(context())


def test_an_average_of_the_weights_is_what_it_leaves(context: Make) -> None:
    plain, averaged = context("plain"), context("averaged")
    ContrastiveStage(params()).run(plain)
    loop = ContrastiveStage(params(average=0.9)).loop(averaged)
    loop.run()
    for name, value in averaged.model.state_dict().items():
        assert torch.equal(value, loop.average.values[name])
    weight = "backbone.stem.0.weight"
    names = [name for name in plain.model.state_dict() if name.endswith("weight")]
    weight = names[0]
    assert not torch.equal(plain.model.state_dict()[weight], averaged.model.state_dict()[weight])


def test_bf16_trains(context: Make) -> None:
    ctx = context(precision="bf16")
    ContrastiveStage(params(objective=Choice(name="dpc-nce", frames=6, context=4).model_dump())).run(ctx)
    rows = [event for event in ctx.events if isinstance(event, Metrics)]  # type: ignore[attr-defined]
    assert all(np.isfinite(event.values.get("loss", 0.0)) for event in rows)
