"""Parameters of backbones, temporal modules, objectives, heads, losses and augmentations.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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


class ConvGRUParams(Params):
    """A GRU on feature maps whose gates are 1x1 convolutions (paper, section 3.2)."""

    hidden: int | None = Field(
        None, ge=1, description="channels of the state; none: as the features (paper, 3.2)"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout on the state after each frame (paper: none)")
    input_norm: Literal["none", "layer"] = Field(
        "none",
        description="`layer` brings each cell's features to mean 0 and variance 1 before the gates, so that large "
        "features cannot saturate them (paper: none)",
    )


class NoTemporalParams(Params):
    """Frames stay apart: nothing to set."""


class DpcNceParams(Params):
    """Recursive predictive coding with noise contrastive estimation (paper, section 3.3, equation 1)."""

    frames: int = Field(15, ge=2, description="frames of a clip, T (paper, 3.2)")
    context: int = Field(10, ge=1, description="frames that are seen; the rest is predicted (paper, 3.2)")
    negatives: tuple[Literal["all", "same-clip", "same-cell"], ...] = Field(
        ("all",),
        min_length=1,
        description="features each prediction is told apart from: `all` of the batch, those of the `same-clip`, or the "
        "`same-cell` of the same clip at the other times; several losses are averaged (paper, 3.3: all)",
    )
    normalize: bool = Field(False, description="cosine instead of the dot product (paper, 3.3: dot product)")
    temperature: float = Field(1.0, gt=0, description="scores are divided by this (paper: 1)")
    target_stop_gradient: bool = Field(False, description="no gradient through the targets (paper: there is)")

    @model_validator(mode="after")
    def _something_to_predict(self) -> Self:
        if self.context >= self.frames:
            raise ValueError(f"context ({self.context}) must be smaller than frames ({self.frames})")
        return self


class PoolBnLinearParams(Params):
    """Average pooling, batch normalisation, a linear layer (paper, section 3.2)."""

    momentum: float = Field(
        0.1,
        gt=0,
        le=1,
        description="weight of the newest batch in the running statistics (ours: torch's default)",
    )


class L2Params(Params):
    """Squared error (paper, equation 2): nothing to set."""


class HuberParams(Params):
    """Squared error near zero, absolute error far out."""

    delta: float = Field(1.0, gt=0, description="intensity error where the two meet (ours: one FACS level)")


class _ViewParams(Params):
    rotation: float = Field(
        20.0, ge=0, le=180, description="largest rotation either way, in degrees (paper, 4)"
    )
    scale: float = Field(
        0.1, ge=0, lt=1, description="largest change of size either way, 0.1 is 10 % (paper, 4)"
    )
    flip: float = Field(
        0.5,
        ge=0,
        le=1,
        description="probability of a left-right flip; an AU is one number for both sides (paper, 4)",
    )
    jitter: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="largest shift of the crop either way, in parts of its side (paper, 4; size ours)",
    )
    brightness: float = Field(
        0.4,
        ge=0,
        le=1,
        description="pixels are multiplied by a factor within 1 +- this (paper, 4; size ours)",
    )
    contrast: float = Field(
        0.4,
        ge=0,
        le=1,
        description="differences from the mean grey are multiplied likewise (paper, 4; size ours)",
    )
    saturation: float = Field(
        0.4,
        ge=0,
        le=1,
        description="differences from the own grey are multiplied likewise (paper, 4; size ours)",
    )
    hue: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="largest turn of the hue either way, in parts of the circle (paper, 4; size ours)",
    )
    colour_per_frame: bool = Field(
        False,
        description="draw the colour changes for each frame, not for each clip (ours: a clip keeps its light)",
    )


class PaperAugmentationParams(_ViewParams):
    """Random views with exact hue (paper, section 4, "heavy augmentations")."""


class FastAugmentationParams(_ViewParams):
    """The same ranges; hue and saturation as one linear map of colours."""


class NoAugmentationParams(Params):
    """Pixels as they are: nothing to set."""
