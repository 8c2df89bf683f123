"""The regressor head: average pooling, batch normalisation, a linear layer (paper, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from aukit.errors import UsageError


class PoolBnLinear(nn.Module):
    """States to one intensity for each AU, unclipped."""

    def __init__(self, *, channels: int, aus: Sequence[str], momentum: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, momentum=momentum)
        self.linear = nn.Linear(channels, len(aus))

    def forward(self, h: Tensor) -> Tensor:
        """`(N,C,h,w)` to `(N,A)`.

        Raises:
            UsageError: N is 1 in training, where the variance over a batch of one is zero.
        """
        if self.training and len(h) == 1:
            raise UsageError(
                "batch normalisation cannot train on a batch of one frame",
                hint="set the stage's batch to 2 or more",
            )
        intensities: Tensor = self.linear(self.norm(h.mean((2, 3))))
        return intensities
