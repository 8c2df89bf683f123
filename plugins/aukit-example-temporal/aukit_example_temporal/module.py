"""A minimal gated recurrent unit on feature maps (Feng et al. 2024, section 3.1)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class MinGRU(nn.Module):
    """At each feature cell, with x the ReLU of the features:

        u = sigmoid(Wu x + bu)       how much of the state is replaced
        n = Wn x + bn                by what
        h = (1 - u) * h + u * n

    No gate sees the state, so all gates of a clip are one product, and only the last line runs frame by frame.
    """

    causal = True
    lookahead = 0

    def __init__(self, *, channels: int, hidden: int | None = None, memory: float = 8.0) -> None:
        super().__init__()
        self.channels = hidden or channels
        self.gates = nn.Linear(channels, 2 * self.channels)  # rows: u, n
        with torch.no_grad():
            # A state shrinks by (1 - u) a frame: to 1/e after `memory` frames where u = 1 - exp(-1/memory).
            self.gates.bias[: self.channels].fill_(math.log(math.expm1(1 / memory)))
            self.gates.bias[self.channels :].zero_()

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`(B,T,C,h,w)` and `(B,C',h,w)`, None for zeros, to the states of all frames and the last of them."""
        update, new = self.gates(x.relu().movedim(2, -1)).movedim(-1, 2).chunk(2, dim=2)
        update = update.sigmoid()
        h = torch.zeros_like(new[:, 0]) if state is None else state
        states = []
        for u, n in zip(update.unbind(1), new.unbind(1), strict=True):
            h = torch.lerp(h, n, u)
            states.append(h)
        return torch.stack(states, dim=1), h
