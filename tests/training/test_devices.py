"""The device, and that a run leaves torch's settings as it found them."""

from __future__ import annotations

import pytest
import torch

from aukit.errors import UsageError
from aukit.training.device import choose_device, settings


def test_auto_is_cuda_where_there_is_one() -> None:
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "meta"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_device(name)
    assert "auto" in caught.value.hint


def test_settings_are_put_back() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    with settings(torch.device("cpu"), threads=threads + 1, deterministic=True):
        assert torch.get_num_threads() == threads + 1
        torch.manual_seed(1)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
