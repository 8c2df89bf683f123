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
        batch, _, _, height, width = x.shape
        h = self._state_rows(state, batch * height * width)
        states = []
        for inputs in self.encode(x.transpose(0, 1)).unbind():
            h = self._step(inputs, h)
            states.append(h)
        out = torch.stack(states).view(-1, batch, height, width, self.channels).permute(1, 0, 4, 2, 3)
        return out, out[:, -1]

    def encode(self, x: Tensor) -> Tensor:
        """`(...,C,h,w)` to what a frame adds to the gates whatever the state is: `(...,h,w,3C')`."""
        x = x.movedim(-3, -1).relu()
        if self.input_norm == "layer":
            x = F.layer_norm(x, x.shape[-1:])
        inputs: Tensor = self.input_gates(x)
        return inputs

    def advance(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One encoded frame `(B,h,w,3C')` and the state before it to the output and the state after it."""
        h = self._step(inputs, self._state_rows(state, inputs.shape[:-1].numel()))
        out = h.view(*inputs.shape[:-1], -1).permute(0, 3, 1, 2)
        return out, out

    def _state_rows(self, state: Tensor | None, rows: int) -> Tensor:
        if state is None:
            return self.input_gates.weight.new_zeros(rows, self.channels)
        return state.permute(0, 2, 3, 1).reshape(-1, self.channels)

    def _step(self, inputs: Tensor, h: Tensor) -> Tensor:
        inputs = inputs.to(h.dtype).reshape(len(h), -1)
        gates = (inputs[:, : -self.channels] + self.state_gates(h)).sigmoid()
        keep, reset = gates.chunk(2, dim=1)
        candidate = (inputs[:, -self.channels :] + self.state_candidate(reset * h)).tanh()
        state: Tensor = self.dropout(candidate + keep * (h - candidate))
        return state
