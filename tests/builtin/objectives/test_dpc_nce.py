"""`dpc-nce` against the same objective written plainly in float64, and what its numbers mean."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.objectives import nce
from aukit.builtin.objectives.dpc_nce import DpcNce
from aukit.builtin.params.objectives import DpcNceParams
from aukit.builtin.temporal.convgru import ConvGRU
from aukit.builtin.temporal.none import NoTemporal
from aukit.errors import ComponentError


class Patches(nn.Module):
    """A backbone of one convolution: 8 pixels a cell."""

    stride = 8

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.conv = nn.Conv2d(3, channels, 8, stride=8)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(8 * (x - 0.5))


class Given(nn.Module):
    """A backbone that gives these features (B·T,C,h,w) whatever it sees."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.features = features

    def forward(self, x: Tensor) -> Tensor:
        return self.features.flatten(0, 1)


class Pair(nn.Module):
    """A temporal part whose state is a pair, and which counts the frames it has worked on."""

    causal, lookahead = True, 0

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.frames = 0

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        mean, (step,) = state if state is not None else (torch.zeros_like(x[:, 0]), (torch.zeros(len(x), 1),))
        states = []
        for frame in x.relu().unbind(1):
            mean, step = 0.5 * mean + frame, step + 1
            states.append(mean)
            self.frames += 1
        return torch.stack(states, 1), (mean, (step,))


def model_and_clips(seed: int = 0, channels: int = 6, hidden: int = 5) -> tuple[SimpleNamespace, Tensor]:
    torch.manual_seed(seed)
    model = SimpleNamespace(backbone=Patches(channels), temporal=ConvGRU(channels=channels, hidden=hidden))
    return model, torch.rand(1, 3, 7, 3, 24, 16)


def plain(objective: DpcNce, model: SimpleNamespace, clips: Tensor) -> Tensor:
    """Equation 1 with every score at once: index arithmetic instead of groups, convolutions instead of rows."""
    _, batch, frames = clips.shape[:3]
    features = torch.stack([model.backbone(clips[0, :, t]) for t in range(frames)], 1)
    gru, phi = model.temporal, objective.phi

    def step(x: Tensor, h: Tensor) -> Tensor:
        x, h = x.relu().movedim(1, -1), h.movedim(1, -1)
        on_z, on_r, on_n = gru.input_gates(x).chunk(3, -1)
        state_z, state_r = (h @ gru.state_gates.weight.mT).chunk(2, -1)
        z, r = torch.sigmoid(on_z + state_z), torch.sigmoid(on_r + state_r)
        n = torch.tanh(on_n + (r * h) @ gru.state_candidate.weight.mT)
        return (z * h + (1 - z) * n).movedim(-1, 1)

    h = torch.zeros(batch, gru.channels, *features.shape[3:], dtype=features.dtype)
    for t in range(objective.context):
        h = step(features[:, t], h)
    predictions = []
    for _ in range(frames - objective.context):
        predictions.append(phi(h))
        h = step(predictions[-1], h)
    losses = []
    for b in range(batch):
        for k, prediction in enumerate(predictions):
            for i in range(h.shape[2]):
                for j in range(h.shape[3]):
                    scores = torch.einsum(
                        "c,btchw->bthw", prediction[b, :, i, j], features[:, objective.context :]
                    )
                    losses.append(scores.logsumexp((0, 1, 2, 3)) - scores[b, k, i, j])
    return torch.stack(losses).mean()


@pytest.mark.parametrize("at_once", [100, 2**21])
def test_loss_and_all_gradients_equal_a_plain_float64_version(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nce, "SCORES_AT_ONCE", at_once)
    model, clips = model_and_clips()
    objective = DpcNce(channels=6, state_channels=5, frames=7, context=4)
    parts = nn.ModuleList([objective, model.backbone, model.temporal])
    exact = copy.deepcopy(parts).double()
    loss, _ = objective(model, clips)
    loss.backward()
    expected = plain(exact[0], SimpleNamespace(backbone=exact[1], temporal=exact[2]), clips.double())
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    for ours, theirs in zip(parts.parameters(), exact.parameters(), strict=True):
        assert (ours.grad - theirs.grad).abs().max() <= 1e-5 * theirs.grad.abs().max()


def test_the_last_prediction_is_not_fed_back() -> None:
    model, clips = model_and_clips()
    model.temporal = Pair(6)
    objective = DpcNce(channels=6, state_channels=6, frames=7, context=4)
    loss, _ = objective(model, clips)
    assert loss.isfinite()
    assert model.temporal.frames == 4 + 3 - 1


def test_a_state_of_any_shape_is_handed_on_as_it_came() -> None:
    model, clips = model_and_clips()
    model.temporal = Pair(6)
    objective = DpcNce(channels=6, state_channels=6, frames=7, context=4)
    features = model.backbone(clips[0].flatten(0, 1)).unflatten(0, (3, 7))
    predictions = objective.predict(model, features[:, :4])
    state = torch.zeros_like(features[:, 0])
    for frame in features[:, :4].unbind(1):
        state = 0.5 * state + frame.relu()
    for prediction in predictions.unbind(1):
        torch.testing.assert_close(prediction, objective.phi(state))
        state = 0.5 * state + prediction.relu()


def test_without_a_temporal_part_the_last_frame_is_the_state() -> None:
    model, clips = model_and_clips()
    model.temporal = NoTemporal(channels=6)
    loss, numbers = DpcNce(channels=6, state_channels=6, frames=7, context=4)(model, clips)
    assert loss.isfinite()
    assert 0 <= numbers["top1"] <= numbers["top3"] <= numbers["top5"] <= 1


def test_negatives_of_the_same_clip_make_clips_independent() -> None:
    model, clips = model_and_clips()
    options = {"channels": 6, "state_channels": 5, "frames": 7, "context": 4}
    whole = DpcNce(**options)
    inside = DpcNce(**options, negatives=("same-clip",))
    inside.load_state_dict(whole.state_dict())
    one_by_one = torch.stack([whole(model, clips[:, b : b + 1])[0] for b in range(3)])
    torch.testing.assert_close(inside(model, clips)[0], one_by_one.mean())
    assert not torch.allclose(whole(model, clips)[0], one_by_one.mean(), rtol=1e-3)


def scores(predictions: Tensor, targets: Tensor) -> Tensor:
    """Scores of (B,P,h,w,C) predictions with the features of their own cell and clip: (B,h,w,P,P)."""
    return torch.einsum("bphwc,bqhwc->bhwpq", predictions, targets)


def test_negatives_of_the_same_cell_are_its_other_times() -> None:
    torch.manual_seed(0)
    predictions, targets, last = (
        torch.randn(2, 4, 3, 2, 8),
        torch.randn(2, 4, 3, 2, 8),
        torch.randn(2, 3, 2, 8),
    )
    objective = DpcNce(channels=8, state_channels=8, frames=6, context=2, negatives=("same-cell",))
    loss, numbers = objective.score(predictions, targets, last)
    in_time = scores(predictions, targets)
    truth = torch.arange(4).expand(2, 3, 2, 4)
    torch.testing.assert_close(loss, F.cross_entropy(in_time.reshape(-1, 4), truth.flatten()))
    assert numbers["top1_time"] == pytest.approx((in_time.argmax(-1) == truth).float().mean().item())


def test_several_negatives_are_averaged_and_all_numbers_are_there_with_any() -> None:
    torch.manual_seed(0)
    tensors = torch.randn(2, 4, 3, 2, 8), torch.randn(2, 4, 3, 2, 8), torch.randn(2, 3, 2, 8)
    kinds = ("all", "same-clip", "same-cell")
    found = {
        negatives: DpcNce(channels=8, state_channels=8, frames=6, context=2, negatives=negatives).score(
            *tensors
        )
        for negatives in [(kind,) for kind in kinds] + [kinds]
    }
    single = torch.stack([found[(kind,)][0] for kind in kinds])
    torch.testing.assert_close(found[kinds][0], single.mean())
    assert all(numbers == found[kinds][1] for _, numbers in found.values())


def test_cosine_temperature_and_stopped_targets() -> None:
    torch.manual_seed(0)
    predictions = torch.randn(2, 4, 3, 2, 8, requires_grad=True)
    targets = torch.randn(2, 4, 3, 2, 8, requires_grad=True)
    last = torch.randn(2, 3, 2, 8)
    options = {"channels": 8, "state_channels": 8, "frames": 6, "context": 2}
    loss, _ = DpcNce(**options, normalize=True, temperature=0.1).score(predictions, targets, last)
    rows = [F.normalize(x, dim=-1).flatten(0, 3) for x in (predictions, targets)]
    torch.testing.assert_close(loss, F.cross_entropy(rows[0] @ rows[1].mT / 0.1, torch.arange(48)))

    model, clips = model_and_clips()
    model.temporal.input_gates.weight.data.zero_()  # the state, and with it the prediction, sees no frame
    for stopped in (True, False):
        objective = DpcNce(channels=6, state_channels=5, frames=7, context=6, target_stop_gradient=stopped)
        nn.init.normal_(objective.phi[2].bias)
        objective(model, clips)[0].backward()
        assert bool(model.backbone.conv.weight.grad.any()) == (not stopped)


def video(change: float) -> Tensor:
    """Features (2,9,16,2,2) of two clips that turn in the plane of each cell by `change` a frame."""
    torch.manual_seed(0)
    bases = torch.linalg.qr(torch.randn(16, 16))[0].view(2, 2, 2, 2, 16)  # clip, cell row, cell column, axis
    angle = change * torch.arange(9.0)
    turned = torch.einsum("at,bhwac->bthwc", torch.stack([angle.cos(), angle.sin()]), bases)
    return 10 * turned.movedim(-1, 2)


def copied(features: Tensor) -> dict[str, float]:
    objective = DpcNce(channels=16, state_channels=16, frames=9, context=4)
    model = SimpleNamespace(backbone=Given(features), temporal=NoTemporal(channels=16))
    return objective(model, torch.zeros(1, 2, 9, 3, 8, 8))[1]


def test_copying_the_last_frame_finds_clip_and_cell_but_not_time() -> None:
    numbers = copied(video(change=0.1))  # the nearest of the five frames to come wins for all of them
    assert numbers["copy_top1"] == pytest.approx(0.2)
    assert numbers["copy_top3"] == pytest.approx(0.6)
    assert numbers["copy_top5"] == pytest.approx(1.0)
    assert numbers["copy_top1_time"] == pytest.approx(0.2)


def test_features_that_collapse_to_a_point_score_nothing() -> None:
    torch.manual_seed(0)
    predictions = torch.randint(-3, 4, (2, 5, 2, 2, 16)).float()
    objective = DpcNce(channels=16, state_channels=16, frames=9, context=4)
    _, numbers = objective.score(predictions, torch.ones(2, 5, 2, 2, 16), torch.ones(2, 2, 2, 16))
    assert len(numbers) == 8
    assert set(numbers.values()) == {0.0}


def test_the_top_shares_equal_torchs_topk() -> None:
    torch.manual_seed(0)
    targets, last = torch.randn(2, 4, 3, 2, 8), torch.randn(2, 3, 2, 8)
    predictions = targets + torch.randn(2, 4, 3, 2, 8)
    _, numbers = DpcNce(channels=8, state_channels=8, frames=6, context=2).score(predictions, targets, last)
    for prefix, guess in (("", predictions), ("copy_", last.unsqueeze(1).expand_as(targets))):
        best = (guess.flatten(0, 3) @ targets.flatten(0, 3).mT).topk(5).indices
        hits = best == torch.arange(48).unsqueeze(1)
        for k in (1, 3, 5):
            assert numbers[f"{prefix}top{k}"] == pytest.approx(hits[:, :k].any(1).float().mean().item())


def test_bf16_autocast_is_near_float32() -> None:
    model, clips = model_and_clips()
    objective = DpcNce(channels=6, state_channels=5, frames=7, context=4)
    expected, _ = objective(model, clips)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss, _ = objective(model, clips)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected.item(), rel=0.02)
    assert all(parameter.grad.isfinite().all() for parameter in objective.parameters())


def test_validation_without_gradients_gives_the_same_numbers() -> None:
    model, clips = model_and_clips()
    objective = DpcNce(channels=6, state_channels=5, frames=7, context=4)
    loss, numbers = objective(model, clips)
    with torch.no_grad():
        again, same = objective(model, clips)
    assert not again.requires_grad
    assert (again.item(), same) == (loss.item(), numbers)


def test_a_temporal_part_that_changes_the_grid_is_refused() -> None:
    class Coarse(Pair):
        def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
            return x.mean((3, 4), keepdim=True), None

    model, clips = model_and_clips()
    model.temporal = Coarse(6)
    with pytest.raises(ComponentError, match=r"gives \(1, 1\) cells where the backbone has \(3, 2\)"):
        DpcNce(channels=6, state_channels=6, frames=7, context=4)(model, clips)


def test_the_context_must_leave_something_to_predict() -> None:
    with pytest.raises(ValueError, match=r"context \(15\) must be smaller than frames \(15\)"):
        DpcNceParams(context=15)


def shares_by_step(predictions: Tensor, targets: Tensor, last: Tensor) -> dict[str, float]:
    """Every score at once in float64 numpy: a hit is an own score that fewer than k others reach."""
    p, t, seen = (x.double().numpy() for x in (predictions, targets, last))
    among_all = np.einsum("bphwc,BPHWc->bphwBPHW", p, t)
    copy = np.einsum("bhwc,BPHWc->bhwBPHW", seen, t)
    found: dict[str, list[float]] = {}
    for step in range(p.shape[1]):
        ranks: dict[str, list[int]] = {"all": [], "time": [], "copy": []}
        for b, i, j in np.ndindex(p.shape[0], *p.shape[2:4]):
            scores = among_all[b, step, i, j]
            ranks["all"].append((scores >= scores[b, step, i, j]).sum() - 1)
            ranks["time"].append((scores[b, :, i, j] >= scores[b, step, i, j]).sum() - 1)
            ranks["copy"].append((copy[b, i, j] >= copy[b, i, j, b, step, i, j]).sum() - 1)
        tops = [("top1", "all", 1), ("top3", "all", 3), ("top5", "all", 5)]
        for name, rank, k in [*tops, ("top1_time", "time", 1), ("copy_top1", "copy", 1)]:
            found[f"{name}_step{step + 1}"] = np.mean(np.array(ranks[rank]) < k)
    return found


def test_shares_of_each_step_equal_a_plain_float64_version() -> None:
    torch.manual_seed(0)
    targets = torch.randn(3, 4, 3, 2, 8)
    last = targets[:, 0] + 0.5 * torch.randn(3, 3, 2, 8)
    growing = torch.tensor([0.2, 0.8, 1.4, 2.0]).view(1, 4, 1, 1, 1)  # later steps are harder
    predictions = targets + growing * torch.randn(3, 4, 3, 2, 8)
    objective = DpcNce(channels=8, state_channels=8, frames=6, context=2).eval()
    _, numbers = objective.score(predictions, targets, last)
    expected = shares_by_step(predictions, targets, last)
    assert {name: numbers[name] for name in numbers if "_step" in name} == pytest.approx(expected)
    assert len({expected[f"top1_step{k}"] for k in (1, 2, 3, 4)}) > 2
    for name in ("top1", "top3", "top5", "top1_time", "copy_top1"):
        assert np.mean([expected[f"{name}_step{k}"] for k in (1, 2, 3, 4)]) == pytest.approx(numbers[name])


def test_training_rows_are_not_cluttered_by_shares_of_each_step() -> None:
    torch.manual_seed(0)
    tensors = torch.randn(2, 4, 3, 2, 8), torch.randn(2, 4, 3, 2, 8), torch.randn(2, 3, 2, 8)
    objective = DpcNce(channels=8, state_channels=8, frames=6, context=2)
    in_training, in_evaluation = objective.score(*tensors)[1], objective.eval().score(*tensors)[1]
    assert len(in_training) == 8
    assert len(in_evaluation) == 8 + 5 * 4
    assert {name: in_evaluation[name] for name in in_training} == in_training
