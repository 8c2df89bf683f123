"""Labels onto frames: exactly the frame that a row means, or an error that names the row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.contracts.data import FrameLabels
from aukit.errors import DataError
from aukit.ingest.align import align

NAN = float("nan")


def frames(count: int, *, first: int = 0, fps: float = 25.0) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(first, first + count), np.arange(count) / fps


def by_frame(rows: dict[int, float]) -> FrameLabels:
    values = np.array(list(rows.values()), np.float32)[:, None]
    return FrameLabels(frame=np.array(list(rows), np.int64), intensity=values)


def by_time(rows: dict[float, float]) -> FrameLabels:
    values = np.array(list(rows.values()), np.float32)[:, None]
    return FrameLabels(seconds=np.array(list(rows), np.float64), intensity=values)


def test_a_frame_number_means_that_frame() -> None:
    found, notes = align(by_frame({11: 1, 12: NAN, 14: 5}), *frames(5, first=10))
    assert np.array_equal(found[:, 0], [NAN, 1, NAN, NAN, 5], equal_nan=True)
    assert (found.dtype, notes) == (np.float32, ())


def test_a_time_means_the_nearest_frame() -> None:
    found, notes = align(by_time({0.019: 1, 0.081: 2, 0.16: 3}), *frames(5))
    assert np.array_equal(found[:, 0], [1, NAN, 2, NAN, 3], equal_nan=True)
    assert notes == ()


def test_of_several_times_on_one_frame_the_nearest_counts() -> None:
    found, notes = align(by_time({0.0: 1, 0.03: 2, 0.041: 3, 0.05: 4, 0.08: 5}), *frames(3))
    assert np.array_equal(found[:, 0], [1, 3, 5])
    assert notes == ("2 labels left out: a nearer one is of the same frame",)


def test_one_label_more_than_frames_is_noted() -> None:
    found, notes = align(by_frame({1: 0, 2: 1, 3: 2, 4: 3}), *frames(3, first=1))
    assert np.array_equal(found[:, 0], [0, 1, 2])
    assert notes == ("one label more than frames: frame 4 does not exist",)
    found, notes = align(by_time({0.0: 1, 0.12: 2}), *frames(3))
    assert np.array_equal(found[:, 0], [1, NAN, NAN], equal_nan=True)
    assert notes == ("one label more than frames: there is none at 0.120 s",)


def test_labels_that_end_early_are_noted_where_all_others_are_there() -> None:
    dense = by_frame(dict.fromkeys(range(1, 100), 1))
    assert align(dense, *frames(100, first=1))[1] == ("the labels end 1 frame before the video",)
    sparse = by_frame(dict.fromkeys(range(1, 100, 7), 1))
    assert align(sparse, *frames(100, first=1))[1] == ()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (by_frame({0: 1, 1: 1}), "1 label of frames that do not exist, first frame 0; the frames are 1 to 5"),
        (by_frame({6: 1, 7: 1}), "2 labels of frames that do not exist, first frame 6"),
        (by_frame({7: 1}), "first frame 7"),
        (by_frame({2: 1, 2 - 1: 1}), "labels do not rise: 1 comes after 2"),
        (by_time({-0.1: 1}), "1 label at times without a frame, first at -0.100 s"),
        (by_time({0.5: 1}), "the nearest frame is at 0.160 s, the last at 0.160 s"),
        (FrameLabels(intensity=np.zeros((1, 1), np.float32)), "neither frames nor times"),
    ],
)
def test_a_label_without_a_frame_is_an_error(labels: FrameLabels, message: str) -> None:
    with pytest.raises(DataError, match=message):
        align(labels, *frames(5, first=1))


def test_a_row_that_says_nothing_needs_no_frame() -> None:
    found, notes = align(by_frame({1: 2, 50: NAN, 60: NAN}), *frames(5, first=1))
    assert (found[0, 0], notes) == (2, ())


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True).map(sorted),
    st.dictionaries(st.integers(0, 62), st.integers(0, 5), max_size=20),
)
def test_no_label_is_lost_or_moved(index: list[int], rows: dict[int, int]) -> None:
    labels = by_frame(dict(sorted(rows.items()))) if rows else by_frame({})
    strange = sorted(set(rows) - set(index))
    try:
        found, _ = align(labels, np.array(index), np.array(index) / 20)
    except DataError as error:
        assert error.data["frame"] == strange[0]
        assert strange != [index[-1] + 1]
        return
    assert strange in ([], [index[-1] + 1])
    assert [rows.get(number) for number in index] == [None if np.isnan(v) else int(v) for v in found[:, 0]]


@given(
    st.lists(st.integers(20, 60), min_size=2, max_size=25),
    st.lists(st.integers(-100, 1700), max_size=12, unique=True).map(sorted),
)
def test_times_by_brute_force(steps: list[int], wanted: list[int]) -> None:
    seconds = np.cumsum([0, *steps]) / 1000
    half = float(np.median(np.diff(seconds))) / 2 + 1e-3
    times = np.array(wanted) / 1000
    labels = FrameLabels(seconds=times, intensity=np.arange(len(wanted), dtype=np.float32)[:, None] % 6)
    try:
        found, _ = align(labels, np.arange(len(seconds)), seconds)
    except DataError as error:
        assert np.abs(seconds - error.data["seconds"]).min() > half
        return
    for place, time in enumerate(seconds):
        near = [
            (abs(time - other), row)
            for row, other in enumerate(times)
            if abs(time - other) <= half and np.abs(seconds - other).argmin() == place
        ]
        if near:
            assert found[place, 0] == labels.intensity[min(near)[1], 0]
        else:
            assert np.isnan(found[place, 0])
