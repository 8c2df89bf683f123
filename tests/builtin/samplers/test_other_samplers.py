"""Even steps, and frames balanced over the levels of all AUs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from aukit.builtin.params.samplers import StratifiedSamplerParams, UniformStrideParams
from aukit.builtin.samplers.stratified import StratifiedSampler
from aukit.builtin.samplers.uniform_stride import UniformStrideSampler
from aukit.errors import DataError

Labels = dict[str, NDArray[np.float32]]

LABELS = st.dictionaries(
    st.sampled_from("abcd"),
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(0, 40), st.just(3)),
        elements=st.sampled_from([np.nan, 0.0, 0.0, 1.0, 4.0]),
    ),
)


@given(LABELS, st.integers(1, 12), st.integers(0, 99))
def test_every_nth_labelled_frame_of_each_video(labels: Labels, every: int, seed: int) -> None:
    mask = UniformStrideSampler(every=every)(labels, np.random.default_rng(seed))
    assert mask.keys() == labels.keys()
    for video, values in labels.items():
        known = ~np.isnan(values)
        frames = [row for row in range(len(values)) if known[row].any()]
        rows = [row for row in range(len(values)) if mask[video][row].any()]
        assert any(rows == frames[offset::every] for offset in range(every))
        assert np.array_equal(mask[video][rows], known[rows])


@given(LABELS, st.floats(0.02, 1), st.integers(0, 99))
def test_a_fraction_of_each_video_at_even_steps(labels: Labels, fraction: float, seed: int) -> None:
    mask = UniformStrideSampler(fraction=fraction)(labels, np.random.default_rng(seed))
    for video, values in labels.items():
        frames = np.flatnonzero((~np.isnan(values)).any(axis=1))
        places = np.searchsorted(frames, np.flatnonzero(mask[video].any(axis=1)))
        assert abs(len(places) - fraction * len(frames)) < 1 + 1e-6
        steps = np.diff(places)
        assert ((steps == np.floor(1 / fraction)) | (steps == np.ceil(1 / fraction))).all()


def test_every_frame_is_as_likely_and_videos_have_offsets_of_their_own() -> None:
    labels = {name: np.zeros((23, 1), np.float32) for name in "ab"}
    for sampler, rate in ((UniformStrideSampler(every=7), 1 / 7), (UniformStrideSampler(fraction=0.3), 0.3)):
        hits, same = np.zeros(23), 0
        for seed in range(3000):
            mask = sampler(labels, np.random.default_rng(seed))
            hits += mask["a"][:, 0]
            same += np.array_equal(mask["a"], mask["b"])
        assert np.abs(hits / 3000 - rate).max() < 5 * np.sqrt(rate * (1 - rate) / 3000)
        assert same < 3000 / 2


def drawn(mask: dict[str, NDArray[np.bool_]]) -> int:
    return sum(int(own.any(axis=1).sum()) for own in mask.values())


@given(LABELS, st.data())
def test_stratified_takes_exactly_so_many_whole_frames(labels: Labels, data: st.DataObject) -> None:
    total = sum(int((~np.isnan(values)).any(axis=1).sum()) for values in labels.values())
    count = data.draw(st.integers(0, total))
    seed = data.draw(st.integers(0, 99))
    draw = StratifiedSampler(count=count)(labels, np.random.default_rng(seed))
    assert drawn(draw) == count
    for video, values in labels.items():
        rows = draw[video].any(axis=1)
        assert np.array_equal(draw[video][rows], ~np.isnan(values[rows]))
    other = StratifiedSampler(count=count)(dict(reversed(labels.items())), np.random.default_rng(seed))
    assert all(np.array_equal(draw[name], other[name]) for name in labels)
    with pytest.raises(DataError, match=f"{total + 1} labelled frames are asked for, there are {total}"):
        StratifiedSampler(count=total + 1)(labels, np.random.default_rng(0))


@given(st.lists(st.integers(0, 30), min_size=2, max_size=6), st.integers(0, 100), st.integers(0, 9))
def test_one_au_has_equal_numbers_of_each_level_as_far_as_they_last(
    there: list[int], count: int, seed: int
) -> None:
    """Equal allocation: each level gives min(its frames, a common share), and what is left over falls on one each."""
    count = min(count, sum(there))
    labels = {"v": np.repeat(np.arange(len(there)), there).astype(np.float32)[:, None]}
    draw = StratifiedSampler(count=count)(labels, np.random.default_rng(seed))
    found = [int((labels["v"][draw["v"]] == level).sum()) for level in range(len(there))]
    share = max((n for n in range(101) if sum(min(one, n) for one in there) <= count), default=0)
    assert all(min(one, share) <= n <= min(one, share + 1) for one, n in zip(there, found, strict=True))
    said = draw.by_au[0]["levels"] if draw.by_au else {}
    assert said == {str(level): n for level, n in enumerate(found) if n}


def test_rare_levels_of_every_au_are_drawn_far_more_often_than_at_random() -> None:
    rng = np.random.default_rng(0)
    labels = {
        name: np.where(rng.random((2000, 4)) < 0.01, rng.integers(1, 6, (2000, 4)), 0).astype(np.float32)
        for name in "abc"
    }
    draw = StratifiedSampler(count=120)(labels, np.random.default_rng(0))
    for levels in (facts["levels"] for facts in draw.by_au):
        rare = [levels[str(level)] for level in range(1, 6)]  # a random draw has 0.24 of each
        assert min(rare) >= 5 and max(rare) <= 8
    assert "all labels" in draw.facts["reads"]


def test_a_label_between_two_levels_counts_with_the_nearer() -> None:
    values = np.array([0.0, 0.2, 0.4, 0.1, 3.1, 2.9], np.float32)[:, None]
    draw = StratifiedSampler(count=4)({"v": values}, np.random.default_rng(0))
    assert draw.by_au == ({"levels": {"0": 2, "3": 2}},)


def test_parameters_say_what_the_classes_take() -> None:
    assert UniformStrideSampler(**UniformStrideParams.from_table({"every": 50}).model_dump()).step == 50
    assert UniformStrideParams.from_table({"every": 50}).smoke() == {"every": 5}
    assert StratifiedSampler(**StratifiedSamplerParams.from_table({"count": 9}).model_dump()).count == 9
    assert StratifiedSamplerParams.from_table({"count": 999}).smoke() == {"count": 16}
