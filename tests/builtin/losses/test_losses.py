"""L2 and Huber against numpy, and what missing labels may and may not do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from aukit.builtin.losses.huber import Huber
from aukit.builtin.losses.l2 import L2
from aukit.errors import DataError

LEVELS = st.sampled_from([np.nan, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
LOSSES = [L2(), Huber(), Huber(delta=0.3)]


def reference(loss: nn.Module, predictions: np.ndarray, labels: np.ndarray) -> float:
    errors = (predictions - labels)[~np.isnan(labels)]
    if isinstance(loss, L2):
        return float(np.mean(errors**2))
    size = np.abs(errors)
    return float(np.mean(np.where(size <= loss.delta, size**2 / 2, loss.delta * (size - loss.delta / 2))))


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=40, deadline=None)
@given(labels=arrays(np.float64, (5, 3), elements=LEVELS), seed=st.integers(0, 99))
def test_the_mean_over_labelled_cells(loss: nn.Module, labels: np.ndarray, seed: int) -> None:
    predictions = np.random.default_rng(seed).normal(2, 2, labels.shape)
    if np.isnan(labels).all():
        with pytest.raises(DataError, match="no cell of this batch is labelled"):
            loss(torch.from_numpy(predictions), torch.from_numpy(labels))
        return
    leaf = torch.from_numpy(predictions).requires_grad_()
    value = loss(leaf, torch.from_numpy(labels))
    assert value.item() == pytest.approx(reference(loss, predictions, labels), rel=1e-12)
    value.backward()
    assert leaf.grad.isfinite().all()
    assert not leaf.grad[torch.from_numpy(np.isnan(labels))].any()
    step = 1e-6
    for cell in np.ndindex(labels.shape):
        moved = predictions.copy()
        moved[cell] += step
        slope = (reference(loss, moved, labels) - reference(loss, predictions, labels)) / step
        assert leaf.grad[cell].item() == pytest.approx(slope, abs=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_half_precision_predictions_are_compared_in_float32(loss: nn.Module) -> None:
    predictions = torch.full((4, 2), 3.0, dtype=torch.bfloat16, requires_grad=True)
    value = loss(predictions, torch.full((4, 2), 3.001))
    assert value.dtype == torch.float32
    assert 0 < value.item() < 1e-5


@pytest.mark.parametrize("loss", LOSSES)
def test_shapes_are_not_broadcast(loss: nn.Module) -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        loss(torch.zeros(4, 1), torch.zeros(4, 3))
