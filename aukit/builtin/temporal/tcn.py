"""Causal dilated convolutions over time, at each feature cell (Bai, Kolter, Koltun 2018, section 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

State = tuple[tuple[Tensor, Tensor], ...]


class TCN(nn.Module):
    """Residual blocks on x, the ReLU of the features; block i, from 0, dilates time by 2^i.

        y = dropout(relu(conv(x)))      weight-normed, kernel frames 2^i apart, none of them later
        y = dropout(relu(conv(y)))
        x = relu(x + y)                 x through a 1x1 convolution where the channels differ

    All cells share the weights and none sees another, as in `convgru`: the grid stays, so objectives that predict cell
    by cell work, and pooling is left to the head. An output depends on the last `1 + 2 (kernel - 1) (2^levels - 1)`
    frames. Before a clip every convolution sees zeros; the state is what each of them still needs, its last
    `(kernel - 1) 2^i` inputs.
    """

    causal = True
    lookahead = 0

    def __init__(
        self,
        *,
        channels: int,
        hidden: int | None = None,
        levels: int = 3,
        kernel: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels = hidden or channels
        widths = [channels, *[self.channels] * levels]
        self.blocks = nn.ModuleList(
            Block(widths[level], self.channels, kernel, 2**level, dropout) for level in range(levels)
        )

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """`(B,T,C,h,w)` and the state, None before the first frame, to `(B,T,C',h,w)` and the state after the last.

        The state holds for each block the past of its two convolutions, `(B,C,frames,h*w)` each.
        """
        batch, frames, _, *cells = x.shape
        x = x.relu().flatten(3).transpose(1, 2)  # time and cells are the two axes of a picture
        after = []
        for number, block in enumerate(self.blocks):
            x, past = block(x, None if state is None else state[number])
            after.append(past)
        return x.transpose(1, 2).reshape(batch, frames, -1, *cells), tuple(after)


class Block(nn.Module):
    """Two causal convolutions beside a short cut."""

    def __init__(self, channels: int, hidden: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.first = CausalConv(channels, hidden, kernel, dilation)
        self.second = CausalConv(hidden, hidden, kernel, dilation)
        self.short_cut = nn.Identity() if channels == hidden else nn.Conv2d(channels, hidden, kernel_size=1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """`(B,C,T,N)` and both pasts to `(B,C',T,N)` and both pasts after it."""
        first, second = state or (None, None)
        y, first = self.first(x, first)
        y, second = self.second(self.dropout(y.relu()), second)
        return (self.short_cut(x) + self.dropout(y.relu())).relu(), (first, second)


class CausalConv(nn.Module):
    """A weight-normed convolution over frames `dilation` apart, up to the present one."""

    def __init__(self, channels: int, hidden: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.past = (kernel - 1) * dilation
        self.conv = weight_norm(nn.Conv2d(channels, hidden, (kernel, 1), dilation=(dilation, 1)))

    def forward(self, x: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """`(B,C,T,N)` and the `(B,C,past,N)` before it, None for zeros, to `(B,C',T,N)` and the newest past."""
        x = F.pad(x, (0, 0, self.past, 0)) if past is None else torch.cat([past, x], dim=2)
        return self.conv(x), x[:, :, x.shape[2] - self.past :]
