"""The contract of objectives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from aukit.testing.contract import Make, require, require_whole
from aukit.testing.tensors import (
    make_module,
    require_determinism,
    require_gradients,
    require_state,
    require_tensor,
    stir,
)

CHANNELS, STATE_CHANNELS, CLIPS, SIZE = 6, 5, 3, 32


def check_objective(make: Make) -> None:
    """`(views,B,T,3,H,W)` in 0..1 to a scalar loss and numbers to log; it trains the model and itself.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    build = partial(make_module, make, channels=CHANNELS, state_channels=STATE_CHANNELS)
    objective = build()
    require_whole(objective, "frames", 1)
    require_whole(objective, "context", 1)
    require_whole(objective, "views", 1)
    require(objective.context <= objective.frames, "its `context` is longer than its `frames`")
    clips = torch.rand(
        objective.views, CLIPS, objective.frames, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)
    )
    before = clips.clone()

    def run(objective: Any) -> Tensor:
        loss: Tensor = objective(tiny_model(), clips)[0].detach()
        return loss

    model = tiny_model()
    result = objective(model, clips)
    require(
        isinstance(result, tuple) and len(result) == 2, "it does not return a pair: loss and numbers to log"
    )
    loss, numbers = result
    require_tensor(loss, (), "its loss")
    require(
        isinstance(numbers, Mapping), f"its numbers to log are a {type(numbers).__name__}, expected a mapping"
    )
    for name, number in numbers.items():
        require(
            isinstance(name, str) and isinstance(number, float | int), f"`{name}` to log is no plain number"
        )
    require(torch.equal(clips, before), "it changes its input")
    both = nn.ModuleDict({"objective": stir(objective), "backbone": model.backbone})
    require_gradients(both, objective(model, clips)[0])
    objective.after_step(model, 1)
    require_tensor(objective(model, clips)[0], (), "its loss after a step")
    require_determinism(build, run)
    require_state(build, run)


def tiny_model(channels: int = CHANNELS, state_channels: int = STATE_CHANNELS) -> TinyModel:
    """The smallest model that keeps the contracts of its parts; its weights are always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        return TinyModel(channels, state_channels)


class TinyModel(nn.Module):
    """What an objective is handed: backbone, temporal, head and aus."""

    def __init__(self, channels: int, state_channels: int) -> None:
        super().__init__()
        self.backbone = TinyBackbone(channels)
        self.temporal = TinyTemporal(channels, state_channels)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(state_channels, 2))
        self.aus = ("AU04", "AU12")


class TinyBackbone(nn.Module):
    """One convolution over patches of 16 pixels."""

    stride = 16

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.patches = nn.Conv2d(3, channels, kernel_size=16, stride=16)

    def forward(self, x: Tensor) -> Tensor:
        """`(N,3,H,W)` to `(N,C,h,w)`."""
        features: Tensor = self.patches(4 * (x - 0.5))
        return features


class TinyTemporal(nn.Module):
    """A state that moves half-way to a projection of each frame."""

    causal = True
    lookahead = 0

    def __init__(self, channels: int, state_channels: int) -> None:
        super().__init__()
        self.channels = state_channels
        self.project = nn.Conv2d(channels, state_channels, kernel_size=1)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`(B,T,C,h,w)` and a state to the states and the last of them."""
        new = self.project(x.flatten(0, 1).relu()).unflatten(0, x.shape[:2])
        h = torch.zeros_like(new[:, 0]) if state is None else state
        states = []
        for frame in new.unbind(1):
            h = (h + frame.tanh()) / 2
            states.append(h)
        return torch.stack(states, dim=1), h
