"""`cpc` and `memdpc` against the same losses in numpy, in float64; what they share with `dpc-nce` is tested there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from aukit.builtin.objectives.cpc import Cpc
from aukit.builtin.objectives.memdpc import MemDpc
from aukit.errors import ComponentError
from aukit.testing import check_component
from aukit.testing.checks.objective import TinyModel, tiny_model

Array = NDArray[np.float64]
Learn = Callable[..., list[dict[str, float]]]
WIRING = {"channels": 6, "state_channels": 5}
CLIPS = torch.rand(1, 3, 7, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def array(tensor: torch.Tensor) -> Array:
    return tensor.detach().double().numpy()


def numpy_features(model: TinyModel) -> Array:
    """(B,T,h,w,C), by the tiny backbone's own definition: one product over each patch of 16 pixels."""
    pixels = 4 * (array(CLIPS[0]) - 0.5)
    patches = pixels.reshape(3, 7, 3, 2, 16, 2, 16)
    weight, bias = array(model.backbone.patches.weight), array(model.backbone.patches.bias)
    return np.einsum("btcyixj,dcij->btyxd", patches, weight) + bias


def one_by_one(weight: torch.Tensor, x: Array) -> Array:
    """A 1x1 convolution on the last axis."""
    return x @ array(weight).reshape(weight.shape[0], -1).T


def tiny_step(model: TinyModel, x: Array, h: Array) -> Array:
    project = model.temporal.project
    return (h + np.tanh(one_by_one(project.weight, np.maximum(x, 0)) + array(project.bias))) / 2


def gru_step(gru: Any, x: Array, h: Array) -> Array:
    def sigmoid(a: Array) -> Array:
        return 1 / (1 + np.exp(-a))

    inputs = one_by_one(gru.input_gates.weight, np.maximum(x, 0)) + array(gru.input_gates.bias)
    on_z, on_r, on_n = np.split(inputs, 3, -1)
    state_z, state_r = np.split(one_by_one(gru.state_gates.weight, h), 2, -1)
    z, r = sigmoid(on_z + state_z), sigmoid(on_r + state_r)
    return z * h + (1 - z) * np.tanh(on_n + one_by_one(gru.state_candidate.weight, r * h))


def nce(predictions: Array, targets: Array) -> float:
    """Mean of -log softmax of the own score among all, for (B,P,h,w,C)."""
    scores = predictions.reshape(-1, 6) @ targets.reshape(-1, 6).T
    return float(np.mean(np.log(np.exp(scores).sum(1)) - np.diag(scores)))


def test_cpc_equals_numpy() -> None:
    torch.manual_seed(0)
    model, objective = tiny_model(), Cpc(**WIRING, frames=7, context=4)
    x = numpy_features(model)
    h = np.zeros((3, 2, 2, 5))
    for t in range(4):
        h = tiny_step(model, x[:, t], h)
    bilinear = array(objective.steps.weight).reshape(3, 6, 5)  # W_k
    scores = np.einsum("btyxd,kde,nYXe->nkYXbtyx", x[:, 4:], bilinear, h)  # z . W_k c
    own = np.einsum("nkyxnkyx->nkyx", scores)
    expected = np.mean(np.log(np.exp(scores).sum((4, 5, 6, 7))) - own)
    assert objective(model, CLIPS)[0].item() == pytest.approx(expected, rel=1e-5)


def test_cpc_feeds_nothing_back() -> None:
    calls = []
    model = tiny_model()
    model.temporal.register_forward_hook(lambda module, args, out: calls.append(args[0].shape[1]))
    Cpc(**WIRING, frames=7, context=4)(model, CLIPS)
    assert calls == [4]


@pytest.mark.parametrize("backward", [False, True])
def test_memdpc_equals_numpy(backward: bool) -> None:
    torch.manual_seed(0)
    model = tiny_model()
    objective = MemDpc(**WIRING, frames=7, context=4, slots=9, backward=backward)
    for parameter in objective.phi.parameters():
        nn.init.normal_(parameter)  # slots that differ, biases that are not zero
    memory, x = array(objective.memory), numpy_features(model)

    def recall(h: Array) -> Array:
        hidden = np.maximum(one_by_one(objective.phi[0].weight, h) + array(objective.phi[0].bias), 0)
        logits = one_by_one(objective.phi[2].weight, hidden) + array(objective.phi[2].bias)
        weights = np.exp(logits)
        return (weights / weights.sum(-1, keepdims=True)) @ memory

    def one_way(x: Array, step: Callable[[Array, Array], Array]) -> float:
        h, predictions = np.zeros((3, 2, 2, 5)), []
        for t in range(4):
            h = step(x[:, t], h)
        for _ in range(3):
            predictions.append(recall(h))
            h = step(predictions[-1], h)
        return nce(np.stack(predictions, 1), x[:, 4:])

    expected = one_way(x, lambda now, h: tiny_step(model, now, h))
    if backward:
        expected += one_way(x[:, ::-1], lambda now, h: gru_step(objective.behind, now, h))
    loss, numbers = objective(model, CLIPS)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    assert ("backward_top1" in numbers) == backward


def test_memdpc_predicts_nothing_but_mixtures_of_its_memory() -> None:
    torch.manual_seed(0)
    objective = MemDpc(**WIRING, slots=3)
    corners = objective.memory.detach().double()
    seen = objective.recall(10 * torch.randn(4, 5, 2, 2)).detach().movedim(1, -1).reshape(-1, 6).double()
    weights = torch.linalg.lstsq(corners.mT, seen.mT).solution
    torch.testing.assert_close(corners.mT @ weights, seen.mT, rtol=1e-5, atol=1e-5)
    assert bool((weights > -1e-5).all())
    torch.testing.assert_close(weights.sum(0), torch.ones_like(weights[0]), rtol=1e-5, atol=1e-5)


def test_the_backward_pass_trains_the_objective_and_never_the_temporal_part() -> None:
    torch.manual_seed(0)
    gradients = []
    for backward in (False, True):
        torch.manual_seed(0)
        model, objective = tiny_model(), MemDpc(**WIRING, frames=7, context=4, slots=9, backward=backward)
        objective(model, CLIPS)[0].backward()
        gradients.append(model.temporal.project.weight.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(
    ("objective", "fall"),
    [(Cpc, 0.9), (MemDpc, 0.97)],
)
def test_it_learns(learn: Learn, objective: type[Cpc] | type[MemDpc], fall: float) -> None:
    torch.manual_seed(0)
    rows = learn(objective(**WIRING, frames=8, context=5), 60)
    first, last = ([row["loss"] for row in part] for part in (rows[:5], rows[-5:]))
    assert np.mean(last) < fall * np.mean(first)


@pytest.mark.parametrize("name", ["cpc", "memdpc"])
def test_numbers_are_those_of_dpc_nce(name: str) -> None:
    objective: Any = {"cpc": Cpc, "memdpc": MemDpc}[name](**WIRING, frames=7, context=4).eval()
    numbers = objective(tiny_model(), CLIPS)[1]
    shared = {"top1", "top3", "top5", "top1_time", "copy_top1", "top1_step3", "copy_top1_step1"}
    assert shared <= set(numbers)


@pytest.mark.parametrize("objective", [Cpc, MemDpc])
def test_a_temporal_part_that_changes_the_grid_is_refused(objective: type[Cpc] | type[MemDpc]) -> None:
    class Pooled(nn.Module):
        def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
            return x.mean((3, 4), keepdim=True)[:, :, :5], None

    model = copy.copy(tiny_model())
    model.temporal = Pooled()  # type: ignore[assignment]
    with pytest.raises(ComponentError, match=r"gives \(1, 1\) cells where the backbone has \(2, 2\)"):
        objective(**WIRING, frames=7, context=4)(model, CLIPS)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("cpc", {"frames": 4, "context": 3}),
        ("cpc", {"negatives": ["all", "same-cell"], "normalize": True, "temperature": 0.1}),
        ("memdpc", {"frames": 5, "context": 3, "slots": 7, "backward": False}),
        ("memdpc", {"negatives": ["same-clip"], "target_stop_gradient": True, "slots": 7}),
    ],
)
def test_contract_with_other_parameters(name: str, params: dict[str, Any]) -> None:
    check_component(f"objective/{name}", **params)
