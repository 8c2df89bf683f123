"""Parameters of self-supervised objectives.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from aukit.contracts.params import Params


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
