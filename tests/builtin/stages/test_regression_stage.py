"""Regression from few labels: what it sees, what it trains, what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aukit.builtin.params.stages import RegressionParams
from aukit.builtin.stages.regression import RegressionStage
from aukit.clips.clipset import ClipSet
from aukit.clips.windows import Window
from aukit.contracts.params import Choice
from aukit.contracts.run import StageResult
from aukit.errors import ComponentError, DataError, UsageError
from aukit.rundir.metrics_log import read_rows
from aukit.testing.checks.stage import check_stage
from aukit.training.batches import LabelWindow
from aukit.training.context import Context
from aukit.training.model import build_model

Make = Callable[..., Context]


def params(**changes: Any) -> RegressionParams:
    table = {
        "data": "faces",
        "batch": 4,
        "stride": 1,
        "window": 5,
        "steps": 6,
        "evaluate_every": 3,
        "augmentation": {"name": "none"},
        "optimizer": {"lr": 1e-2},
        **changes,
    }
    return RegressionParams.from_table(table)


def only(clips: ClipSet, frames: dict[str, list[int]]) -> ClipSet:
    """The clips with labels at these frames of these subjects alone."""
    mask = {clip.id: np.zeros(clip.labels.shape, bool) for clip in clips.clips}
    for clip in clips.clips:
        mask[clip.id][frames.get(clip.subject, [])] = True
    return clips.masked(mask)


def changed(ctx: Context, before: dict[str, Tensor]) -> set[str]:
    after = ctx.model.state_dict()
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def copied(ctx: Context) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in ctx.model.state_dict().items()}


def test_contract() -> None:
    check_stage(lambda: RegressionStage(params(steps=3)))


def test_it_learns_the_labels_of_people_it_has_not_seen(context: Make) -> None:
    ctx = context()
    result = RegressionStage(params(steps=150, batch=8, window=3, evaluate_every=50)).run(ctx)
    assert result.metrics["validation_icc"] > 0.3
    rows = [row["loss"] for row in read_rows(ctx.folder / "metrics.jsonl") if "loss" in row]
    assert np.mean(rows[-10:]) < 0.5 * np.mean(rows[:10])


def test_every_window_ends_at_a_sampled_label_and_no_other_label_is_seen(context: Make) -> None:
    """Labels that were not sampled could be anything: here they are gone, and nothing changes."""
    ctx = context()
    frames = {"P01": [0, 7, 20], "P03": [39]}
    sampled = only(ctx.clips("train"), frames)
    loop = RegressionStage(params()).loop(context(train=sampled))
    ends = set()
    for step in range(20):
        batch = loop.read(loop.plan(step))
        for row, window in enumerate(batch.windows):
            subject = sampled.clips[window.clip].subject
            ends.add((subject, window.last))
            assert 1 <= window.frames <= min(5, window.last + 1)
            assert np.isfinite(batch.labels[row, window.frames - 1]).all()
    assert ends == {(subject, frame) for subject, own in frames.items() for frame in own}


def test_the_loss_is_the_squared_error_at_the_labelled_frame(context: Make) -> None:
    ctx = context()
    stage = RegressionStage(params(freeze_statistics=True, rates={"backbone": 1.0}))
    loop = stage.loop(ctx)
    ctx.model.eval()
    batch = loop.read([Window(0, 3, 5, 1), Window(1, 10, 2, 1), Window(2, 8, 3, 1)])
    found, _, frames = loop.loss(0, batch)
    expected = []
    for window in batch.windows:
        clip = ctx.clips("train").clips[window.clip]
        pixels = torch.from_numpy(clip.read(window.start, window.last + 1)).permute(0, 3, 1, 2) / 255
        said = ctx.model(pixels[None])[0][0, -1]
        expected.append((said - torch.from_numpy(clip.labels[window.last])).square())
    assert found.item() == pytest.approx(torch.stack(expected).mean().item(), rel=1e-5)
    assert frames == 10


def test_only_the_frames_up_to_the_label_are_computed(context: Make) -> None:
    ctx = context()
    loop = RegressionStage(params(window=15)).loop(ctx)
    seen: dict[str, list[int]] = {"backbone": [], "temporal": []}
    ctx.model.backbone.register_forward_pre_hook(lambda _, given: seen["backbone"].append(len(given[0])))
    ctx.model.temporal.register_forward_pre_hook(
        lambda _, given: seen["temporal"].append(given[0].shape[0] * given[0].shape[1])
    )
    loop.step(0, loop.read([Window(0, 5, 15, 1), Window(1, 9, 5, 1), Window(2, 0, 5, 1), Window(3, 7, 1, 1)]))
    assert seen["backbone"] == [26]
    assert sum(seen["temporal"]) == 26


def test_dense_windows_take_every_frame_into_the_loss(context: Make) -> None:
    ctx = context()
    loop = RegressionStage(params(mode="dense")).loop(ctx)
    ctx.model.eval()
    batch = loop.read(loop.plan(0))
    assert batch.lengths.tolist() == [5, 5, 5, 5]
    found, _, frames = loop.loss(0, batch)
    said = ctx.model(torch.from_numpy(batch.frames).permute(0, 1, 4, 2, 3) / 255)[0]
    expected = (said - torch.from_numpy(batch.labels)).square().mean()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert frames == 20


def test_dense_needs_runs_of_labelled_frames(context: Make) -> None:
    ctx = context()
    sparse = only(ctx.clips("train"), {"P01": [0, 5, 9], "P02": [3]})
    with pytest.raises(DataError, match="labelled run"):
        RegressionStage(params(mode="dense")).check(context(train=sparse))


@pytest.mark.parametrize("part", ["backbone", "temporal", "head"])
def test_rate_zero_freezes_a_part_and_its_statistics(context: Make, part: str) -> None:
    ctx = context()
    before = copied(ctx)
    RegressionStage(params(rates={part: 0.0}, select="last")).run(ctx)
    parts = {name.split(".")[0] for name in changed(ctx, before)}
    assert parts == {"backbone", "temporal", "head"} - {part}
    assert all(parameter.requires_grad for parameter in ctx.model.parameters())


def test_a_smaller_rate_moves_a_part_less(context: Make) -> None:
    ctx = context()
    loop = RegressionStage(params(rates={"backbone": 0.1, "head": 2.0})).loop(ctx)
    loop.step(0, loop.read(loop.plan(0)))
    assert [group["lr"] for group in loop.optimizer.param_groups] == pytest.approx([1e-3, 1e-2, 2e-2])


def test_frozen_statistics_stay_and_weights_train(context: Make) -> None:
    ctx = context()
    before = copied(ctx)
    RegressionStage(params(freeze_statistics=True, select="last")).run(ctx)
    names = changed(ctx, before)
    assert not [name for name in names if "running" in name or "num_batches" in name]
    assert [name for name in names if name.endswith("weight")]


def test_the_best_weights_are_kept(context: Make) -> None:
    ctx = context()
    result = RegressionStage(params(steps=12, evaluate_every=2, optimizer={"lr": 0.05})).run(ctx)
    looks = {
        row["step"]: row["validation_icc"]
        for row in read_rows(ctx.folder / "metrics.jsonl")
        if "validation_icc" in row
    }
    best = max(looks, key=lambda step: looks[step])
    assert result.metrics["step"] == best
    again = RegressionStage(params()).loop(context("again", model=ctx.model))
    assert again.look is not None
    assert again.look(0).values["validation_icc"] == pytest.approx(looks[best], abs=1e-6)


def test_the_criterion_is_what_best_means(context: Make) -> None:
    ctx = context()
    looks = []
    for criterion in ("icc", "mse", "mae"):
        look = RegressionStage(params(criterion=criterion)).loop(ctx).look
        assert look is not None
        looks.append(look(0))
    values = looks[0].values
    expected = [values["validation_icc"], -values["validation_mse"], -values["validation_mae"]]
    assert [look.score for look in looks] == pytest.approx(expected)


def test_recalibrated_statistics_are_those_of_clean_training_frames(context: Make) -> None:
    ctx = context()
    stage = RegressionStage(
        params(recalibrate=True, recalibrate_windows=40, select="last", window=1, batch=4)
    )
    result = stage.run(ctx)
    assert "recalibrated_validation_mse" in result.metrics
    # with windows of one frame, the first layer's statistics are means over clean training frames
    pixels = torch.from_numpy(
        np.concatenate([clip.read(0, clip.length) for clip in ctx.clips("train").clips])
    )
    first = next(layer for layer in ctx.model.backbone.modules() if isinstance(layer, nn.BatchNorm2d))
    seen = []
    first.register_forward_hook(lambda layer, inputs, output: seen.append(inputs[0].detach()))
    ctx.model.eval()
    with torch.no_grad():
        ctx.model.backbone(pixels.permute(0, 3, 1, 2) / 255)
    mean = seen[0].mean((0, 2, 3))
    torch.testing.assert_close(first.running_mean, mean, rtol=0.1, atol=0.05)
    assert first.momentum == 0.1


def test_start_and_reset(context: Make) -> None:
    ctx = context()
    earlier = build_model(ctx._parts, ctx.model.aus, 77)
    stage = RegressionStage(params(start="pretrain", reset=["temporal"]))
    ctx = context(results={"pretrain": StageResult(model=earlier)})
    stage._start(ctx)
    for part, same in (("backbone", True), ("temporal", False), ("head", True)):
        pairs = zip(getattr(ctx.model, part).parameters(), getattr(earlier, part).parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == same, part
    again = context("again", results={"pretrain": StageResult(model=earlier)})
    stage._start(again)
    assert all(
        torch.equal(a, b) for a, b in zip(again.model.parameters(), ctx.model.parameters(), strict=True)
    )


def test_start_from_an_unknown_stage(context: Make) -> None:
    ctx = context(results={"pretrain": StageResult(model=None)})
    with pytest.raises(UsageError, match="pretran") as caught:
        RegressionStage(params(start="pretran")).check(ctx)
    assert "`pretrain`" in caught.value.hint


def test_labels_of_an_earlier_stage_are_learnt_in_place_of_the_samplers(context: Make) -> None:
    ctx = context()
    clips = ctx.clips("train")
    made = {clip.id: np.full_like(clip.labels, np.nan) for clip in clips.clips[:2]}
    for labels in made.values():
        labels[[4, 11]] = 2.5
    made[clips.clips[0].id][11] = np.nan
    ctx = context(
        results={"pseudo": StageResult(model=None, labels=made), "pretrain": StageResult(model=None)}
    )
    loop = RegressionStage(params(labels="pseudo")).loop(ctx)
    seen = set()
    for step in range(20):
        batch = loop.read(loop.plan(step))
        for row, window in enumerate(batch.windows):
            seen.add((window.clip, window.last))
            assert (batch.labels[row, window.frames - 1] == 2.5).all()
    assert seen == {(0, 4), (1, 4), (1, 11)}
    with pytest.raises(UsageError, match="labels of `pretrain`, which makes none"):
        RegressionStage(params(labels="pretrain")).check(ctx)
    with pytest.raises(UsageError, match="labels of `psuedo`, which is no earlier stage"):
        RegressionStage(params(labels="psuedo")).check(ctx)


def test_best_needs_validation_labels_and_last_does_not(context: Make) -> None:
    empty = replace(context().clips("validation"), clips=())
    with pytest.raises(DataError, match="validation labels"):
        RegressionStage(params()).check(context(validation=empty))
    RegressionStage(params(select="last")).run(context(validation=empty))


def test_an_au_without_labels_is_named(context: Make) -> None:
    clips = context().clips("train")
    mask = {clip.id: np.tile([True, False], (clip.length, 1)) for clip in clips.clips}
    with pytest.raises(DataError, match="AU12"):
        RegressionStage(params()).check(context(train=clips.masked(mask)))


def test_no_door_to_the_test_people(context: Make) -> None:
    with pytest.raises(ComponentError, match="no door to the test people"):
        context().clips("test")


class Ahead(nn.Module):
    """Two frames ahead: the mean of a frame and the two after it."""

    causal = False
    lookahead = 2

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor, state: None = None) -> tuple[Tensor, None]:
        later = [torch.roll(x, -k, 1) for k in range(3)]
        return self.scale * torch.stack(later).mean(0).relu(), None


def test_a_module_that_looks_ahead_gets_frames_after_the_label(context: Make) -> None:
    ctx = context()
    ctx.model.temporal = Ahead(8)
    loop = RegressionStage(params(steps=4)).loop(ctx)
    windows = [window for step in range(30) for window in loop.plan(step)]
    assert all(isinstance(window, LabelWindow) for window in windows)
    after = {window.frames - 1 - window.label for window in windows}
    assert after == {0, 1, 2}
    assert max(window.frames for window in windows) == 5
    assert all(window.last < 40 for window in windows)
    loop.run()


def test_huber_and_an_objective_of_its_own_parameters(context: Make) -> None:
    RegressionStage(params(loss=Choice(name="huber", delta=0.5).model_dump())).run(context())
