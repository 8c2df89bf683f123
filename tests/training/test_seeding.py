"""Randomness is a function of its key."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from aukit.training.seeding import entropy, reseed_torch, rng

keys = st.lists(st.one_of(st.text(max_size=5), st.integers(0, 10**6)), max_size=4).map(tuple)


@given(st.integers(0, 2**31), keys, keys)
def test_other_keys_give_other_numbers(
    seed: int, one: tuple[str | int, ...], other: tuple[str | int, ...]
) -> None:
    assert entropy(seed, *one) == entropy(seed, *one)
    assert (entropy(seed, *one) == entropy(seed, *other)) == (
        one == other and [type(k) for k in one] == [type(k) for k in other]
    )
    assert entropy(seed, *one) != entropy(seed + 1, *one)


def test_generators_do_not_depend_on_what_was_drawn_before() -> None:
    first = rng(1, "augment", 7).random(3)
    rng(1, "augment", 6).random(100)
    assert (rng(1, "augment", 7).random(3) == first).all()
    reseed_torch(1, "step", 3)
    drawn = torch.rand(3)
    torch.rand(50)
    reseed_torch(1, "step", 3)
    assert torch.equal(torch.rand(3), drawn)


def test_the_numbers_are_the_same_on_every_machine() -> None:
    assert entropy(0, "labels", "train") == 26672426239104237624359631220898866157
