"""The model: backbone, temporal module, head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from aukit.contracts.params import Choice
from aukit.hosting.build import build
from aukit.hosting.registry import Registry
from aukit.training.seeding import reseed_torch

PARTS = ("backbone", "temporal", "head")


class AUModel(nn.Module):
    """Clips to intensities, frame by frame through time (paper, section 3.2)."""

    def __init__(self, backbone: nn.Module, temporal: nn.Module, head: nn.Module, aus: Sequence[str]) -> None:
        super().__init__()
        self.backbone = backbone
        self.temporal = temporal
        self.head = head
        self.aus = tuple(aus)

    def features(self, frames: Tensor) -> Tensor:
        """`(N,3,H,W)` in 0..1 to `(N,C,h,w)`. Frames go in as channels last: convolutions like that better."""
        found: Tensor = self.backbone(frames.contiguous(memory_format=torch.channels_last))
        return found

    def forward(self, clips: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """`(B,T,3,H,W)` in 0..1 and a state to intensities `(B,T,A)`, unclipped, and the state after the last frame."""
        batch, time = clips.shape[:2]
        features = self.features(clips.flatten(0, 1))
        features = features.view(batch, time, *features.shape[1:])
        states, state = self.temporal(features, state)
        return self.head(states.flatten(0, 1)).view(batch, time, -1), state


def build_part(
    part: str,
    choice: Choice,
    seed: int,
    *,
    registry: Registry | None = None,
    key: str = "model",
    **wiring: Any,
) -> nn.Module:
    """One part with weights that depend on the seed, `key` and the part alone: leaving a stage out changes none."""
    reseed_torch(seed, key, part)
    module: nn.Module = build(part, choice.name, wiring, registry=registry, **choice.params)
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def build_model(
    parts: Mapping[str, Choice],
    aus: Sequence[str],
    seed: int,
    *,
    registry: Registry | None = None,
    key: str = "model",
) -> AUModel:
    """A model from the three choices `backbone`, `temporal`, `head`; torch's generators are reseeded on the way."""
    backbone: Any = build_part("backbone", parts["backbone"], seed, registry=registry, key=key)
    channels = backbone.channels
    temporal: Any = build_part(
        "temporal", parts["temporal"], seed, registry=registry, key=key, channels=channels
    )
    wiring = {"channels": temporal.channels, "aus": tuple(aus)}
    head = build_part("head", parts["head"], seed, registry=registry, key=key, **wiring)
    return AUModel(backbone, temporal, head, aus)
