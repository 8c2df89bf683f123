"""The key-frame sampler: its budget in whole segments, its shortfall, and what it says of its draw."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from aukit.builtin.params.samplers import KeyFrameParams
from aukit.builtin.samplers.key_frame import KeyFrameSampler
from aukit.builtin.samplers.key_points import key_frames
from aukit.contracts.data import Draw

Labels = dict[str, NDArray[np.float32]]


@st.composite
def people(draw: st.DrawFn) -> Labels:
    """Up to four videos of two AUs, their tracks in steps, with gaps."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    labels = {}
    for name in draw(st.sets(st.sampled_from("abcd"), min_size=1)):
        levels = rng.choice([0.0, 0.0, 1.0, 2.0, 4.0, np.nan], (draw(st.integers(1, 12)), 2))
        labels[name] = np.repeat(levels, rng.integers(1, 12, len(levels)), axis=0).astype(np.float32)
    return labels


def all_of(labels: Labels, au: int) -> set[tuple[str, int]]:
    """Every key frame of an AU."""
    found = {name: key_frames(values[:, au]) for name, values in labels.items()}
    return {(name, row) for name, own in found.items() for row in (*own.peaks, *own.valleys)}


def chosen(draw: Draw, au: int) -> set[tuple[str, int]]:
    return {(name, int(row)) for name, mask in draw.items() for row in np.flatnonzero(mask[:, au])}


@given(people(), st.integers(1, 30), st.integers(0, 99))
def test_a_draw_keeps_its_budget_in_whole_segments(labels: Labels, count: int, seed: int) -> None:
    draw = KeyFrameSampler(count=count)(labels, np.random.default_rng(seed))
    for au in range(2):
        there, own = all_of(labels, au), chosen(draw, au)
        assert own <= there
        assert len(own) <= count
        assert own == there or len(own) >= count - 1  # one label buys no segment
        ends, lone = set(), set(own)
        for name, found in draw.key_frames.items():
            rows = sorted([*found[au].peaks, *found[au].valleys])
            assert {(name, row) for row in rows} == {one for one in own if one[0] == name}
            assert set(found[au].segments) <= set(pairwise(rows))
            ends |= {(name, end) for segment in found[au].segments for end in segment}
        lone -= ends
        full = {name: key_frames(values[:, au]) for name, values in labels.items()}
        joined = {(name, end) for name, one in full.items() for segment in one.segments for end in segment}
        assert not lone & joined  # whoever has a segment comes with one
        facts = draw.by_au[au]
        assert facts["peaks"] + facts["valleys"] == len(own)
        assert facts["segments"] == sum(len(found[au].segments) for found in draw.key_frames.values())
        assert facts["key_frames_there"] == len(there)
    assert draw.asked == (count, count)


@given(people(), st.floats(0.01, 1), st.integers(0, 99))
def test_a_draw_follows_from_its_generator_whatever_the_order_of_videos(
    labels: Labels, fraction: float, seed: int
) -> None:
    sampler = KeyFrameSampler(fraction=fraction, extra=0.1)
    one = sampler(labels, np.random.default_rng(seed))
    other = sampler(dict(reversed(labels.items())), np.random.default_rng(seed))
    assert all(np.array_equal(one[name], other[name]) for name in labels)
    assert one.key_frames == other.key_frames


@given(people(), st.floats(0, 1), st.integers(0, 99))
def test_extra_frames_are_no_key_frames_and_are_counted(labels: Labels, extra: float, seed: int) -> None:
    plain = KeyFrameSampler(count=4)(labels, np.random.default_rng(seed))
    more = KeyFrameSampler(count=4, extra=extra)(labels, np.random.default_rng(seed))
    known = sum((~np.isnan(values)).sum(axis=0) for values in labels.values())
    for au in range(2):
        keys = {
            (name, row) for name, own in more.key_frames.items() for row in own[au].peaks + own[au].valleys
        }
        others = chosen(more, au) - keys
        assert more.asked[au] == 4 + round(extra * known[au])
        assert more.by_au[au]["extra"] == len(others) == min(round(extra * known[au]), known[au] - len(keys))
    assert chosen(more, 0) >= chosen(plain, 0)


@pytest.fixture
def waves() -> Labels:
    """Ten waves and a long rest: 21 key frames in changing segments, and one more at the end of the rest."""
    wave = [0] * 6 + [3] * 6
    return {"v": np.array([*wave * 10, *[0] * 60], np.float32)[:, None]}


def test_segments_that_change_come_before_those_that_rest(waves: Labels) -> None:
    for seed in range(20):
        draw = KeyFrameSampler(count=21)(waves, np.random.default_rng(seed))
        segments = draw.key_frames["v"][0].segments
        assert len(segments) == 20
        assert all(waves["v"][first] != waves["v"][last] for first, last in segments)
    assert KeyFrameSampler(count=22)(waves, np.random.default_rng(0)).by_au[0]["segments"] == 21


def test_segments_are_drawn_at_random(waves: Labels) -> None:
    draws = [KeyFrameSampler(count=2)(waves, np.random.default_rng(seed)) for seed in range(400)]
    drawn = [draw.key_frames["v"][0].segments[0] for draw in draws]
    counts = np.array([drawn.count(segment) for segment in set(drawn)])
    assert len(counts) == 20
    assert np.abs(counts - 20).max() < 5 * np.sqrt(20)


def test_what_is_not_there_is_said_and_not_padded() -> None:
    """A track of 4845 frames with 40 key frames has .83 %: one in a hundred cannot be had."""
    track = np.zeros(4845, np.float32)
    for peak in range(20):
        track[100 + peak * 225 : 140 + peak * 225] = 2  # rests of more than 50 frames give two
    draw = KeyFrameSampler(fraction=0.01, flat_length=10_000)({"v": track[:, None]}, np.random.default_rng(0))
    assert draw.asked == (48,)
    assert draw["v"].sum() == 41
    assert draw.by_au == ({"peaks": 20, "valleys": 21, "segments": 40, "extra": 0, "key_frames_there": 41},)
    assert "whole tracks" in draw.facts["reads"]


def test_a_share_of_the_key_frames_themselves(waves: Labels) -> None:
    every = KeyFrameSampler(fraction=1, of="key-frames")(waves, np.random.default_rng(0))
    assert every["v"].sum() == every.asked[0] == 22
    half = KeyFrameSampler(fraction=0.5, of="key-frames")(waves, np.random.default_rng(0))
    assert half["v"].sum() == half.asked[0] == 11


def test_each_au_is_drawn_by_itself_over_all_videos() -> None:
    rng = np.random.default_rng(0)
    labels = {
        name: np.repeat(rng.choice([0.0, 1.0, 3.0], (40, 2)), 5, axis=0).astype(np.float32) for name in "abc"
    }
    labels["c"][:, 1] = np.nan
    draw = KeyFrameSampler(fraction=0.03)(labels, np.random.default_rng(1))
    assert draw.asked == (18, 12)  # of 600 and of 400 labels
    assert sum(mask.sum(axis=0) for mask in draw.values()).tolist() == [18, 12]
    frames = sum(int(mask.any(axis=1).sum()) for mask in draw.values())
    assert 18 < frames <= 30  # more frames than either AU has labels: what the union costs


def test_parameters_say_what_the_class_takes() -> None:
    assert KeyFrameParams.from_table({"count": 500}).smoke() == {"count": 16}
    assert KeyFrameParams().smoke() == {"fraction": 0.1}
    for wrong in ({"of": "faces"}, {"min_length": 0}, {"flat_length": 1}, {"extra": 2.0}, {"delta": -1.0}):
        with pytest.raises(ValidationError):
            KeyFrameParams.from_table(wrong)
