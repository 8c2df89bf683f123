"""The checks of a model's parts catch each way to break the contract: every class here breaks it once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aukit.errors import DataError
from aukit.testing import (
    ContractError,
    check_augmentation,
    check_backbone,
    check_head,
    check_loss,
    check_objective,
    check_temporal,
)


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.channels = 4
        self.stride = 8
        self.conv = nn.Conv2d(3, 4, 8, stride=8)
        self.after = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.conv(x - 0.5))


class NoModule:
    channels = stride = 8


class NoStride(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.stride = None


class WrongChannels(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.channels = 5


class WrongStride(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.stride = 4


class LastRelu(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu()


class Doubles(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).double()


class Infinite(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / 0


class InPlace(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        x -= 0.5
        return self.after(self.conv(x))


class Unused(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Linear(2, 2)


class Detached(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.conv(x - 0.5).detach())


class NoGradient(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


class SeesOthers(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        features = super().forward(x)
        return features - features.mean(0) / 2


class Random(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        features = super().forward(x)
        return features + torch.from_numpy(np.random.default_rng().random(features.shape[1:], np.float32))


class DropsInEvaluation(Backbone):
    def forward(self, x: Tensor) -> Tensor:
        features = super().forward(x)
        return features + torch.rand(features.shape[1:])


class Forgetful(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.seen = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += 1
        return super().forward(x) + self.seen


class Unstorable(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.twin = self.conv


class Lazy(Backbone):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def forward(self, x: Tensor) -> Tensor:
        if self.count == 0:
            self.register_buffer("late", torch.zeros(1))
        self.count += 1
        return super().forward(x)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (NoModule, "it is a NoModule, expected a torch.nn.Module"),
        (NoStride, "its `stride` is None, expected a whole number of at least 1"),
        (WrongChannels, r"its output has the shape \(2, 4, 8, 8\), expected \(2, 5, 8, 8\)"),
        (WrongStride, r"its output has the shape \(2, 4, 8, 8\), expected \(2, 4, 16, 16\)"),
        (LastRelu, "no output is below zero"),
        (Doubles, "its output is torch.float64, expected torch.float32"),
        (Infinite, "its output is not finite"),
        (InPlace, "it changes its input"),
        (Unused, "no gradient reaches its parameter `unused.weight`"),
        (Detached, "no gradient reaches its parameter `conv.weight`"),
        (NoGradient, "its output has no gradient"),
        (SeesOthers, "in evaluation a frame's features depend on other frames"),
        (Random, "two runs from one seed differ|depend on other frames"),
        (DropsInEvaluation, "two runs in evaluation mode differ|depend on other frames"),
        (Forgetful, "its state is incomplete"),
        (Unstorable, "its state cannot be stored"),
        (Lazy, "its state does not load into a new one"),
    ],
)
def test_a_wrong_backbone_is_caught(wrong, sentence):
    check_backbone(Backbone, size=64)
    with pytest.raises(ContractError, match=sentence):
        check_backbone(wrong, size=64)


class Temporal(nn.Module):
    causal = True
    lookahead = 0

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.mix = nn.Conv2d(channels, channels, 1)

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return (h + self.mix(x)).tanh()

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        h = torch.zeros_like(x[:, 0]) if state is None else state[0]
        states = []
        for frame in x.unbind(1):
            h = self.step(frame, h)
            states.append(h)
        return torch.stack(states, 1), (h, (None,))


class BothWays(Temporal):
    causal = False
    lookahead = 1000

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return super().forward(x)[0] + super().forward(x.flip(1))[0].flip(1), None


class BothWaysSaysCausal(BothWays):
    causal = True
    lookahead = 0


class NextFrame(Temporal):
    causal = False
    lookahead = 1

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return super().forward(x + torch.cat([x[:, 1:], x[:, -1:]], 1))[0], None


class LooksFurther(NextFrame):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return Temporal.forward(self, x + torch.cat([x[:, 2:], x[:, -1:], x[:, -1:]], 1))[0], None


class CausalWithLookahead(Temporal):
    lookahead = 2


class NoPair(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> Any:
        return super().forward(x, state)[0]


class ForgetsState(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return super().forward(x)


class OldState(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        states, _ = super().forward(x, state)
        return states, (states[:, max(x.shape[1] - 2, 0)],)


class StateAlong(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        states, (h, _) = super().forward(x, None if state is None else (state[0].transpose(0, 1),))
        return states, (h.transpose(0, 1),)


class StateOfLists(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        states, _ = super().forward(x, state)
        return states, [states[:, -1]]


class StateInPlace(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        result = super().forward(x, state)
        if state is not None:
            state[0].zero_()
        return result


class ClipNorm(Temporal):
    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return super().forward(x - x.mean(1, keepdim=True), state)


class BatchMixer(Temporal):
    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return super().step(x - x.mean(0), h)


class Counts(Temporal):
    """Knows the time since the start of what it is given, not since the start of the video."""

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        time = torch.arange(x.shape[1]).view(1, -1, 1, 1, 1)
        return super().forward(x + time, state)


class StuckAtZero(Temporal):
    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.gate = nn.Parameter(torch.zeros(()))

    def step(self, x: Tensor, h: Tensor) -> Tensor:
        return super().step(x, h) + 0 * self.gate


class Encodes(Temporal):
    """What a plugin may add for speed."""

    def encode(self, x: Tensor) -> Tensor:
        return x

    def advance(self, encoded: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        outputs, state = self(encoded[:, None], state)
        return outputs[:, 0], state


class EncodesOtherwise(Encodes):
    def encode(self, x: Tensor) -> Tensor:
        return 2 * x


class AdvancesWithoutState(Encodes):
    def advance(self, encoded: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        return super().advance(encoded)


@pytest.mark.parametrize("right", [Temporal, BothWays, NextFrame, Encodes])
def test_a_right_temporal_module_passes(right):
    check_temporal(right)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (BothWaysSaysCausal, "the chunk law fails: 1 frames"),
        (LooksFurther, "the no-future law fails: frame 3 changes an output .* past a lookahead of 1"),
        (CausalWithLookahead, "`causal` is True and `lookahead` is 2: causal means 0"),
        (NoPair, "it does not return a pair"),
        (ForgetsState, "the chunk law fails"),
        (OldState, "the chunk law fails"),
        (StateAlong, r"the first dimension is B, 2"),
        (StateOfLists, "its state holds a list: only tensors, tuples and None"),
        (StateInPlace, "it changes the state it is given"),
        (ClipNorm, "the chunk law fails"),
        (Counts, "the chunk law fails"),
        (EncodesOtherwise, "frame 1 by `encode` and `advance` differs from the call"),
        (AdvancesWithoutState, "frame 2 by `encode` and `advance` differs from the call"),
        (BatchMixer, "in evaluation a clip's outputs depend on other clips"),
        (StuckAtZero, "no gradient reaches its parameter `gate`"),
    ],
)
def test_a_wrong_temporal_module_is_caught(wrong, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_temporal(wrong)


class Head(nn.Module):
    def __init__(self, channels: int, aus: tuple[str, ...]) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, len(aus))

    def forward(self, h: Tensor) -> Tensor:
        return self.linear(h.mean((2, 3)))


class Clipped(Head):
    def forward(self, h: Tensor) -> Tensor:
        return super().forward(h).clamp(0, 5)


class Positive(Head):
    def forward(self, h: Tensor) -> Tensor:
        return super().forward(h).relu()


class Squashed(Head):
    def forward(self, h: Tensor) -> Tensor:
        return 5 * (10 * super().forward(h)).sigmoid()


class ThreeAUs(Head):
    def __init__(self, channels: int, aus: tuple[str, ...]) -> None:
        super().__init__(channels, ("AU01",) * 3)


class BatchCentred(Head):
    def forward(self, h: Tensor) -> Tensor:
        return super().forward(h - h.mean(0))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (Clipped, "an output is exactly 0 or 5"),
        (Positive, "an output is exactly 0 or 5"),
        (Squashed, "an output is exactly 0 or 5"),
        (ThreeAUs, r"its output for one AU has the shape \(6, 3\), expected \(6, 1\)"),
        (BatchCentred, "depend"),
    ],
)
def test_a_wrong_head_is_caught(wrong, sentence):
    check_head(Head)
    with pytest.raises(ContractError, match=sentence):
        check_head(wrong)


class Loss(nn.Module):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        labelled = ~labels.isnan()
        if not labelled.any():
            raise DataError("nothing is labelled")
        return (predictions - labels)[labelled].square().mean()


class ZeroWhereNothing(nn.Module):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        labelled = ~labels.isnan()
        error = torch.where(labelled, predictions - labels.nan_to_num(), 0.0)
        return error.abs().sum() / labelled.sum().clamp(min=1)


class NanMean(nn.Module):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return (predictions - labels)[~labels.isnan()].square().mean()


class NanIsZero(nn.Module):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return (predictions - labels.nan_to_num(0)).square().mean()


class AllNan(nn.Module):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return (predictions - labels).square().mean()


class CountsAllCells(nn.Module):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return (predictions - labels)[~labels.isnan()].square().sum()


class LateMask(nn.Module):
    """The classic: NaN times 0 in the backward pass."""

    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        error = (predictions - labels).square().sqrt()
        return error.where(~labels.isnan(), torch.zeros(())).mean()


class Vector(Loss):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return super().forward(predictions, labels)[None]


class FillsIn(Loss):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        loss = super().forward(predictions, labels)
        labels.nan_to_num_(0)
        return loss


class Backwards(Loss):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return -super().forward(predictions, labels)


class FirstRowOnly(Loss):
    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        return super().forward(predictions, torch.where(labels > 4, float("nan"), labels))


@pytest.mark.parametrize("right", [Loss, ZeroWhereNothing])
def test_a_right_loss_passes(right):
    check_loss(right)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (NanMean, "its output is not finite"),
        (NanIsZero, "an unlabelled cell has a gradient: NaN means not labelled, never 0"),
        (AllNan, "its output is not finite"),
        (CountsAllCells, "the same batch twice gives another loss"),
        (LateMask, "its gradient is not finite where labels are missing"),
        (Vector, r"its output has the shape \(1,\), expected \(\)"),
        (FillsIn, "it changes the labels"),
        (Backwards, "predictions equal to the labels do not give a smaller loss"),
        (FirstRowOnly, "a labelled cell has no gradient"),
    ],
)
def test_a_wrong_loss_is_caught(wrong, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_loss(wrong)


class Augmentation:
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return (clips.permute(0, 1, 4, 2, 3).float() / 255 * rng.uniform(0.5, 1.5)).clamp(0, 1)


class NotScaled:
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return clips.permute(0, 1, 4, 2, 3).float()


class NotPermuted:
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return clips.float() / 255


class ScaledTwice:
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return clips.permute(0, 1, 4, 2, 3).float() / 255 / 255


class Overshoots:
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return clips.permute(0, 1, 4, 2, 3).float() / 255 * rng.uniform(0.5, 1.5)


class TorchSeed(Augmentation):
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return super().__call__(clips, rng) * (1 - torch.rand(()) / 2)


class NumpySeed(Augmentation):
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return super().__call__(clips, rng) * (1 - float(np.random.rand()) / 2)


class OwnSeed(Augmentation):
    def __init__(self) -> None:
        self.rng = np.random.default_rng()
        self.factor = self.rng.uniform(0.5, 1)

    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        return super().__call__(clips, rng) * self.factor


class WipesInput(Augmentation):
    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        views = super().__call__(clips, rng)
        clips[:, 0] = 0
        return views


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (NotScaled, "a view of noise is outside 0..1: 0 to 255"),
        (NotPermuted, "its output has the shape"),
        (ScaledTwice, "white clips come out black"),
        (Overshoots, "a view of noise is outside 0..1"),
        (TorchSeed, "two views from one generator state differ"),
        (NumpySeed, "two views from one generator state differ"),
        (OwnSeed, "a new one gives other views"),
        (WipesInput, "it changes its input"),
    ],
)
def test_a_wrong_augmentation_is_caught(wrong, sentence):
    check_augmentation(Augmentation)
    with pytest.raises(ContractError, match=sentence):
        check_augmentation(wrong)


class Objective(nn.Module):
    frames = 3
    context = 2
    views = 2

    def __init__(self, channels: int, state_channels: int) -> None:
        super().__init__()
        self.predict = nn.Conv2d(state_channels, channels, 1)

    def forward(self, model: Any, clips: Tensor) -> tuple[Tensor, dict[str, float]]:
        features = model.backbone(clips[0].flatten(0, 1)).unflatten(0, clips.shape[1:3])
        states, _ = model.temporal(features[:, : self.context])
        loss = (self.predict(states[:, -1]) - features[:, -1]).square().mean()
        return loss, {"error": loss.item()}

    def after_step(self, model: Any, step: int) -> None:
        pass


class Momentum(Objective):
    """A slow copy of itself that no gradient moves: allowed."""

    def __init__(self, channels: int, state_channels: int) -> None:
        super().__init__(channels, state_channels)
        self.slow = nn.Conv2d(state_channels, channels, 1).requires_grad_(False)

    def after_step(self, model: Any, step: int) -> None:
        for slow, fast in zip(self.slow.parameters(), self.predict.parameters(), strict=True):
            slow.lerp_(fast.detach(), 0.1)


class NoViews(Objective):
    views = 0


class LongContext(Objective):
    context = 4


class LossAlone(Objective):
    def forward(self, model: Any, clips: Tensor) -> Any:
        return super().forward(model, clips)[0]


class PerClip(Objective):
    def forward(self, model: Any, clips: Tensor) -> Any:
        loss, numbers = super().forward(model, clips)
        return loss.expand(clips.shape[1]), numbers


class LogsTensors(Objective):
    def forward(self, model: Any, clips: Tensor) -> Any:
        loss, _ = super().forward(model, clips)
        return loss, {"error": loss}


class FrozenModel(Objective):
    def forward(self, model: Any, clips: Tensor) -> Any:
        with torch.no_grad():
            features = model.backbone(clips[0].flatten(0, 1)).unflatten(0, clips.shape[1:3])
        states, _ = model.temporal(features)
        loss = self.predict(states[:, -1]).square().mean()
        return loss, {}


class Sleeping(Objective):
    def __init__(self, channels: int, state_channels: int) -> None:
        super().__init__(channels, state_channels)
        self.forgotten = nn.Linear(3, 3)


class HiddenQueue(Objective):
    def __init__(self, channels: int, state_channels: int) -> None:
        super().__init__(channels, state_channels)
        self.seen: list[float] = []

    def forward(self, model: Any, clips: Tensor) -> Any:
        loss, numbers = super().forward(model, clips)
        if self.training:
            self.seen.append(loss.item())
        return loss * (1 + len(self.seen)), numbers


@pytest.mark.parametrize("right", [Objective, Momentum])
def test_a_right_objective_passes(right):
    check_objective(right)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (NoViews, "its `views` is 0"),
        (LongContext, "its `context` is longer than its `frames`"),
        (LossAlone, "it does not return a pair"),
        (PerClip, r"its loss has the shape \(3,\), expected \(\)"),
        (LogsTensors, "`error` to log is no plain number"),
        (FrozenModel, "no gradient reaches its parameter `backbone"),
        (Sleeping, "no gradient reaches its parameter `objective.forgotten.weight`"),
        (HiddenQueue, "its state is incomplete"),
    ],
)
def test_a_wrong_objective_is_caught(wrong, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_objective(wrong)
