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
from aukit.builtin.objectives.nce import compare, contrast, top_k

Array = NDArray[np.float64]


def dense(predictions: Array, features: Array) -> tuple[float, Array, Array, Array, Array]:
    """Loss, its gradients, and the counts of higher and equal scores, from whole score matrices (G,n,n)."""
    groups, count, _ = predictions.shape
    scores = predictions @ features.transpose(0, 2, 1)
    own = np.einsum("gnd,gnd->gn", predictions, features)
    highest = scores.max(2, keepdims=True)
    total = highest + np.log(np.exp(scores - highest).sum(2, keepdims=True))
    each = np.arange(count)
    loss = (total[..., 0] - scores[:, each, each]).mean()
    chances = np.exp(scores - total)
    chances[:, each, each] -= 1
    chances /= groups * count
    diagonal = scores[:, each, each][..., None]
    assert np.allclose(diagonal[..., 0], own)
    above, level = (scores > diagonal).sum(2), (scores == diagonal).sum(2)
    return loss, chances @ features, chances.transpose(0, 2, 1) @ predictions, above, level


def check(predictions: Array, features: Array, dtype: torch.dtype, tolerance: float) -> None:
    p = torch.from_numpy(predictions).to(dtype).requires_grad_()
    f = torch.from_numpy(features).to(dtype).requires_grad_()
    loss, above, level = contrast(p, f)
    (3 * loss).backward()
    expected, to_p, to_f, expected_above, expected_level = dense(predictions, features)
    assert loss.item() == pytest.approx(expected, rel=tolerance)
    for gradient, wanted in ((p.grad, to_p), (f.grad, to_f)):
        np.testing.assert_allclose(gradient.numpy(), 3 * wanted, atol=tolerance * 3 * np.abs(wanted).max())
    if dtype == torch.float64:
        assert np.array_equal(above.numpy(), expected_above)
        assert np.array_equal(level.numpy(), expected_level)


@settings(max_examples=40, deadline=None)
@given(
    groups=st.integers(1, 4),
    count=st.integers(1, 13),
    depth=st.integers(1, 5),
    at_once=st.sampled_from([1, 7, 50, 10**6]),
    seed=st.integers(0, 999),
)
def test_any_block_size_equals_the_dense_loss(
    groups: int, count: int, depth: int, at_once: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    predictions, features = rng.normal(0, 1.5, (2, groups, count, depth))
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
        compare(p[0], f[0], torch.arange(4000).unsqueeze(1))
    assert 0.9 * nce.SCORES_AT_ONCE < largest.elements <= nce.SCORES_AT_ONCE < 4000**2 / 7


def test_scores_stay_in_float32_under_autocast() -> None:
    p, f = (4 * torch.randn(1, 300, 64) for _ in range(2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss, above, _ = contrast(p.bfloat16(), f.bfloat16())
    expected = dense(p.bfloat16().double().numpy(), f.bfloat16().double().numpy())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected[0], rel=1e-5)
    assert (above.numpy() == expected[3]).mean() > 0.99


def test_what_needs_no_gradient_gets_none() -> None:
    p, f = torch.randn(1, 6, 3, requires_grad=True), torch.randn(1, 6, 3, requires_grad=True)
    whole = torch.autograd.grad(contrast(p, f)[0], p)[0]
    torch.testing.assert_close(torch.autograd.grad(contrast(p, f.detach())[0], p)[0], whole)
    assert not contrast(p.detach(), f.detach())[0].requires_grad


def test_loss_and_gradient_stay_finite_for_large_scores() -> None:
    p, f = (torch.full((1, 5, 4), 1e4, requires_grad=True) for _ in range(2))
    loss, _, _ = contrast(p, f)
    loss.backward()
    assert loss.item() == pytest.approx(np.log(5), rel=1e-5)
    assert p.grad.isfinite().all()


def test_compare_counts_as_contrast_does() -> None:
    rng = torch.Generator().manual_seed(0)
    p, f = (torch.randint(-2, 3, (1, 40, 3), generator=rng).double() for _ in range(2))
    _, above, level = contrast(p, f)
    counted = compare(p[0], f[0], torch.arange(40).unsqueeze(1))
    assert torch.equal(counted[0][:, 0], above[0])
    assert torch.equal(counted[1][:, 0], level[0])
    shifted = compare(p[0], f[0], torch.stack([torch.arange(40), torch.arange(40).roll(1)], 1))
    scores = p[0] @ f[0].mT
    other = scores[torch.arange(40), torch.arange(40).roll(1)].unsqueeze(1)
    assert torch.equal(shifted[0][:, 1], (scores > other).sum(1))


def test_equal_scores_count_as_a_random_order_would() -> None:
    above, level = torch.tensor([0, 0, 1, 3, 2]), torch.tensor([1, 4, 2, 1, 5])
    assert top_k(above, level, 1).item() == pytest.approx((1 + 1 / 4 + 0 + 0 + 0) / 5)
    assert top_k(above, level, 3).item() == pytest.approx((1 + 3 / 4 + 1 + 0 + 1 / 5) / 5)
    collapsed = contrast(torch.ones(1, 50, 4), torch.ones(1, 50, 4))
    assert top_k(*collapsed[1:], 5).item() == pytest.approx(0.1)
