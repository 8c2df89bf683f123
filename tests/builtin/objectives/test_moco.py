"""`moco` against the same loss in numpy, its queue and its slow copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import nn

from aukit.builtin.objectives.moco import Moco
from aukit.builtin.objectives.momentum import Momentum
from aukit.builtin.params.objectives import MocoParams
from aukit.testing import check_component
from aukit.testing.checks.objective import tiny_model

Array = NDArray[np.float64]
Learn = Callable[..., list[dict[str, float]]]
WIRING = {"channels": 6, "state_channels": 5}


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def cross_entropy(scores: Array, own: Array) -> float:
    return float(np.mean(np.log(np.exp(scores).sum(-1)) - own))


@settings(max_examples=25, deadline=None)
@given(
    clips=st.integers(1, 4),
    frames=st.integers(2, 5),
    kept=st.integers(1, 20),
    temperature=st.floats(0.05, 1),
    seed=st.integers(0, 999),
)
def test_loss_equals_numpy(clips: int, frames: int, kept: int, temperature: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    q, k = unit(rng.normal(size=(2, clips, frames, 7)))
    queue = unit(rng.normal(size=(kept, 7)))
    own = np.einsum("btd,btd->bt", q, k)
    in_queue = np.concatenate([own[..., None], q @ queue.T], -1)
    in_clip = np.einsum("btd,bsd->bts", q, k)
    expected = {
        "queue": cross_entropy(in_queue / temperature, own / temperature),
        "same-clip": cross_entropy(in_clip / temperature, own / temperature),
    }
    for negatives in (("queue",), ("same-clip",), ("queue", "same-clip")):
        objective = Moco(**WIRING, negatives=negatives, dimensions=7, queue=kept, temperature=temperature)
        objective.double().queue.copy_(torch.from_numpy(queue))
        loss, numbers = objective.score(torch.from_numpy(q), torch.from_numpy(k))
        assert loss.item() == pytest.approx(np.mean([expected[kind] for kind in negatives]), rel=1e-6)
        assert numbers["top1"] == pytest.approx((in_queue.argmax(-1) == 0).mean())
        assert numbers["top1_time"] == pytest.approx((in_clip.argmax(-1) == np.arange(frames)).mean())


def test_at_the_first_step_keys_are_the_encoders_own() -> None:
    """Two equal views: with a copy that has not moved yet, every key equals its query."""
    torch.manual_seed(0)
    seen = []
    objective = Moco(**WIRING, frames=4, dimensions=7, queue=16, hidden=9)
    objective.score = lambda q, k: (seen.append((q, k)), (q.sum(), {}))[1]  # type: ignore[method-assign, func-returns-value]
    objective(tiny_model(), torch.rand(1, 3, 4, 3, 32, 32).expand(2, -1, -1, -1, -1, -1))
    queries, keys = seen[0]
    torch.testing.assert_close(queries, keys)
    assert queries.requires_grad
    assert not keys.requires_grad
    torch.testing.assert_close(queries.square().sum(-1), torch.ones(3, 4))


class Normalised(nn.Module):
    """Frames as vectors of their channels, normalised by the batch."""

    channels = 3

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.norm(frames)


@pytest.mark.parametrize("groups", [1, 2, 3, 9])
def test_keys_are_normalised_in_random_groups_of_clips(groups: int) -> None:
    """A key has its own clip's place, whatever group it was made in; with one group it is that of the whole batch."""
    objective = Moco(channels=3, state_channels=3, frames=2, dimensions=7, queue=16, key_groups=groups)
    seen = []
    objective.score = lambda q, k: (seen.append(k), (q.sum(), {}))[1]  # type: ignore[method-assign, func-returns-value]
    model = tiny_model()
    model.backbone = Normalised()
    clips = torch.rand(2, 5, 2, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(3)
    objective(model, clips)
    torch.manual_seed(3)
    order = torch.randperm(5).numpy()
    each = -(-5 // groups)
    expected = np.empty((5, 2, 7))
    weights = {
        name: value.detach().double().numpy() for name, value in objective.projection.named_parameters()
    }
    for start in range(0, 5, each):
        group = order[start : start + each]
        frames = clips[1][group].double().numpy()
        mean = frames.mean((0, 1, 3, 4), keepdims=True)
        spread = np.sqrt(frames.var((0, 1, 3, 4), keepdims=True) + 1e-5)
        pooled = np.maximum((frames - mean) / spread, 0).mean((3, 4))
        expected[group] = unit(pooled @ weights["0.weight"].T + weights["0.bias"])
    np.testing.assert_allclose(seen[0], expected, atol=1e-5)


@pytest.mark.parametrize("size", [5, 12, 30])
def test_the_queue_holds_the_newest_keys(size: int) -> None:
    """Six keys a step into a ring of any size: it holds the last `size` of all that ever were."""
    torch.manual_seed(0)
    objective = Moco(**WIRING, frames=2, dimensions=7, queue=size)
    model, seen = tiny_model(), []
    for step in range(9):
        objective(model, torch.rand(2, 3, 2, 3, 32, 32))
        seen.append(objective._new)
        objective.after_step(model, step)
    newest = torch.cat(seen)[-size:]
    assert {tuple(row) for row in objective.queue.tolist()} == {tuple(row) for row in newest.tolist()}


def test_a_look_in_evaluation_puts_nothing_into_the_queue() -> None:
    objective, model = Moco(**WIRING, frames=2, dimensions=7, queue=12), tiny_model()
    objective(model, torch.rand(2, 3, 2, 3, 32, 32))
    objective.after_step(model, 0)
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    with torch.no_grad():
        objective.eval()(model.eval(), torch.rand(2, 3, 2, 3, 32, 32))
    assert all(torch.equal(value, before[name]) for name, value in objective.state_dict().items())


def test_the_slow_copy_is_the_moving_average_and_is_never_trained() -> None:
    torch.manual_seed(0)
    model, objective = tiny_model(), Moco(**WIRING, frames=2, dimensions=7, queue=12, momentum=0.75)
    assert {name.partition(".")[0] for name, _ in objective.named_parameters()} == {"projection"}
    optimizer = torch.optim.SGD([*model.parameters(), *objective.parameters()], lr=0.5)
    expected = model.backbone.patches.weight.detach().double().clone()
    for step in range(5):
        optimizer.zero_grad()
        objective(model, torch.rand(2, 3, 2, 3, 32, 32))[0].backward()
        optimizer.step()
        objective.after_step(model, step)
        expected = 0.75 * expected + 0.25 * model.backbone.patches.weight.detach().double()
    slow = objective.slow_backbone.values()["patches.weight"]
    torch.testing.assert_close(slow.double(), expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(slow, model.backbone.patches.weight, rtol=1e-3)


def test_running_statistics_of_a_slow_copy_are_its_own() -> None:
    torch.manual_seed(0)
    module, slow = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)), Momentum(0.9)
    x = torch.randn(8, 3, 2, 2)
    slow(module, x)
    slow(module, x)
    slow.update(module)
    assert slow.values()["1.num_batches_tracked"] == 2
    assert module[1].num_batches_tracked == 0
    torch.testing.assert_close(slow.values()["1.running_mean"], 0.19 * module[0](x).mean((0, 2, 3)).detach())


def test_a_loaded_slow_copy_has_the_modules_layout() -> None:
    module = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    saved = Momentum(0.9)
    saved(module, torch.rand(1, 3, 5, 5))
    fresh = Momentum(0.9)
    fresh.load_state_dict(load(save({name: v.contiguous() for name, v in saved.state_dict().items()})))
    fresh(module, torch.rand(1, 3, 5, 5))
    for name, value in fresh.values().items():
        assert value.stride() == saved.values()[name].stride() == module.state_dict()[name].stride()
        assert torch.equal(value, saved.values()[name])


@pytest.mark.parametrize(
    ("options", "number", "at_least"),
    [
        ({"negatives": ("queue",)}, "top1", 0.5),
        ({"negatives": ("same-clip",)}, "top1_time", 0.5),
        ({"level": "clip"}, "top1", 0.5),
    ],
)
def test_it_learns(learn: Learn, options: dict[str, Any], number: str, at_least: float) -> None:
    """The queue makes the task harder as it fills: the loss is held against that of weights that stay as they are."""
    last = []
    for rate in (0.0, 3e-3):
        torch.manual_seed(0)
        objective = Moco(**WIRING, frames=6, queue=24, momentum=0.9, dimensions=16, **options)
        last.append(learn(objective, 100, rate=rate)[-5:])
    frozen, trained = (np.mean([row["loss"] for row in rows]) for rows in last)
    assert trained < 0.9 * frozen
    assert np.mean([row[number] for row in last[1]]) > at_least


@pytest.mark.parametrize("table", [{"level": "clip"}, {"frames": 1}])
def test_one_frame_has_no_other_frames(table: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="need level `frame` and at least 2 frames"):
        MocoParams(negatives=("same-clip",), **table)


@pytest.mark.parametrize(
    "params",
    [
        {"negatives": ["same-clip"], "frames": 3},
        {"negatives": ["queue", "same-clip"], "hidden": 9, "queue": 4},
        {"level": "clip", "frames": 5, "queue": 7, "momentum": 0.5},
    ],
)
def test_contract_with_other_parameters(params: dict[str, Any]) -> None:
    check_component("objective/moco", **params)
