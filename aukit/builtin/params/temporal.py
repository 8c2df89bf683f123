"""Parameters of temporal modules.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aukit.contracts.params import Params


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


class GRUParams(ConvGRUParams):
    """A GRU on one vector a frame, the mean over all feature cells."""


class TCNParams(Params):
    """Causal dilated convolutions over time, at each feature cell."""

    hidden: int | None = Field(
        None, ge=1, description="channels of the states; none: as the features (ours: as `convgru`)"
    )
    levels: int = Field(
        3,
        ge=1,
        le=12,
        description="residual blocks, each of twice the dilation (ours: with `kernel` 2, 15 frames)",
    )
    kernel: int = Field(
        2,
        ge=2,
        description="frames that one convolution joins (ours: the last 15 frames are seen, as in a window)",
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout after each convolution (ours: as `convgru`)")


class TransformerParams(Params):
    """Causal self-attention over time, at each feature cell."""

    hidden: int | None = Field(
        None, ge=2, description="channels of the states; none: as the features (ours: as `convgru`)"
    )
    layers: int = Field(2, ge=1, description="layers (ours: few labels; Vaswani et al. have 6)")
    heads: int = Field(
        4, ge=1, description="attention heads of a layer (ours: few channels; Vaswani et al. have 8)"
    )
    memory: int = Field(
        8,
        ge=2,
        description="frames that a layer looks at, the present one included (ours: two layers see 15 frames, a window)",
    )
    feedforward: int = Field(
        2,
        ge=1,
        description="width of the feed-forward network, times the channels (ours: Vaswani et al. have 4)",
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="dropout on attention and after each part (ours: as `convgru`)"
    )


class NoTemporalParams(Params):
    """Frames stay apart: nothing to set."""
