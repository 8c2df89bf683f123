"""Proportional odds against McCullagh's model, written anew in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from aukit.builtin.losses.ordinal import Ordinal
from aukit.errors import DataError

Array = NDArray[np.float64]
LABELS = st.sampled_from([np.nan, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]) | st.floats(0, 5)


def stirred(**options: Any) -> Ordinal:
    """In float64, its thresholds away from where they start."""
    loss = Ordinal(**options).double()
    with torch.no_grad():
        loss.gaps.copy_(torch.tensor([0.3, -0.4, 0.1, 0.5]))
        loss.log_slope.fill_(0.2)
    return loss


def probabilities(loss: Ordinal, prediction: float) -> Array:
    """P of levels 0 to 5, as differences of the cumulative probabilities."""
    weights = {name: value.detach().double().numpy() for name, value in loss.named_parameters()}
    gaps = np.exp(weights["gaps"]) / np.exp(weights["gaps"]).sum()
    thresholds = 0.5 + 4 * np.concatenate([[0], np.cumsum(gaps)])
    slope = loss.first_slope * np.exp(weights["log_slope"])
    if loss.ends == "closed":
        thresholds = np.array([-0.5, *thresholds, 5.5])
    below = 1 / (1 + np.exp(-slope * (thresholds - prediction)))
    return np.diff(below if loss.ends == "closed" else np.array([0, *below, 1]))


def reference(loss: Ordinal, predictions: Array, labels: Array) -> float:
    terms = []
    for prediction, label in zip(predictions.ravel(), labels.ravel(), strict=True):
        if not np.isnan(label):
            target = np.maximum(0, 1 - np.abs(np.arange(6) - label))  # how near the label is to each level
            terms.append(-target @ np.log(probabilities(loss, prediction)))
    return float(np.mean(terms))


@pytest.mark.parametrize("ends", ["closed", "open"])
@settings(max_examples=30)
@given(labels=arrays(np.float64, (5, 3), elements=LABELS), seed=st.integers(0, 99))
def test_the_likelihood_and_its_gradients(ends: str, labels: Array, seed: int) -> None:
    loss = stirred(ends=ends)
    predictions = np.random.default_rng(seed).uniform(-1, 6, labels.shape)
    if np.isnan(labels).all():
        with pytest.raises(DataError, match="no cell of this batch is labelled"):
            loss(torch.from_numpy(predictions), torch.from_numpy(labels))
        return
    leaf = torch.from_numpy(predictions).requires_grad_()
    value = loss(leaf, torch.from_numpy(labels))
    assert value.item() == pytest.approx(reference(loss, predictions, labels), rel=1e-9)
    value.backward()
    step = 1e-5
    for cell in np.ndindex(labels.shape):
        nudge = np.zeros(labels.shape)
        nudge[cell] = step
        above, below = (reference(loss, predictions + move, labels) for move in (nudge, -nudge))
        assert leaf.grad[cell].item() == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-4)
    for parameter in loss.parameters():
        flat = parameter.data.view(-1)
        for index, value in enumerate(flat.tolist()):
            around = []
            for moved in (value + step, value - step):
                flat[index] = moved
                around.append(reference(loss, predictions, labels))
            flat[index] = value
            assert parameter.grad.view(-1)[index].item() == pytest.approx(
                (around[0] - around[1]) / (2 * step), rel=1e-4, abs=1e-4
            )


def test_with_open_ends_the_probabilities_are_one_together() -> None:
    found = stirred(ends="open").log_probabilities(torch.linspace(-3, 8, 50, dtype=torch.float64)).exp()
    torch.testing.assert_close(found.sum(1), torch.ones(50, dtype=torch.float64))


def test_thresholds_start_half_way_between_levels() -> None:
    torch.testing.assert_close(Ordinal().thresholds(), torch.tensor([0.5, 1.5, 2.5, 3.5, 4.5]))
    assert Ordinal(slope=3.0).slope() == 3.0


@given(arrays(np.float32, 4, elements=st.floats(-8, 8, width=32)))
def test_thresholds_stay_in_order_and_their_ends_on_the_scale(gaps: Array) -> None:
    loss = Ordinal()
    loss.gaps.data.copy_(torch.from_numpy(gaps))
    thresholds = loss.thresholds()
    assert (thresholds.diff() >= 0).all()
    torch.testing.assert_close(thresholds[[0, -1]], torch.tensor([0.5, 4.5]))
    assert loss(torch.zeros(1, 1), torch.full((1, 1), 5.0)).isfinite()


@pytest.mark.parametrize("ends", ["closed", "open"])
@pytest.mark.parametrize("gaps", [[60.0, -60.0, 0.0, 0.0], [-60.0, -60.0, 60.0, -60.0]])
def test_thresholds_that_have_become_one_leave_numbers_finite(ends: Any, gaps: list[float]) -> None:
    """A level without labels loses its share of the scale, as far as float32 goes."""
    loss = Ordinal(ends=ends)
    loss.gaps.data.copy_(torch.tensor(gaps))
    assert (loss.thresholds().diff() == 0).any()
    predictions = torch.linspace(-1, 6, 6).unsqueeze(1).requires_grad_()
    value = loss(predictions, torch.arange(6.0).unsqueeze(1))
    value.backward()
    assert value.isfinite()
    assert all(leaf.grad.isfinite().all() for leaf in (predictions, *loss.parameters()))


@pytest.mark.parametrize("ends", ["closed", "open"])
@pytest.mark.parametrize("level", range(6))
def test_at_the_start_each_level_is_likeliest_at_itself(ends: Any, level: int) -> None:
    assert Ordinal(ends=ends).log_probabilities(torch.tensor([float(level)])).argmax() == level


def found_for(loss: Ordinal, label: float) -> float:
    """The prediction that a model comes to, by steps down the gradient."""
    prediction = torch.full((1, 1), 1.3, requires_grad=True)
    for _ in range(400):
        (gradient,) = torch.autograd.grad(loss(prediction, torch.full((1, 1), label)), prediction)
        prediction.data -= 0.3 * gradient
    return prediction.item()


@pytest.mark.parametrize("label", [0.0, 1.0, 2.5, 4.0, 5.0])
def test_a_label_is_best_met_by_itself(label: float) -> None:
    assert found_for(Ordinal(), label) == pytest.approx(label, abs=1e-3)


def test_open_ends_draw_predictions_off_the_scale() -> None:
    assert found_for(Ordinal(ends="open"), 0.0) < -1
    assert found_for(Ordinal(ends="open"), 5.0) > 6
    assert found_for(Ordinal(ends="open"), 2.5) == pytest.approx(2.5, abs=1e-3)


@pytest.mark.parametrize(("prediction", "label"), [(1e4, 0.0), (-1e4, 5.0), (-1e4, 3.0), (1e4, 2.0)])
def test_far_off_there_is_still_a_gradient(prediction: float, label: float) -> None:
    leaf = torch.full((1, 1), prediction, requires_grad=True)
    value = Ordinal()(leaf, torch.full((1, 1), label))
    value.backward()
    assert value.isfinite()
    assert leaf.grad.item() == pytest.approx(np.sign(prediction) * 2.0, rel=1e-5)


def test_thresholds_are_found_from_data() -> None:
    """Levels drawn from a model with other thresholds and another slope."""
    truth = stirred(slope=1.5, ends="open").float()
    generator = torch.Generator().manual_seed(0)
    predictions = 5 * torch.rand(20_000, 1, generator=generator)
    labels = torch.multinomial(truth.log_probabilities(predictions[:, 0]).exp(), 1, generator=generator)
    loss = Ordinal(ends="open")
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss(predictions, labels.float()).backward()
        optimizer.step()
    torch.testing.assert_close(loss.thresholds(), truth.thresholds(), atol=0.1, rtol=0)
    assert loss.slope().item() == pytest.approx(truth.slope().item(), rel=0.05)


def test_labels_outside_the_scale_count_as_its_ends() -> None:
    predictions, labels = torch.tensor([[0.3, 4.0]]), torch.tensor([[-0.4, 5.7]])
    assert torch.equal(Ordinal()(predictions, labels), Ordinal()(predictions, labels.clamp(0, 5)))


def test_half_precision_predictions_are_scored_in_float32() -> None:
    predictions = torch.full((4, 2), 3.0, dtype=torch.bfloat16, requires_grad=True)
    value = Ordinal()(predictions, torch.full((4, 2), 3.2))
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(Ordinal()(predictions.float(), torch.full((4, 2), 3.2)).item())


def test_shapes_are_not_broadcast() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        Ordinal()(torch.zeros(4, 1), torch.zeros(4, 2))
