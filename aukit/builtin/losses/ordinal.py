"""Proportional odds: intensities are ordered levels, not distances (McCullagh 1980, section 2)."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.losses.masked import labelled

LEVELS = 6
"""FACS: absent, then A to E."""

SMALLEST = 1e-12
"""Of a share that a level has between two thresholds: its logarithm and that one's gradient stay finite."""


class Ordinal(nn.Module):
    """Mean over labelled cells of -log P(level), a cumulative-link model with a logistic link.

        P(level < k) = sigmoid(slope * (threshold_k - prediction)),  k = 1 ... 5

    Thresholds and slope are learned. A model may move and stretch its predictions, and thresholds that followed would
    mean the same; so the first threshold stays at 0.5 and the last at 4.5, which takes nothing from the model. Those
    between start at k - 0.5 and stay in order: the four gaps are 4 times a softmax. A loss is not told the AUs: all
    share the thresholds, as they share the letters of FACS.

    With `open` ends, McCullagh's model, the surer a 0 is the further below 0 it is predicted. `closed` adds a level
    below 0 and one above 5 that no label has, with thresholds at -0.5 and 5.5: predictions stay on the scale.

    A label between two levels, as a pseudo-label may be, is an expectation: the two levels' terms are weighed by how
    near it is to each. Labels outside 0 to 5 count as the nearest of these.
    """

    def __init__(self, *, slope: float = 2.0, ends: Literal["closed", "open"] = "closed") -> None:
        super().__init__()
        self.first_slope = slope
        self.ends = ends
        self.log_slope = nn.Parameter(torch.zeros(()))  # of what it starts with: weight decay pulls there
        self.gaps = nn.Parameter(torch.zeros(LEVELS - 2))

    def slope(self) -> Tensor:
        """How fast the odds change with the prediction, above 0."""
        return self.first_slope * self.log_slope.exp()

    def thresholds(self) -> Tensor:
        """`(5,)`, increasing from 0.5 to 4.5."""
        gaps = (LEVELS - 2) * self.gaps.softmax(0)
        return 0.5 + F.pad(gaps.cumsum(0), (1, 0))

    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """`(N,A)` and `(N,A)` with NaN where unlabelled to a scalar. Raises DataError where nothing is labelled."""
        known = labelled(predictions, labels)
        levels = labels[known].clamp(0, LEVELS - 1)
        lower = levels.floor().clamp(max=LEVELS - 2)
        logs = self.log_probabilities(predictions[known])
        near = logs.gather(1, torch.stack([lower, lower + 1], dim=1).long())
        share = levels - lower
        return -torch.lerp(near[:, 0], near[:, 1], share.to(near.dtype)).mean()

    def log_probabilities(self, predictions: Tensor) -> Tensor:
        """`(n,)` to log P of each level `(n,6)`, in float32 or better.

        With a above b, `sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a))`: no two numbers near 1 are
        subtracted, so there is a gradient however far off a prediction is.
        """
        thresholds, slope = self.thresholds(), self.slope()
        if self.ends == "closed":
            below, above = thresholds.new_tensor([-0.5]), thresholds.new_tensor([LEVELS - 0.5])
            thresholds = torch.cat([below, thresholds, above])
        at = slope * (thresholds - predictions.unsqueeze(1))
        # two thresholds may become one in rounding: a level that no label has
        between = (-torch.expm1(-slope * thresholds.diff())).clamp_min(SMALLEST).log()
        logs = F.pad(F.logsigmoid(at), (0, 1)) + F.pad(F.logsigmoid(-at), (1, 0)) + F.pad(between, (1, 1))
        return logs[:, 1:-1] if self.ends == "closed" else logs
