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


class NoTemporalParams(Params):
    """Frames stay apart: nothing to set."""
