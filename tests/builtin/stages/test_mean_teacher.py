"""Mean teacher against numpy: the average, the ramp, the consistency; and what it adds to regression."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from aukit.builtin.params.stages import MeanTeacherParams, RegressionParams
from aukit.builtin.stages.mean_teacher import MeanTeacher, MixedBatch, UnlabelledWindow
from aukit.builtin.stages.regression import RegressionStage
from aukit.errors import DataError
from aukit.rundir.metrics_log import read_rows
from aukit.testing.checks.stage import check_stage
from aukit.training.context import Context
from aukit.training.normalisation import freeze

Make = Callable[..., Context]


def params(weight: float = 0.5, ramp: float = 0.0, **changes: Any) -> RegressionParams:
    table = {
        "data": "faces",
        "batch": 4,
        "stride": 1,
        "window": 5,
        "steps": 4,
        "evaluate_every": 4,
        "augmentation": {"name": "fast"},
        "optimizer": {"lr": 1e-2},
        "mean_teacher": {"weight": weight, "ramp": ramp, "batch": 3},
        **changes,
    }
    return RegressionParams.from_table(table)


def test_contract_also_when_stopped_and_resumed() -> None:
    """The averaged model is in the checkpoint: without it the resumed run would end elsewhere."""
    check_stage(lambda: RegressionStage(params()))


def test_off_by_default() -> None:
    assert RegressionParams.from_table({"data": "faces", "steps": 1}).mean_teacher.weight == 0


def test_a_smoke_run_keeps_it_on() -> None:
    whole = params(weight=0.3, ramp=0.1)
    smoked = RegressionParams.from_table({**whole.table(), **whole.smoke()}).mean_teacher
    assert (smoked.weight, smoked.ramp, smoked.batch) == (0.3, 0.1, 2)


def test_the_weight_rises_linearly(context: Make) -> None:
    teacher = MeanTeacher(context().model, MeanTeacherParams(weight=0.2, ramp=0.4), 50)
    due = 0.2 * np.minimum(np.arange(50) / 20, 1)
    np.testing.assert_allclose([teacher.weight(step) for step in range(50)], due, rtol=1e-12)
    assert MeanTeacher(context().model, MeanTeacherParams(weight=0.2, ramp=0.0), 50).weight(0) == 0.2


def test_the_average_is_a_plain_mean_until_the_decay_is_reached(context: Make) -> None:
    """Floats as in numpy's float64; whole numbers are copied."""
    model, rng = context().model, np.random.default_rng(0)
    teacher = MeanTeacher(model, MeanTeacherParams(weight=0.1, decay=0.75), 10)
    name = "head.linear.weight"
    history = [dict(model.state_dict())[name].double().numpy().copy()]
    for step in range(8):
        with torch.no_grad():
            for value in model.state_dict().values():
                value.copy_(
                    torch.from_numpy(rng.normal(size=value.shape))
                ) if value.is_floating_point() else (value.add_(1))
        history.append(dict(model.state_dict())[name].double().numpy().copy())
        teacher.update(model, step)
        if step == 2:  # 1 - 1/4 is the decay itself: so far every model weighs the same
            np.testing.assert_allclose(
                teacher.average.state_dict()[name], np.mean(history, axis=0), atol=1e-6
            )
    due = np.mean(history[:4], axis=0)
    for weights in history[4:]:
        due = 0.75 * due + 0.25 * weights
    np.testing.assert_allclose(teacher.average.state_dict()[name], due, atol=1e-6)
    counts = [value for value in teacher.average.state_dict().values() if not value.is_floating_point()]
    assert counts and all(int(value) == 8 for value in counts)


@pytest.mark.parametrize("frozen", [False, True])
def test_consistency_is_the_mean_squared_difference_and_teaches_the_student_alone(
    context: Make, frozen: bool
) -> None:
    """Both models normalise as the student does: by the batch, or by running statistics that are frozen."""
    model = context().model
    teacher = MeanTeacher(model, MeanTeacherParams(weight=0.1), 10)
    with torch.no_grad():
        model.head.linear.bias.add_(1.0)
    model.train()
    if frozen:
        freeze(model)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    before |= {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(0)
    first, second = torch.rand(2, 3, 4, 3, 32, 32)
    found = teacher.consistency(model, first, second)
    found.backward()
    pupil, other = copy.deepcopy(model), copy.deepcopy(teacher.average)
    for one in (pupil, other):
        for layer in one.modules():
            layer.training = not (frozen and isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d))
    with torch.no_grad():
        said, target = pupil(first)[0].double().numpy(), other(second)[0].double().numpy()
    assert found.item() == pytest.approx(np.mean((said - target) ** 2), rel=1e-4)
    # of a bias, the gradient is the mean difference of its AU, twice, over the AUs
    due = 2 * (said - target).mean(axis=(0, 1)) / said.shape[-1]
    np.testing.assert_allclose(model.head.linear.bias.grad, due, rtol=1e-3)
    assert all(parameter.grad is None for parameter in teacher.parameters())
    now = {**teacher.state_dict(), **model.state_dict()}
    assert [name for name, value in now.items() if not torch.equal(value, before[name])] == []
    assert all(layer.training != frozen for layer in model.modules() if isinstance(layer, nn.BatchNorm2d))
    assert not any(layer.training for layer in teacher.average.modules())
    model.train()(first)
    moved = dict(model.named_buffers())["backbone.bn1.num_batches_tracked"]
    assert moved == before["backbone.bn1.num_batches_tracked"] + 1  # later passes move the statistics again


def test_the_loss_is_the_supervised_one_and_the_weighted_consistency(context: Make) -> None:
    ctx = context()
    with_teacher = RegressionStage(params(weight=0.5)).loop(ctx)
    alone = RegressionStage(params(weight=0.0)).loop(context("alone"))
    ctx.model.eval()
    batch = with_teacher.read(with_teacher.plan(0))
    same = alone.read(alone.plan(0))
    assert isinstance(batch, MixedBatch)
    assert batch.windows == same.windows
    alone.model.load_state_dict(ctx.model.state_dict())
    alone.model.eval()
    found, numbers, frames = with_teacher.loss(0, batch)
    supervised, nothing, fewer = alone.loss(0, same)
    assert nothing == {}
    assert numbers["supervised"] == pytest.approx(supervised.item(), rel=1e-6)
    assert found.item() == pytest.approx(supervised.item() + 0.5 * numbers["consistency"], rel=1e-6)
    assert numbers["consistency"] > 0  # two views of the same frames
    assert frames == fewer + 3 * 5


def test_at_weight_zero_of_the_ramp_a_step_is_that_of_the_supervised_loss(context: Make) -> None:
    """Statistics included: unlabelled frames move none."""
    ends = []
    for place, weight in (("with", 0.5), ("alone", 0.0)):
        ctx = context(place)
        loop = RegressionStage(params(weight=weight, ramp=1.0)).loop(ctx)
        loop.training_mode()
        loop.step(0, loop.read(loop.plan(0)))
        ends.append(ctx.model.state_dict())
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_unlabelled_windows_are_whole_and_go_over_all_training_frames(context: Make) -> None:
    clips = context().clips("train")
    one = {clip.id: np.zeros(clip.labels.shape, bool) for clip in clips.clips}
    one[clips.clips[0].id][[0, 20]] = True
    loop = RegressionStage(params()).loop(context(train=clips.masked(one)))
    more = [window for step in range(30) for window in loop.plan(step)[4:]]
    assert all(isinstance(window, UnlabelledWindow) and window.frames == 5 for window in more)
    assert {window.clip for window in more} == {0, 1, 2, 3}
    assert {window.clip for step in range(30) for window in loop.plan(step)[:4]} == {0}


def test_what_it_logs(context: Make) -> None:
    ctx = context()
    RegressionStage(params()).run(ctx)
    rows = [row for row in read_rows(ctx.folder / "metrics.jsonl") if "loss" in row]
    assert len(rows) == 4
    assert all(
        row["loss"] == pytest.approx(row["supervised"] + 0.5 * row["consistency"], rel=1e-4) for row in rows
    )


def test_a_window_longer_than_every_video_is_found_early(context: Make) -> None:
    with pytest.raises(DataError, match="longer than every video"):
        RegressionStage(params(window=60)).check(context())
