"""Peaks and valleys against a slow reading of the rules, frame by frame, and on tracks drawn by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aukit.builtin.samplers.key_points import key_frames

Track = NDArray[np.float32]


def track(text: str) -> Track:
    """`0001 2.2` is eight labels: a space or a dot is none."""
    return np.array([float(one) if one.isdigit() else np.nan for one in text], np.float32)


def spans(values: list[float]) -> list[tuple[int, int]]:
    """The plateaus of a list of values, as (first, last)."""
    found, first = [], 0
    for row in range(len(values)):
        if row + 1 == len(values) or values[row + 1] != values[row]:
            found.append((first, row))
            first = row + 1
    return found


def slow_debounce(values: list[float], least: int) -> list[float]:
    values = list(values)
    while True:
        found = spans(values)
        short = [(last - first + 1, first, last) for first, last in found if last - first + 1 < least]
        if len(found) == 1 or not short:
            return values
        _, first, last = min(short)
        beside = [one for one in found if last + 1 == one[0] or one[1] + 1 == first]
        beside.sort(key=lambda one: (abs(values[one[0]] - values[first]), one[0] - one[1], one[0]))
        for row in range(first, last + 1):
            values[row] = values[beside[0][0]]


def slow_extrema(values: list[float], delta: float) -> list[tuple[int, int, str]]:
    """(first, last, kind) of the prominent plateaus."""
    found = []
    for first, last in spans(values):
        beside = [values[row] for row in (first - 1, last + 1) if 0 <= row < len(values)]
        if all(other > values[first] for other in beside):
            found.append((first, last, "valley"))
        elif all(other < values[first] for other in beside):
            found.append((first, last, "peak"))
    while len(found) > 1:
        steps = [abs(values[found[n][0]] - values[found[n + 1][0]]) for n in range(len(found) - 1)]
        n = steps.index(min(steps))
        if steps[n] >= delta:
            break
        goes = {found[n], found[n + 1]}
        if len(found) == 2:
            goes = {one for one in found if one[2] == "peak"}
        elif n == 0:
            goes = {found[0]}
        elif n == len(found) - 2:
            goes = {found[-1]}
        found = [one for one in found if one not in goes]
    return found


def slow(
    labels: Track, least: int, delta: float, flat: int
) -> tuple[set[int], set[int], set[tuple[int, int]]]:
    """Peaks, valleys and segments."""
    kinds: dict[str, set[int]] = {"peak": set(), "valley": set()}
    segments, row = set(), 0
    while row < len(labels):
        if np.isnan(labels[row]):
            row += 1
            continue
        start = row
        while row < len(labels) and not np.isnan(labels[row]):
            row += 1
        raw = [float(one) for one in labels[start:row]]
        values, in_order = slow_debounce(raw, least), []
        for first, last, kind in slow_extrema(values, delta):
            own = [one for one in range(first, last + 1) if raw[one] == values[one]]
            if last - first + 1 >= flat:
                own = sorted({own[0], own[-1]})
            else:
                own = [min(own, key=lambda one: (abs(2 * one - first - last), one))]
            kinds[kind] |= {start + one for one in own}
            in_order += [start + one for one in own]
        segments |= set(pairwise(in_order))
    return kinds["peak"], kinds["valley"], segments


STRETCH = st.tuples(st.sampled_from([np.nan, 0.0, 1.0, 2.0, 3.0, 5.0]), st.integers(1, 9))
TRACKS = st.lists(STRETCH, max_size=25).map(
    lambda parts: np.concatenate([np.full(length, value) for value, length in parts] or [[]]).astype(
        np.float32
    )
)


@settings(max_examples=400)
@given(TRACKS, st.integers(1, 6), st.sampled_from([0.0, 1.0, 2.0, 3.0]), st.integers(2, 15))
def test_the_key_frames_are_those_of_the_slow_reading(
    labels: Track, least: int, delta: float, flat: int
) -> None:
    found = key_frames(labels, min_length=least, delta=delta, flat_length=flat)
    peaks, valleys, segments = slow(labels, least, delta, flat)
    assert (set(found.peaks), set(found.valleys), set(found.segments)) == (peaks, valleys, segments)
    assert len(found.peaks) == len(peaks) and len(found.segments) == len(segments)


@given(TRACKS, st.integers(1, 6), st.sampled_from([1.0, 2.0, 3.0]))
def test_peaks_and_valleys_alternate_and_nothing_reaches_across_a_break(
    labels: Track, least: int, delta: float
) -> None:
    found = key_frames(labels, min_length=least, delta=delta, flat_length=1000)
    peaks = set(found.peaks)
    for first, last in found.segments:
        assert not np.isnan(labels[first : last + 1]).any()
        assert (first in peaks) != (last in peaks)
        valley, peak = sorted((first, last), key=lambda row: row in peaks)
        assert labels[peak] - labels[valley] >= delta
        assert not any(first < row < last for row in (*found.peaks, *found.valleys))
    runs = sum(
        not np.isnan(one) and (row == 0 or bool(np.isnan(labels[row - 1]))) for row, one in enumerate(labels)
    )
    assert len(found.peaks) + len(found.valleys) - len(found.segments) == runs


@pytest.mark.parametrize(
    ("text", "peaks", "valleys", "segments"),
    [
        ("0000033333000", (7,), (2, 11), ((2, 7), (7, 11))),
        ("0000", (), (1,), ()),  # a constant track is one valley
        ("3", (), (0,), ()),
        ("000111222333", (10,), (1,), ((1, 10),)),  # a ramp has no extremum inside
        ("000122333222000", (6,), (1, 13), ((1, 6), (6, 13))),  # 22 is part of the peak, and is not chosen
        ("0000010000", (), (4,), ()),  # jitter of one frame
        ("00000500000", (), (4,), ()),  # min_length is a number of frames, not of levels
        ("000111.000111", (4, 11), (1, 8), ((1, 4), (8, 11))),  # no segment over the gap
        ("...", (), (), ()),
        ("00001100000", (), (6,), ()),  # what is nearest the middle and has the plateau's own label
        ("0001232100000", (5,), (1, 9), ((1, 5), (5, 9))),  # only frame 5 is truly labelled 3
    ],
)
def test_tracks_drawn_by_hand(
    text: str, peaks: tuple[int, ...], valleys: tuple[int, ...], segments: tuple[tuple[int, int], ...]
) -> None:
    found = key_frames(track(text))
    assert (found.peaks, found.valleys, found.segments) == (peaks, valleys, segments)


def test_small_waves_go_in_pairs_so_that_no_two_peaks_meet() -> None:
    wave = track("000222111333000111000")
    assert key_frames(wave, delta=1).peaks == (4, 10, 16)
    two = key_frames(wave, delta=2)
    assert (two.peaks, two.valleys) == ((10,), (1, 19))
    assert two.segments == ((1, 10), (10, 19))


def test_a_long_rest_gives_both_its_ends_and_a_flat_segment() -> None:
    found = key_frames(track("0" * 50 + "2" * 49 + "0" * 3))
    assert found.valleys == (0, 49, 100)
    assert found.peaks == (74,)
    assert found.segments == ((0, 49), (49, 74), (74, 100))
    assert key_frames(track("1" * 60)).segments == ((0, 59),)
