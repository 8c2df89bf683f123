"""The head against batch normalisation and a linear layer written in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aukit.builtin.heads.pool_bn_linear import PoolBnLinear
from aukit.errors import UsageError

AUS = ("AU04", "AU12", "AU25")


def test_it_pools_normalises_and_maps() -> None:
    rng = np.random.default_rng(0)
    h = rng.normal(2, 3, (7, 5, 4, 4))
    head = PoolBnLinear(channels=5, aus=AUS).double()
    pooled = h.mean((2, 3))
    normed = (pooled - pooled.mean(0)) / np.sqrt(pooled.var(0) + 1e-5)
    weight, bias = head.linear.weight.detach().numpy(), head.linear.bias.detach().numpy()
    np.testing.assert_allclose(
        head(torch.from_numpy(h)).detach().numpy(), normed @ weight.T + bias, atol=1e-12
    )
    np.testing.assert_allclose(head.norm.running_mean.numpy(), 0.1 * pooled.mean(0))


def test_momentum_is_the_weight_of_the_newest_batch() -> None:
    h = torch.randn(6, 4, 2, 2)
    head = PoolBnLinear(channels=4, aus=AUS, momentum=1.0)
    head(h)
    torch.testing.assert_close(head.norm.running_mean, h.mean((0, 2, 3)))


def test_a_training_batch_of_one_is_an_error_with_a_hint() -> None:
    head = PoolBnLinear(channels=4, aus=AUS)
    with pytest.raises(UsageError, match="batch of one") as error:
        head(torch.randn(1, 4, 2, 2))
    assert "2 or more" in error.value.hint
    assert head.eval()(torch.randn(1, 4, 2, 2)).shape == (1, 3)
