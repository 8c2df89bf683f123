"""Parameters of losses.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aukit.contracts.params import Params


class L2Params(Params):
    """Squared error (paper, equation 2): nothing to set."""


class HuberParams(Params):
    """Squared error near zero, absolute error far out."""

    delta: float = Field(1.0, gt=0, description="intensity error where the two meet (ours: one FACS level)")


class OrdinalParams(Params):
    """Ordered levels with learned thresholds, proportional odds."""

    slope: float = Field(
        2.0,
        gt=0,
        description="how fast the log odds change with the prediction at first, learned from there (ours: a logistic "
        "noise of 0.9 levels)",
    )
    ends: Literal["closed", "open"] = Field(
        "closed",
        description="`closed` keeps predictions on the scale of 0 to 5; with `open` those of a sure 0 fall without end "
        "and those of a sure 5 rise, as in McCullagh's model (ours: predictions are read as intensities)",
    )
