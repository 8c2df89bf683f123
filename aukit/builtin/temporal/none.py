"""No memory: each frame by itself, through the ReLU that every temporal part begins with."""

from __future__ import annotations

from torch import Tensor, nn


class NoTemporal(nn.Module):
    """The ReLU that the backbone leaves out. There is no state: it is None before and after any frame."""

    causal = True
    lookahead = 0

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor, state: None = None) -> tuple[Tensor, None]:
        """`(B,T,C,h,w)` to `(B,T,C,h,w)`, no value below zero."""
        return x.relu(), None

    def encode(self, x: Tensor) -> Tensor:
        """`(...,C,h,w)` to the output itself."""
        return x.relu()

    def advance(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        """The encoded frame is the output."""
        return inputs, None
