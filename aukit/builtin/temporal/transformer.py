"""Causal self-attention over time, at each feature cell (Vaswani et al. 2017, section 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.errors import ComponentError

Past = tuple[Tensor, Tensor]
State = tuple[Tensor, tuple[Past, ...]]

WAVELENGTH = 10_000.0
"""Frames that the slowest pair of features takes to turn by one radian, almost (Su et al. 2021, section 3.4.2)."""


class Transformer(nn.Module):
    """Layers of attention and feed-forward network on x, a linear map of the features' ReLU.

        x = x + W [softmax(q k^T / sqrt(d)) v  of each head]      q, k, v from the layer norm of x
        x = x + W2 relu(W1 norm(x))

    Norms come before, not after, so that it trains without warm-up (Xiong et al. 2020), and once more at the end. A
    layer looks at the last `memory` frames, the present one among them: an output depends on the last
    `layers (memory - 1) + 1`. Queries and keys are turned by their place in time, so scores depend on distances alone
    (rotary positions, Su et al. 2021): where a clip is cut changes nothing, and places never grow. Cells share the
    weights and do not see each other, as in `convgru`: the grid stays.

    Raises:
        ComponentError: the channels do not split into heads of an even width.
    """

    causal = True
    lookahead = 0

    def __init__(
        self,
        *,
        channels: int,
        hidden: int | None = None,
        layers: int = 2,
        heads: int = 4,
        memory: int = 8,
        feedforward: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.channels = hidden or channels
        if self.channels % (2 * heads):
            raise ComponentError(
                f"{self.channels} channels do not split into {heads} heads of an even width",
                hint=f"set `hidden` to a multiple of {2 * heads}, or fewer `heads`",
            )
        self.memory = memory
        self.embed = nn.Linear(channels, self.channels)
        self.layers = nn.ModuleList(
            Layer(self.channels, heads, feedforward * self.channels, dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(self.channels)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """`(B,T,C,h,w)` and the state, None before the first frame, to `(B,T,C',h,w)` and the state after the last.

        The state is how many frames are remembered, `(B,)`, and for each layer the keys, not turned yet, and the
        values of the last `memory - 1` frames, `(B,h*w*heads,memory-1,d)`, zero where there was none.
        """
        batch, frames, _, *cells = x.shape
        slots = self.memory - 1
        seen = None if state is None else state[0]
        mask = _visible(frames, slots, seen, x.device)
        x = self.embed(x.relu().flatten(3).permute(0, 3, 1, 2))
        after = []
        for number, layer in enumerate(self.layers):
            x, keys, values = layer(x, None if state is None else state[1][number], mask)
            after.append((_newest(keys, slots), _newest(values, slots)))
        known = torch.zeros(batch, dtype=torch.int64, device=x.device) if seen is None else seen
        out = self.norm(x).permute(0, 2, 3, 1).reshape(batch, frames, -1, *cells)
        return out, ((known + frames).clamp(max=slots), tuple(after))


class Layer(nn.Module):
    """Attention over time, then two linear maps of each frame by itself."""

    def __init__(self, channels: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(channels)
        self.project = nn.Linear(channels, 3 * channels, bias=False)  # rows: q, k, v
        self.out = nn.Linear(channels, channels)
        self.feedforward = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, feedforward),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(feedforward, channels),
            nn.Dropout(dropout),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, past: Past | None, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(B,N,T,C)`, earlier keys and values, and who sees whom `(...,T,S)`, to the same and all keys and values."""
        q, k, v = (self._split(part) for part in self.project(self.before_attention(x)).chunk(3, dim=-1))
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        drop = self.dropout.p if self.training else 0.0
        turned_q, turned_k = _turn(q, k.shape[2] - q.shape[2]), _turn(k, 0)
        mixed = F.scaled_dot_product_attention(turned_q, turned_k, v, attn_mask=mask, dropout_p=drop)
        mixed = mixed.view(len(x), -1, self.heads, *mixed.shape[2:]).transpose(2, 3).flatten(3)
        x = x + self.dropout(self.out(mixed))
        return x + self.feedforward(x), k, v

    def _split(self, x: Tensor) -> Tensor:
        """`(B,N,T,C)` to `(B,N*heads,T,d)`: to attention a cell is like a head."""
        return x.view(*x.shape[:3], self.heads, -1).transpose(2, 3).flatten(1, 2)


def _turn(x: Tensor, first: int) -> Tensor:
    """Rotary positions: pair i of `(...,T,d)`, features i and i + d/2, is turned by `t * WAVELENGTH^(-2i/d)`."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    time = torch.arange(first, first + x.shape[-2], device=x.device, dtype=dtype)
    pairs = torch.arange(0, x.shape[-1], 2, device=x.device, dtype=dtype) / x.shape[-1]
    angle = time[:, None] * WAVELENGTH**-pairs
    a, b = x.chunk(2, dim=-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1).type_as(x)


def _visible(frames: int, slots: int, seen: Tensor | None, device: torch.device) -> Tensor:
    """Which of the remembered and new frames each new one looks at: `(T,S)`, or `(B,1,T,S)` where some slots of the
    memory may be empty.
    """
    before = 0 if seen is None else slots
    at = torch.arange(before + frames, device=device)
    back = at[before:, None] - at
    near = (back >= 0) & (back <= slots)
    return near if seen is None else near & (at >= before - seen[:, None])[:, None, None]


def _newest(x: Tensor, slots: int) -> Tensor:
    """The last `slots` of `(B,H,S,d)`, zeros in front where there are fewer."""
    missing = slots - x.shape[2]
    return F.pad(x, (0, 0, missing, 0)) if missing > 0 else x[:, :, x.shape[2] - slots :]
