"""Parameters of backbones, temporal modules, objectives, heads, losses and augmentations."""

from __future__ import annotations

from pydantic import Field

from aukit.contracts.params import Params


class ResNet18Params(Params):
    """ResNet-18 trimmed to `channels` (paper, section 3.2)."""

    width: int = Field(64, ge=4, description="channels of the first stage; the later ones have twice and four times that")
    channels: int = Field(256, ge=4, description="channels of the last two stages: 256 in the paper")
    blocks: tuple[int, ...] = Field((2, 2, 2, 2), description="residual blocks in each stage")
    output_stride: int = Field(16, description="pixels a feature cell spans: 16 turns 128x128 into 8x8, as in the paper")
