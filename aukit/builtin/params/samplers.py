"""Parameters of label samplers.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from aukit.contracts.params import Params


class RandomSamplerParams(Params):
    """Labelled frames drawn at random (paper, section 4): 2 % of them."""

    fraction: float = Field(
        0.02, gt=0, le=1, description="share of the labelled frames, rounded down (paper: 0.02)"
    )
    count: int | None = Field(
        None, ge=1, description="an exact number of frames instead: 1162 in the paper on DISFA, 1498 on BP4D"
    )

    def smoke(self) -> dict[str, Any]:
        """An exact count of a whole data set may be more than a smoke run has."""
        return {} if self.count is None else {"count": min(self.count, 16)}
