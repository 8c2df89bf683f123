"""Causal attention against Vaswani's and Su's formulas, written anew in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aukit.builtin.temporal.transformer import Transformer
from aukit.errors import ComponentError
from aukit.hosting.build import build

Array = NDArray[np.float64]


def reference(model: Transformer, x: Array, heads: int) -> Array:
    """Outputs (T,C') of one cell's features (T,C): a rotation matrix for each distance, one query at a time."""
    weights = {name: value.detach().double().numpy() for name, value in model.named_parameters()}

    def linear(name: str, x: Array) -> Array:
        return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)

    def norm(name: str, x: Array) -> Array:
        y = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
        return y * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def rotation(distance: int, size: int) -> Array:
        """q^T R k: what is left of turning the query by its time and the key by its own."""
        matrix = np.zeros((size, size))
        for pair in range(size // 2):
            angle = distance * 10_000.0 ** (-2 * pair / size)
            rows = [pair, pair + size // 2]
            matrix[np.ix_(rows, rows)] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        return matrix

    x = linear("embed", np.maximum(x, 0))
    size = x.shape[1] // heads
    for number in range(len(model.layers)):
        name = f"layers.{number}"
        q, k, v = np.split(linear(f"{name}.project", norm(f"{name}.before_attention", x)), 3, axis=1)
        mixed = np.zeros_like(q)
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            for t in range(len(x)):
                seen = range(max(0, t - model.memory + 1), t + 1)
                scores = np.array([q[t, own] @ rotation(s - t, size) @ k[s, own] for s in seen])
                share = np.exp(scores / np.sqrt(size))
                mixed[t, own] = share / share.sum() @ v[list(seen), own]
        x = x + linear(f"{name}.out", mixed)
        inner = np.maximum(linear(f"{name}.feedforward.1", norm(f"{name}.feedforward.0", x)), 0)
        x = x + linear(f"{name}.feedforward.4", inner)
    return norm("norm", x)


def stirred(**options: Any) -> Transformer:
    """In float64, its norms away from one and zero."""
    torch.manual_seed(0)
    model = Transformer(**options).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize(
    "options",
    [{"heads": 2}, {"heads": 1, "memory": 4, "layers": 3}, {"hidden": 6, "heads": 3, "feedforward": 3}],
)
def test_outputs_equal_the_formulas(options: dict[str, Any]) -> None:
    model = stirred(channels=8, **options)
    x = np.random.default_rng(0).normal(size=(2, 11, 8, 2, 2))
    found = model(torch.from_numpy(x))[0].detach().numpy()
    assert found.shape == (2, 11, model.channels, 2, 2)
    for b, i, j in np.ndindex(2, 2, 2):
        expected = reference(model, x[b, :, :, i, j], options["heads"])
        np.testing.assert_allclose(found[b, :, :, i, j], expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("layers", "memory"), [(2, 8), (1, 3), (3, 2)])
def test_an_output_depends_on_as_many_frames_as_it_says(layers: int, memory: int) -> None:
    model = stirred(channels=8, layers=layers, memory=memory)
    sees = layers * (memory - 1) + 1
    x = torch.randn(1, sees + 5, 8, 1, 1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(model(x)[0][:, -1].square().sum(), x)
    moved = gradient[0].abs().sum((1, 2, 3)) > 0
    assert moved.tolist() == [False] * 5 + [True] * sees


def test_order_matters() -> None:
    model = stirred(channels=8)
    x = torch.randn(1, 5, 8, 1, 1, dtype=torch.float64)
    swapped = x[:, [1, 0, 2, 3, 4]]
    assert (model(x)[0][:, -1] - model(swapped)[0][:, -1]).abs().max() > 1e-3


def test_the_state_has_one_size_and_forgets_what_is_too_old() -> None:
    """Clips that began at different times can go on in one batch."""
    model = stirred(channels=8, memory=4)
    x = torch.randn(2, 9, 8, 1, 1, dtype=torch.float64)
    young, old = model(x[:1, 5:6])[1], model(x[1:, :6])[1]
    assert young[0].tolist() == [1]
    assert old[0].tolist() == [3]

    def joined(one: Any, other: Any) -> Any:
        return tuple(map(joined, one, other)) if isinstance(one, tuple) else torch.cat([one, other])

    both, _ = model(x[:, 6:], joined(young, old))
    torch.testing.assert_close(both[:1], model(x[:1, 5:])[0][:, 1:])
    torch.testing.assert_close(both[1:], model(x[1:])[0][:, 6:])


def test_a_live_stream_loses_no_precision() -> None:
    model = stirred(channels=8).float().eval()
    x = torch.randn(1, 300, 8, 1, 1)
    state, out = None, None
    for frame in x.unbind(1):
        out, state = model(frame[:, None], state)
    torch.testing.assert_close(out[:, -1], model(x[:, -15:])[0][:, -1], rtol=1e-5, atol=1e-5)


def test_dropout_acts_in_training_only() -> None:
    x = torch.randn(2, 4, 8, 3, 3)
    model = Transformer(channels=8, dropout=0.5)
    assert not torch.equal(model(x)[0], model(x)[0])
    model.eval()
    assert torch.equal(model(x)[0], model(x)[0])


def test_channels_that_do_not_split_into_heads() -> None:
    with pytest.raises(ComponentError, match="6 channels do not split into 4 heads") as caught:
        build("temporal", "transformer", {"channels": 6})
    assert "multiple of 8" in caught.value.hint


def test_half_precision_is_near() -> None:
    torch.manual_seed(0)
    model = Transformer(channels=8)
    x = torch.randn(2, 12, 8, 2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        first, state = model(x[:, :5].bfloat16())
        second, _ = model(x[:, 5:].bfloat16(), state)
    torch.testing.assert_close(torch.cat([first, second], 1).float(), model(x)[0], atol=0.1, rtol=0.05)
