"""A GRU on feature maps, its gates 1x1 convolutions (Cho et al. 2014; Ballas et al. 2016; paper, section 3.2)."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvGRU(nn.Module):
    """Cho's GRU at each feature cell, on x, the ReLU of the features.

        z = sigmoid(Wz x + Uz h + bz)        how much of the state stays
        r = sigmoid(Wr x + Ur h + br)        which parts of it the candidate sees
        n = tanh(Wn x + Un (r * h) + bn)     reset before the product: `nn.GRU` resets after it
        h = z * h + (1 - z) * n

    Each gate's weights on (x, h) start as one orthogonal matrix, the biases at zero. A 1x1 convolution is a matrix
    product over cells, so everything is computed on rows, one row a cell: the x terms of all frames and gates in one
    product, then two small products a frame.
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
        self.channels = hidden or channels
        self.input_norm = input_norm
        self.dropout = nn.Dropout(dropout)
        self.input_gates = nn.Linear(channels, 3 * self.channels)  # rows: z, r, n
        self.state_gates = nn.Linear(self.channels, 2 * self.channels, bias=False)  # rows: z, r
        self.state_candidate = nn.Linear(self.channels, self.channels, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Orthogonal weights for each gate, zero biases."""
        on_state = [*self.state_gates.weight.data.chunk(2), self.state_candidate.weight.data]
        for on_input, on_h in zip(self.input_gates.weight.data.chunk(3), on_state, strict=True):
            gate = nn.init.orthogonal_(torch.cat([on_input, on_h], dim=1))
            on_input.copy_(gate[:, : on_input.shape[1]])
            on_h.copy_(gate[:, on_input.shape[1] :])
        nn.init.zeros_(self.input_gates.bias)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`(B,T,C,h,w)` and `(B,C',h,w)`, None for zeros, to the states of all frames and the last of them.

        One frame, `T = 1`, is a step. The state keeps the precision of the parameters under autocast too.
        """
        batch, frames, _, height, width = x.shape
        x = x.permute(1, 0, 3, 4, 2).relu()  # (T,B,h,w,C)
        if self.input_norm == "layer":
            x = F.layer_norm(x, x.shape[-1:])
        if state is None:
            h = self.input_gates.weight.new_zeros(batch * height * width, self.channels)
        else:
            h = state.permute(0, 2, 3, 1).reshape(-1, self.channels)
        inputs = self.input_gates(x).to(h.dtype).reshape(frames, len(h), -1)
        states = []
        for step in inputs.unbind():
            h = self.dropout(self._step(step, h))
            states.append(h)
        out = torch.stack(states).view(frames, batch, height, width, -1).permute(1, 0, 4, 2, 3)
        return out, out[:, -1]

    def _step(self, inputs: Tensor, h: Tensor) -> Tensor:
        gates = (inputs[:, : -self.channels] + self.state_gates(h)).sigmoid()
        keep, reset = gates.chunk(2, dim=1)
        candidate = (inputs[:, -self.channels :] + self.state_candidate(reset * h)).tanh()
        state: Tensor = candidate + keep * (h - candidate)
        return state
