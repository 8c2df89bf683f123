"""Causal dilated convolutions against Bai's blocks, written anew in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aukit.builtin.temporal.tcn import TCN

Array = NDArray[np.float64]


def reference(tcn: TCN, x: Array) -> Array:
    """Outputs (T,C') of one cell's features (T,C), frame by frame and tap by tap."""
    weights = {name: value.detach().double().numpy() for name, value in tcn.state_dict().items()}

    def conv(name: str, x: Array, dilation: int) -> Array:
        size = weights[f"{name}.conv.parametrizations.weight.original0"]
        v = weights[f"{name}.conv.parametrizations.weight.original1"]
        w = size * v / np.sqrt((v**2).sum(axis=(1, 2, 3), keepdims=True))
        out = np.tile(weights[f"{name}.conv.bias"], (len(x), 1))
        taps = w.shape[2]
        for t in range(len(x)):
            for tap in range(taps):
                back = t - (taps - 1 - tap) * dilation
                if back >= 0:
                    out[t] += w[:, :, tap, 0] @ x[back]
        return out

    x = np.maximum(x, 0)
    for level in range(len(tcn.blocks)):
        name = f"blocks.{level}"
        y = np.maximum(conv(f"{name}.first", x, 2**level), 0)
        y = np.maximum(conv(f"{name}.second", y, 2**level), 0)
        if f"{name}.short_cut.weight" in weights:
            x = x @ weights[f"{name}.short_cut.weight"][:, :, 0, 0].T + weights[f"{name}.short_cut.bias"]
        x = np.maximum(x + y, 0)
    return x


@pytest.mark.parametrize(
    "options", [{}, {"hidden": 3, "levels": 2, "kernel": 3}, {"hidden": 7, "levels": 1, "kernel": 4}]
)
def test_outputs_equal_the_blocks_of_bai(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    tcn = TCN(channels=5, **options).double()
    for name, parameter in tcn.named_parameters():
        if name.endswith("original0"):  # the sizes start as those of the directions
            torch.nn.init.uniform_(parameter, 0.5, 2)
    x = np.random.default_rng(0).normal(size=(2, 18, 5, 3, 2))
    found = tcn(torch.from_numpy(x))[0].detach().numpy()
    assert found.shape == (2, 18, tcn.channels, 3, 2)
    for b, i, j in np.ndindex(2, 3, 2):
        expected = reference(tcn, x[b, :, :, i, j])
        np.testing.assert_allclose(found[b, :, :, i, j], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("levels", "kernel"), [(3, 2), (2, 3), (1, 4)])
def test_an_output_depends_on_as_many_frames_as_it_says(levels: int, kernel: int) -> None:
    torch.manual_seed(0)
    tcn = TCN(channels=8, levels=levels, kernel=kernel).double()
    sees = 1 + 2 * (kernel - 1) * (2**levels - 1)
    x = torch.randn(1, sees + 5, 8, 1, 1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(tcn(x)[0][:, -1].sum(), x)
    moved = gradient[0].abs().sum((1, 2, 3)) > 0
    assert moved.tolist() == [False] * 5 + [True] * sees


def test_the_state_is_as_long_as_the_dilation_asks() -> None:
    tcn = TCN(channels=4, kernel=3)
    for frames in (1, 4, 40):
        _, state = tcn(torch.randn(2, frames, 4, 3, 3))
        assert [part.shape[2] for block in state for part in block] == [2, 2, 4, 4, 8, 8]


def test_dropout_acts_in_training_only() -> None:
    x = torch.randn(2, 4, 8, 3, 3)
    tcn = TCN(channels=8, dropout=0.5)
    assert not torch.equal(tcn(x)[0], tcn(x)[0])
    tcn.eval()
    assert torch.equal(tcn(x)[0], tcn(x)[0])


def test_half_precision_is_near() -> None:
    torch.manual_seed(0)
    tcn = TCN(channels=8)
    x = torch.randn(2, 12, 8, 2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        first, state = tcn(x[:, :5].bfloat16())
        second, _ = tcn(x[:, 5:].bfloat16(), state)
    torch.testing.assert_close(torch.cat([first, second], 1).float(), tcn(x)[0], atol=0.05, rtol=0.05)
