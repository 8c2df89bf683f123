"""The random sampler: exact counts, global draw, whole frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pydantic import ValidationError

from aukit.builtin.params.samplers import RandomSamplerParams
from aukit.builtin.samplers.random import RandomSampler
from aukit.errors import DataError

Labels = dict[str, NDArray[np.float32]]

LABELS = st.dictionaries(
    st.sampled_from("abcd"),
    arrays.arrays(
        np.float32, st.tuples(st.integers(0, 40), st.just(3)), elements=st.sampled_from([np.nan, 0.0, 2.0])
    ),
)


def labelled(labels: Labels) -> int:
    return sum(int((~np.isnan(own)).any(axis=1).sum()) for own in labels.values())


def drawn(mask: dict[str, NDArray[np.bool_]]) -> int:
    return sum(int(own.any(axis=1).sum()) for own in mask.values())


@given(labels=LABELS, percent=st.integers(1, 100), seed=st.integers(0, 99))
def test_a_fraction_is_exact_and_takes_whole_labelled_frames(labels: Labels, percent: int, seed: int) -> None:
    mask = RandomSampler(fraction=percent / 100)(labels, np.random.default_rng(seed))
    assert drawn(mask) == labelled(labels) * percent // 100
    assert mask.keys() == labels.keys()
    for video, chosen in mask.items():
        known = ~np.isnan(labels[video])
        assert chosen.shape == known.shape
        frames = chosen.any(axis=1)
        assert np.array_equal(chosen[frames], known[frames])


@given(labels=LABELS, data=st.data())
def test_a_count_is_exact(labels: Labels, data: st.DataObject) -> None:
    total = labelled(labels)
    count = data.draw(st.integers(0, total))
    assert drawn(RandomSampler(count=count)(labels, np.random.default_rng(0))) == count
    with pytest.raises(DataError, match=f"{total + 1} labelled frames are asked for, there are {total}"):
        RandomSampler(count=total + 1)(labels, np.random.default_rng(0))


def test_the_papers_count_is_a_global_draw() -> None:
    """12 people of 4845 frames: 2 % are 1162 in one draw; by video they would be 12 * 96 = 1152."""
    labels = {f"SN{n:03d}": np.zeros((4845, 12), np.float32) for n in range(12)}
    mask = RandomSampler(fraction=0.02)(labels, np.random.default_rng(0))
    assert drawn(mask) == 1162
    assert len({int(own.any(axis=1).sum()) for own in mask.values()}) > 1
    assert drawn(RandomSampler(count=1162)(labels, np.random.default_rng(0))) == 1162


def test_every_frame_is_drawn_equally_often() -> None:
    labels = {"a": np.zeros((10, 1), np.float32), "b": np.zeros((30, 1), np.float32)}
    hits = np.zeros(40)
    for seed in range(2000):
        mask = RandomSampler(count=8)(labels, np.random.default_rng(seed))
        hits += np.concatenate([mask["a"][:, 0], mask["b"][:, 0]])
    assert np.abs(hits / 2000 - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 2000)


def test_the_draw_does_not_depend_on_the_order_of_videos() -> None:
    labels = {name: np.zeros((20, 2), np.float32) for name in "abc"}
    turned = dict(reversed(labels.items()))
    one = RandomSampler(count=9)(labels, np.random.default_rng(4))
    other = RandomSampler(count=9)(turned, np.random.default_rng(4))
    assert all(np.array_equal(one[name], other[name]) for name in labels)


def test_parameters_say_what_the_class_takes() -> None:
    assert RandomSamplerParams().table() == {"fraction": 0.02}
    assert RandomSampler(**RandomSamplerParams.from_table({"count": 1162}).model_dump()).count == 1162
    for wrong in ({"fraction": 0.0}, {"fraction": 2.0}, {"count": 0}, {"fractions": 0.1}):
        with pytest.raises(ValidationError):
            RandomSamplerParams.from_table(wrong)
