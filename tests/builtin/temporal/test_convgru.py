"""The convolutional GRU against its equations, written anew in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aukit.builtin.temporal.convgru import ConvGRU
from aukit.builtin.temporal.none import NoTemporal

Array = NDArray[np.float64]


def reference(gru: ConvGRU, x: Array, h: Array) -> Array:
    """Cho's equations, cell by cell and gate by gate, for features (B,T,C,h,w) and a state (B,C',h,w)."""
    weights = {name: value.detach().double().numpy() for name, value in gru.named_parameters()}
    on_z, on_r, on_n = np.split(weights["input_gates.weight"], 3)
    bias_z, bias_r, bias_n = np.split(weights["input_gates.bias"], 3)
    state_z, state_r = np.split(weights["state_gates.weight"], 2)
    state_n = weights["state_candidate.weight"]
    states = np.zeros((*x.shape[:2], h.shape[1], *x.shape[3:]))
    for b, i, j in np.ndindex(x.shape[0], *x.shape[3:]):
        now = h[b, :, i, j]
        for t in range(x.shape[1]):
            seen = np.maximum(x[b, t, :, i, j], 0)
            z = 1 / (1 + np.exp(-(on_z @ seen + state_z @ now + bias_z)))
            r = 1 / (1 + np.exp(-(on_r @ seen + state_r @ now + bias_r)))
            n = np.tanh(on_n @ seen + state_n @ (r * now) + bias_n)
            now = z * now + (1 - z) * n
            states[b, t, :, i, j] = now
    return states


def stirred(**options: int) -> ConvGRU:
    torch.manual_seed(0)
    gru = ConvGRU(**options)
    with torch.no_grad():
        gru.input_gates.bias.normal_()
    return gru


@pytest.mark.parametrize(
    "options", [{"channels": 5}, {"channels": 5, "hidden": 3}, {"channels": 3, "hidden": 7}]
)
def test_states_equal_the_equations(options: dict[str, int]) -> None:
    gru = stirred(**options).double()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 6, options["channels"], 3, 2))
    h = rng.normal(size=(2, gru.channels, 3, 2))
    states, last = gru(torch.from_numpy(x), torch.from_numpy(h))
    np.testing.assert_allclose(states.detach().numpy(), reference(gru, x, h), rtol=1e-10, atol=1e-12)
    assert torch.equal(last, states[:, -1])
    from_nothing, _ = gru(torch.from_numpy(x))
    np.testing.assert_allclose(
        from_nothing.detach().numpy(), reference(gru, x, np.zeros_like(h)), rtol=1e-10, atol=1e-12
    )


def test_gradients_equal_those_of_plain_convolutions() -> None:
    gru = stirred(channels=4).double()
    x = torch.randn(2, 5, 4, 3, 3, dtype=torch.float64, requires_grad=True)
    x_plain = x.detach().clone().requires_grad_()
    gru(x)[0].square().sum().backward()
    ours = {name: parameter.grad.clone() for name, parameter in gru.named_parameters()}
    gru.zero_grad()

    def conv(weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("oc,bchw->bohw", weight, x)

    h, states = torch.zeros(2, 4, 3, 3, dtype=torch.float64), []
    for frame in x_plain.relu().unbind(1):
        on_z, on_r, on_n = (conv(gru.input_gates.weight, frame) + gru.input_gates.bias.view(-1, 1, 1)).chunk(
            3, 1
        )
        state_z, state_r = conv(gru.state_gates.weight, h).chunk(2, 1)
        z, r = torch.sigmoid(on_z + state_z), torch.sigmoid(on_r + state_r)
        h = z * h + (1 - z) * torch.tanh(on_n + conv(gru.state_candidate.weight, r * h))
        states.append(h)
    torch.stack(states, 1).square().sum().backward()
    torch.testing.assert_close(x.grad, x_plain.grad)
    for name, parameter in gru.named_parameters():
        torch.testing.assert_close(ours[name], parameter.grad)


@settings(max_examples=25, deadline=None)
@given(frames=st.integers(2, 9), cut=st.integers(1, 8), channels_last=st.booleans())
def test_two_chunks_equal_the_whole(frames: int, cut: int, channels_last: bool) -> None:
    cut = min(cut, frames - 1)
    gru = stirred(channels=3, hidden=4)
    x = torch.randn(2, frames, 3, 2, 3)
    if channels_last:
        x = x.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    whole, last = gru(x)
    first, state = gru(x[:, :cut])
    second, end = gru(x[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(end, last)


def test_each_gate_starts_orthogonal_on_input_and_state_with_zero_bias() -> None:
    gru = ConvGRU(channels=6, hidden=4)
    on_input = gru.input_gates.weight.chunk(3)
    on_state = [*gru.state_gates.weight.chunk(2), gru.state_candidate.weight]
    for gate in zip(on_input, on_state, strict=True):
        rows = torch.cat(gate, dim=1)
        torch.testing.assert_close(rows @ rows.mT, torch.eye(4), atol=1e-5, rtol=0)
    assert not gru.input_gates.bias.any()


def test_dropout_acts_in_training_only() -> None:
    x = torch.randn(2, 4, 8, 3, 3)
    gru = ConvGRU(channels=8, dropout=0.5)
    states, _ = gru(x)
    assert 0.3 < (states == 0).float().mean() < 0.7
    gru.eval()
    assert not (gru(x)[0] == 0).any()


def test_layer_norm_makes_states_blind_to_the_scale_of_features() -> None:
    x = 10 * torch.randn(2, 4, 8, 3, 3)  # far above the small number that the norm adds to a variance
    gru = ConvGRU(channels=8, input_norm="layer")
    torch.testing.assert_close(gru(x)[0], gru(100 * x)[0], atol=1e-3, rtol=0)
    plain = ConvGRU(channels=8)
    assert (plain(x)[0] - plain(100 * x)[0]).abs().max() > 0.1


def test_the_state_keeps_float32_under_autocast() -> None:
    gru = ConvGRU(channels=8)
    x = torch.randn(2, 20, 8, 3, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states, state = gru(x.bfloat16())
    assert states.dtype == state.dtype == torch.float32
    torch.testing.assert_close(states, gru(x)[0], atol=0.03, rtol=0)


def test_none_is_a_relu_without_a_state() -> None:
    x = torch.randn(2, 3, 4, 2, 2)
    none = NoTemporal(channels=4)
    out, state = none(x)
    assert torch.equal(out, x.clamp(min=0))
    assert state is None
    assert (none.channels, none.causal, none.lookahead) == (4, True, 0)
