"""The blockwise contrastive loss against a dense one in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.utils._python_dispatch import TorchDispatchMode

from aukit.builtin.objectives import nce
from aukit.builtin.objectives.nce import contrast, ranks

Array = NDArray[np.float64]


def dense(predictions: Array, features: Array) -> tuple[float, Array, Array, Array]:
    """Loss, its gradients, and the ranks, from whole score matrices (G,n,m)."""
    groups, count, _ = predictions.shape
    scores = predictions @ features.transpose(0, 2, 1)
    highest = scores.max(2, keepdims=True)
    total = highest + np.log(np.exp(scores - highest).sum(2, keepdims=True))
    each = np.arange(count)
    loss = (total[..., 0] - scores[:, each, each]).mean()
    chances = np.exp(scores - total)
    chances[:, each, each] -= 1
    chances /= groups * count
    diagonal = scores[:, each, each][..., None]
    rank = (scores >= diagonal).sum(2) - 1
    return loss, chances @ features, chances.transpose(0, 2, 1) @ predictions, rank


def check(predictions: Array, features: Array, dtype: torch.dtype, tolerance: float) -> None:
    p = torch.from_numpy(predictions).to(dtype).requires_grad_()
    f = torch.from_numpy(features).to(dtype).requires_grad_()
    loss, rank = contrast(p, f)
    (3 * loss).backward()
    expected, to_p, to_f, expected_rank = dense(predictions, features)
    assert loss.item() == pytest.approx(expected, rel=tolerance)
    for gradient, wanted in ((p.grad, to_p), (f.grad, to_f)):
        np.testing.assert_allclose(gradient.numpy(), 3 * wanted, atol=tolerance * 3 * np.abs(wanted).max())
    if dtype == torch.float64:
        assert np.array_equal(rank.numpy(), expected_rank)


@settings(max_examples=40, deadline=None)
@given(
    groups=st.integers(1, 4),
    count=st.integers(1, 13),
    more=st.integers(0, 9),
    depth=st.integers(1, 5),
    at_once=st.sampled_from([1, 7, 50, 10**6]),
    seed=st.integers(0, 999),
)
def test_any_block_size_equals_the_dense_loss(
    groups: int, count: int, more: int, depth: int, at_once: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    predictions = rng.normal(0, 1.5, (groups, count, depth))
    features = rng.normal(0, 1.5, (groups, count + more, depth))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nce, "SCORES_AT_ONCE", at_once)
        check(predictions, features, torch.float64, 1e-9)


@pytest.mark.parametrize("scale", [0.05, 1.0, 4.0])
def test_float32_in_several_blocks_equals_dense_float64_to_1e5(scale: float) -> None:
    rng = np.random.default_rng(0)
    predictions, features = rng.normal(size=(2, 1, 1700, 32)).astype(np.float32).astype(np.float64)
    assert nce.SCORES_AT_ONCE < 1700**2
    check(scale * predictions, features, torch.float32, 1e-5)


class Largest(TorchDispatchMode):
    """Remembers the largest tensor that any operation gave."""

    elements = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = function(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, torch.Tensor):
                self.elements = max(self.elements, value.numel())
        return result


def test_the_score_matrix_is_never_held() -> None:
    p, f = (torch.randn(1, 4000, 8, requires_grad=True) for _ in range(2))
    with Largest() as largest:
        contrast(p, f)[0].backward()
        ranks(p[0], f[0], torch.arange(4000).unsqueeze(1))
    assert 0.9 * nce.SCORES_AT_ONCE < largest.elements <= nce.SCORES_AT_ONCE < 4000**2 / 7


def test_scores_stay_in_float32_under_autocast() -> None:
    p, f = (4 * torch.randn(1, 300, 64) for _ in range(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss, rank = contrast(p.bfloat16(), f.bfloat16())
    expected = dense(p.bfloat16().double().numpy(), f.bfloat16().double().numpy())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected[0], rel=1e-5)
    assert (rank.numpy() == expected[3]).mean() > 0.99


def test_what_needs_no_gradient_gets_none() -> None:
    p, f = torch.randn(1, 6, 3, requires_grad=True), torch.randn(1, 6, 3, requires_grad=True)
    whole = torch.autograd.grad(contrast(p, f)[0], p)[0]
    torch.testing.assert_close(torch.autograd.grad(contrast(p, f.detach())[0], p)[0], whole)
    assert not contrast(p.detach(), f.detach())[0].requires_grad


def test_loss_and_gradient_stay_finite_for_large_scores() -> None:
    p, f = (torch.full((1, 5, 4), 1e4, requires_grad=True) for _ in range(2))
    loss, _ = contrast(p, f)
    loss.backward()
    assert loss.item() == pytest.approx(np.log(5), rel=1e-5)
    assert p.grad.isfinite().all()


def test_ranks_are_those_of_contrast_and_of_torchs_sort() -> None:
    rng = torch.Generator().manual_seed(0)
    p, f = (torch.randn(40, 3, generator=rng, dtype=torch.float64) for _ in range(2))
    own = torch.stack([torch.arange(40), torch.arange(40).roll(1)], 1)
    found = ranks(p, f, own)
    assert torch.equal(found[:, 0], contrast(p[None], f[None])[1][0])
    order = (p @ f.mT).argsort(1, descending=True)
    assert torch.equal(order.gather(1, found), own)


def test_a_tie_is_no_hit() -> None:
    ones = torch.ones(1, 50, 4)
    assert (contrast(ones, ones)[1] == 49).all()
    assert (ranks(ones[0], ones[0], torch.arange(50).unsqueeze(1)) == 49).all()
