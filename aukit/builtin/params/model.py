"""Parameters of backbones and heads.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aukit.contracts.params import Params

Blocks = Annotated[int, Field(ge=1)]


class ResNet18Params(Params):
    """ResNet-18 without pooling and classifier, trimmed to `channels` (paper, section 3.2)."""

    width: int = Field(
        64, ge=4, description="channels of the first stage; the next have twice, four times that (ResNet: 64)"
    )
    channels: int = Field(
        256, ge=4, description="channels of the last stage; none has more (paper, 3.2: 256)"
    )
    blocks: tuple[Blocks, Blocks, Blocks, Blocks] = Field(
        (2, 2, 2, 2), description="residual blocks in each of the four stages (ResNet-18: 2 each)"
    )
    output_stride: Literal[8, 16, 32] = Field(
        16, description="pixels between neighbouring feature cells: 16 turns 128x128 into 8x8 (paper, 3.2)"
    )


class TimmParams(Params):
    """Any timm model that gives feature maps."""

    model: str = Field("resnet18", description="name of a timm model; `timm.list_models()` shows them")
    stride: int = Field(
        16, ge=1, description="pixels a cell of the feature map taken (ours: 8x8 cells at 128)"
    )
    channels: int = Field(
        256,
        ge=0,
        description="a 1x1 convolution projects to this many; 0: none, the model's own (paper, 3.2: 256)",
    )
    weights: str = Field(
        "", description="local .safetensors file with the model's weights; empty: random ones"
    )
    image_size: int | None = Field(
        None,
        ge=1,
        description="side of the frames, for models built for one size such as ViT; none: any size",
    )


class PoolBnLinearParams(Params):
    """Average pooling, batch normalisation, a linear layer (paper, section 3.2)."""

    momentum: float = Field(
        0.1,
        gt=0,
        le=1,
        description="weight of the newest batch in the running statistics (ours: torch's default)",
    )
