"""A GRU on spatially pooled features: one vector a frame (Cho et al. 2014, equations 5 to 8)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from aukit.builtin.temporal.convgru import ConvGRU


class GRU(nn.Module):
    """`ConvGRU` on a map of one cell, the mean over all cells of the features' ReLU.

    On vectors its gates are those of Cho's GRU. Against `convgru` only the pooling differs, not the equations, the
    weights or how they start: what a comparison shows is what the map is worth.
    """

    causal = True
    lookahead = 0

    def __init__(
        self,
        *,
        channels: int,
        hidden: int | None = None,
        dropout: float = 0.0,
        input_norm: Literal["none", "layer"] = "none",
    ) -> None:
        super().__init__()
        self.cell = ConvGRU(channels=channels, hidden=hidden, dropout=dropout, input_norm=input_norm)
        self.channels = self.cell.channels

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`(B,T,C,h,w)` and `(B,C',1,1)`, None for zeros, to the states `(B,T,C',1,1)` and the last of them."""
        states, last = self.cell(_pooled(x), state)
        return states, last

    def encode(self, x: Tensor) -> Tensor:
        """`(...,C,h,w)` to what a frame adds to the gates whatever the state is: `(...,1,1,3C')`."""
        return self.cell.encode(_pooled(x))

    def advance(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One encoded frame `(B,1,1,3C')` and the state before it to the output and the state after it."""
        return self.cell.advance(inputs, state)


def _pooled(x: Tensor) -> Tensor:
    """Never below zero, so the GRU's own ReLU changes nothing."""
    return x.relu().mean((-2, -1), keepdim=True)
