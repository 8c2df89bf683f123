"""`vicreg` and `time-contrast` against the same losses in numpy, in float64."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aukit.builtin.objectives.pooled import vectors
from aukit.builtin.objectives.time_contrast import TimeContrast
from aukit.builtin.objectives.vicreg import Vicreg
from aukit.builtin.params.objectives import TimeContrastParams
from aukit.errors import UsageError
from aukit.testing import check_component
from aukit.testing.checks.objective import tiny_model

Array = NDArray[np.float64]
Learn = Callable[..., list[dict[str, float]]]
WIRING = {"channels": 6, "state_channels": 5}


def vicreg(one: Array, other: Array, weights: tuple[float, float, float]) -> float:
    """Algorithm 1 of the paper, from (N,D)."""
    hinge, spill = 0.0, 0.0
    for z in (one, other):
        covariance = np.cov(z, rowvar=False)
        deviations = np.sqrt(np.diag(covariance) + 1e-4)
        hinge += np.maximum(0, 1 - deviations).mean()
        spill += (covariance**2).sum() / z.shape[1] - (np.diag(covariance) ** 2).sum() / z.shape[1]
    return float(weights[0] * ((one - other) ** 2).mean() + weights[1] * hinge + weights[2] * spill)


@settings(max_examples=25, deadline=None)
@given(
    clips=st.integers(1, 5),
    frames=st.integers(2, 4),
    size=st.integers(2, 9),
    scale=st.floats(0.01, 3),
    seed=st.integers(0, 999),
)
def test_vicreg_equals_numpy(clips: int, frames: int, size: int, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = scale * rng.normal(size=(2, clips, frames, size))
    weights = (25.0, 10.0, 2.0)
    objective = Vicreg(**WIRING, level="frame", dimensions=4, invariance=25.0, variance=10.0, covariance=2.0)
    loss, numbers = objective.score(torch.from_numpy(one), torch.from_numpy(other))
    expected = vicreg(one.reshape(-1, size), other.reshape(-1, size), weights)
    assert loss.item() == pytest.approx(expected, rel=1e-9)
    between = one.mean(1).var(0).sum() / one.reshape(-1, size).var(0).sum()
    assert numbers["between_clips"] == pytest.approx(between, rel=1e-6)


def test_vicreg_punishes_a_collapse_to_a_point_and_to_a_line() -> None:
    torch.manual_seed(0)
    objective = Vicreg(**WIRING, dimensions=8)
    spread = torch.randn(400, 1, 8)
    point, line = torch.zeros_like(spread), spread[..., :1].expand_as(spread)
    good, bad, worse = (objective.score(z, z)[0].item() for z in (spread, line, point))
    assert good < 5 < bad
    assert worse == pytest.approx(2 * 25 * (1 - 0.01))  # both views, every dimension, sqrt(1e-4)


@pytest.mark.parametrize("level", ["frame", "clip"])
def test_vicreg_trains_what_it_embeds(level: Any) -> None:
    model = tiny_model()
    clips = torch.rand(2, 3, 4, 3, 32, 32)
    Vicreg(**WIRING, frames=4, level=level, dimensions=8)(model, clips)[0].backward()
    assert bool(model.backbone.patches.weight.grad.any())
    assert (model.temporal.project.weight.grad is not None) == (level == "clip")


def test_one_clip_has_no_spread() -> None:
    """It cannot be trained on; a look at a validation person counts its spread as what it is, none."""
    objective, clips = Vicreg(**WIRING, frames=4, dimensions=8), torch.rand(1, 1, 4, 3, 32, 32)
    with pytest.raises(UsageError, match="needs the spread of several clips"):
        objective(tiny_model(), clips.expand(2, -1, -1, -1, -1, -1))
    _, numbers = objective.eval()(tiny_model(), clips.expand(2, -1, -1, -1, -1, -1))
    assert numbers == pytest.approx({"invariance": 0.0, "variance": 2 * 0.99, "covariance": 0.0})


@pytest.mark.parametrize("level", ["frame", "clip"])
def test_vicreg_learns(learn: Learn, level: Any) -> None:
    torch.manual_seed(0)
    rows = learn(Vicreg(**WIRING, frames=6, level=level, dimensions=16), 60)
    first, last = ([row["loss"] for row in part] for part in (rows[:5], rows[-5:]))
    assert np.mean(last) < 0.85 * np.mean(first)


def test_frames_are_pooled_features_and_clips_the_last_state() -> None:
    model = tiny_model()
    clips = torch.rand(2, 4, 3, 32, 32)
    features = model.backbone(clips.flatten(0, 1)).unflatten(0, (2, 4))
    frames = vectors(model.backbone, model.temporal, clips, "frame")
    torch.testing.assert_close(frames[1, 2], features[1, 2].clamp_min(0).mean((1, 2)))
    whole = vectors(model.backbone, model.temporal, clips, "clip")
    assert whole.shape == (2, 1, 5)
    torch.testing.assert_close(whole[1, 0], model.temporal(features)[1][1].mean((1, 2)))


def triplets(z: Array, inside: int, outside: int, margin: float) -> tuple[float, float, float]:
    """Loss, share of ordered triplets, share of active ones, by going through all of them."""
    gaps = []
    for clip in z:
        for a, p, n in itertools.product(range(len(clip)), repeat=3):
            if 0 < abs(a - p) <= inside and abs(a - n) > outside:
                gaps.append(((clip[a] - clip[p]) ** 2).sum() - ((clip[a] - clip[n]) ** 2).sum())
    gap = np.array(gaps)
    return (
        np.maximum(0, gap + margin).mean(),
        float((gap < 0).mean()),
        float((gap + margin > 0).mean()),
    )


@settings(max_examples=25, deadline=None)
@given(
    frames=st.integers(4, 9),
    inside=st.integers(1, 3),
    more=st.integers(0, 3),
    margin=st.floats(0, 2),
    seed=st.integers(0, 999),
)
def test_time_contrast_equals_numpy(frames: int, inside: int, more: int, margin: float, seed: int) -> None:
    outside = min(inside + more, frames - 2)
    inside = min(inside, outside)
    z = np.random.default_rng(seed).normal(size=(3, frames, 4))
    objective = TimeContrast(**WIRING, frames=frames, inside=inside, outside=outside, margin=margin)
    loss, numbers = objective.score(torch.from_numpy(z))
    expected, ordered, active = triplets(z, inside, outside, margin)
    assert loss.item() == pytest.approx(expected, rel=1e-9)
    assert (numbers["ordered"], numbers["active"]) == pytest.approx((ordered, active))


def test_what_is_the_same_in_all_frames_does_not_order_them() -> None:
    """A clip of one frame again and again, whoever it shows: no triplet is ordered, and each costs the margin."""
    objective = TimeContrast(**WIRING, frames=8)
    clips = torch.rand(1, 3, 1, 3, 32, 32).expand(-1, -1, 8, -1, -1, -1)
    loss, numbers = objective(tiny_model(), clips)
    assert loss.item() == pytest.approx(0.2, abs=1e-5)
    assert numbers["ordered"] < 0.6


def test_time_contrast_learns_the_order(learn: Learn) -> None:
    torch.manual_seed(0)
    rows = learn(TimeContrast(**WIRING, frames=8, inside=1, outside=3), 80)
    first, last = rows[:5], rows[-5:]
    assert np.mean([row["loss"] for row in last]) < 0.7 * np.mean([row["loss"] for row in first])
    assert np.mean([row["ordered"] for row in last]) > 0.9


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"outside": 1}, r"outside \(1\) must be at least inside \(2\)"),
        ({"frames": 5}, r"outside \(4\) leaves no negative in 5 frames: at most 3"),
    ],
)
def test_both_windows_must_fit(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TimeContrastParams(**table)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("vicreg", {"level": "frame", "frames": 2, "dimensions": 8}),
        ("vicreg", {"level": "frame", "frames": 1, "dimensions": 8, "covariance": 0.0}),
        ("time-contrast", {"frames": 6, "inside": 1, "outside": 2, "margin": 1.0, "dimensions": 3}),
    ],
)
def test_contract_with_other_parameters(name: str, params: dict[str, Any]) -> None:
    check_component(f"objective/{name}", **params)
