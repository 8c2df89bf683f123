"""Huber's loss (1964): single wrong labels pull less than under a squared error."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.losses.masked import errors


class Huber(nn.Module):
    """Mean over labelled cells of `e^2 / 2` where `|e| <= delta`, else `delta * (|e| - delta / 2)`."""

    def __init__(self, *, delta: float = 1.0) -> None:
        super().__init__()
        self.delta = delta

    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """`(N,A)` and `(N,A)` with NaN where unlabelled to a scalar. Raises DataError where nothing is labelled."""
        error, count = errors(predictions, labels)
        return F.huber_loss(error, torch.zeros_like(error), reduction="sum", delta=self.delta) / count
