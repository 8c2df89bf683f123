"""Frames and clips as vectors, for objectives that do not look at single cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from torch import Tensor

Level = Literal["frame", "clip"]


def vectors(
    backbone: Callable[[Tensor], Tensor], temporal: Callable[[Tensor], Any], clips: Tensor, level: Level
) -> Tensor:
    """One vector for each frame, or for each clip.

    Args:
        backbone: frames (N,3,H,W) to features (N,C,h,w) before the last ReLU.
        temporal: features (B,T,C,h,w) to a pair of states (B,T,C',h',w') and anything.
        clips: (B,T,3,H,W) in 0..1.
        level: `frame`: the features, as a ResNet pools them; `clip`: the state after the last frame.

    Returns:
        (B,T,C), or (B,1,C') for clips.
    """
    features = backbone(clips.flatten(0, 1))
    if level == "frame":
        return features.relu().mean((2, 3)).view(*clips.shape[:2], -1)
    states, _ = temporal(features.view(*clips.shape[:2], *features.shape[1:]))
    last: Tensor = states[:, -1:].mean((3, 4))
    return last
