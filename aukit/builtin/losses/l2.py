"""Squared error (paper, equation 2)."""

from __future__ import annotations

from torch import Tensor, nn

from aukit.builtin.losses.masked import errors


class L2(nn.Module):
    """Mean of the squared errors over labelled cells."""

    def forward(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """`(N,A)` and `(N,A)` with NaN where unlabelled to a scalar. Raises DataError where nothing is labelled."""
        error, count = errors(predictions, labels)
        return error.square().sum() / count
