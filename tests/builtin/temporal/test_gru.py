"""The pooled GRU against Cho's equations on vectors, written anew in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aukit.builtin.temporal.convgru import ConvGRU
from aukit.builtin.temporal.gru import GRU

Array = NDArray[np.float64]


def reference(gru: GRU, x: Array, h: Array) -> Array:
    """States (B,T,C') of features (B,T,C,h,w) and a state (B,C')."""
    weights = {name: value.detach().double().numpy() for name, value in gru.named_parameters()}
    w_z, w_r, w_n = np.split(weights["cell.input_gates.weight"].T, 3, axis=1)
    b_z, b_r, b_n = np.split(weights["cell.input_gates.bias"], 3)
    u_z, u_r = np.split(weights["cell.state_gates.weight"].T, 2, axis=1)
    u_n = weights["cell.state_candidate.weight"].T

    def sigmoid(a: Array) -> Array:
        return 1 / (1 + np.exp(-a))

    states = []
    for t in range(x.shape[1]):
        v = np.maximum(x[:, t], 0).mean(axis=(2, 3))
        z, r = sigmoid(v @ w_z + h @ u_z + b_z), sigmoid(v @ w_r + h @ u_r + b_r)
        h = z * h + (1 - z) * np.tanh(v @ w_n + (r * h) @ u_n + b_n)
        states.append(h)
    return np.stack(states, axis=1)


@pytest.mark.parametrize("hidden", [None, 3])
def test_states_equal_the_equations(hidden: int | None) -> None:
    torch.manual_seed(0)
    gru = GRU(channels=5, hidden=hidden).double()
    torch.nn.init.normal_(gru.cell.input_gates.bias)
    rng = np.random.default_rng(0)
    x, h = rng.normal(size=(2, 6, 5, 3, 2)), rng.normal(size=(2, gru.channels))
    states, last = gru(torch.from_numpy(x), torch.from_numpy(h)[..., None, None])
    assert states.shape == (2, 6, gru.channels, 1, 1)
    expected = reference(gru, x, h)
    np.testing.assert_allclose(states.detach().numpy()[..., 0, 0], expected, rtol=1e-10, atol=1e-12)
    assert torch.equal(last, states[:, -1])


def test_where_cells_are_on_the_map_makes_no_difference() -> None:
    gru = GRU(channels=4)
    x = torch.randn(2, 5, 4, 3, 3)
    shuffled = x.flatten(3)[..., torch.randperm(9)].view_as(x)
    torch.testing.assert_close(gru(shuffled)[0], gru(x)[0])


def test_it_starts_as_the_convolutional_gru_of_the_same_seed() -> None:
    torch.manual_seed(3)
    gru = GRU(channels=4)
    torch.manual_seed(3)
    conv = ConvGRU(channels=4)
    x = torch.randn(2, 5, 4, 1, 1)
    assert torch.equal(gru(x)[0], conv(x)[0])
