"""The time grid: exact where the rate is constant and fits, and sane everywhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.errors import DataError
from aukit.evaluation.phases import Grid, check_times


def grid(times, step: float = 0.1) -> Grid:
    found = Grid(step)
    found.add(check_times(times))
    return found


def windows(found: Grid, past: int, future: int = 0) -> np.ndarray:
    return found.windows(0, found.stop, past, future)


@pytest.mark.parametrize(("fps", "stride"), [(20, 2), (30, 3), (60, 6), (10, 1), (29.97, 3)])
def test_at_a_constant_rate_phases_are_the_interleaved_copies(fps: float, stride: int) -> None:
    found = grid(np.arange(50) / fps, step=stride / fps)
    assert len(found.roots) == stride
    phase, position = found.places(0, 50)
    assert phase.tolist() == [i % stride for i in range(50)]
    assert position.tolist() == [i // stride for i in range(50)]
    for i, row in enumerate(windows(found, 4)):
        wanted = [i - k * stride if i - k * stride >= 0 else -1 for k in (3, 2, 1, 0)]
        assert row.tolist() == wanted


def test_a_stride_that_is_no_whole_number_of_frames_takes_the_nearest() -> None:
    times = np.arange(50) / 25
    found = grid(times)  # 0.1 s are two and a half frames
    rows = windows(found, 5)
    assert (rows[:, -1] == np.arange(50)).all()
    full = rows[(rows >= 0).all(axis=1)]
    steps = np.diff(times[full], axis=1)
    assert len(full) > 30
    assert np.allclose(steps[:, :-1].mean(), 0.1, atol=0.005)
    assert (np.abs(steps - 0.1) <= 0.04 + 1e-9).all()


def test_a_slow_video_holds_its_frames() -> None:
    found = grid(np.arange(5) / 5)
    places = np.arange(9)
    assert found.nearest(np.zeros_like(places), places).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert windows(found, 3)[2].tolist() == [1, 1, 2]


def test_jitter_of_a_container_clock_changes_nothing() -> None:
    times = np.arange(200) / 30
    rounded = np.round(times, 3)
    assert np.abs(windows(grid(times), 8) - windows(grid(rounded), 8)).max() == 0


def test_one_frame() -> None:
    assert windows(grid([3.0]), 4).tolist() == [[-1, -1, -1, 0]]


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=60),
    st.sampled_from([0.03, 0.1, 0.25]),
    st.integers(1, 6),
)
def test_every_frame_has_a_place_and_an_ordered_past_near_its_grid(
    gaps: list[int], step: float, length: int
) -> None:
    times = np.cumsum(gaps) / 1000
    found = grid(times, step)
    roots = times[times - times[0] < step - 1e-6]
    assert (found.roots == roots).all()
    phase, position = found.places(0, len(times))
    wanted = roots[phase] + step * position
    everywhere = np.abs(times[:, None, None] - (roots[:, None] + step * np.arange(position.max() + 2)))
    assert (np.abs(times - wanted) <= everywhere.min(axis=(1, 2)) + 2e-6).all()
    rows = windows(found, length)
    assert (rows[:, -1] == np.arange(len(times))).all()
    known = rows >= 0
    assert (known.sum(axis=1) == np.minimum(position + 1, length)).all()
    for k in range(length - 1):
        both = known[:, k]
        assert (rows[both, k] <= rows[both, k + 1]).all()


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=60),
    st.sampled_from([0.03, 0.1, 0.25]),
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(1, 7),
)
def test_a_grid_that_forgets_says_what_one_that_knows_everything_says(
    gaps: list[int], step: float, past: int, future: int, block: int
) -> None:
    times = np.cumsum(gaps) / 1000
    wanted = windows(grid(times, step), past, future)
    found, rows = Grid(step), []
    for start in range(0, len(times), block):
        found.add(times[start : start + block])
        stop = found.complete(len(rows), future)
        rows += found.windows(len(rows), stop, past, future).tolist()
        found.forget(found.oldest(len(rows), past))
    rows += found.windows(len(rows), found.stop, past, future).tolist()
    assert rows == wanted.tolist()
    assert times[-1] - times[found.first + 1 :].min(initial=np.inf) <= (past + future + 1) * step


def test_bad_times_say_so() -> None:
    with pytest.raises(DataError, match=r"timestamps do not increase: 0\.1 s comes after 0\.1 s"):
        check_times([0, 0.1, 0.1])
    with pytest.raises(DataError, match=r"0\.5 s comes after 0\.7 s"):
        check_times([0.5, 0.6], after=0.7)
    for wrong in (np.nan, np.inf):
        with pytest.raises(DataError, match="do not increase"):
            check_times([0, wrong, wrong])
    with pytest.raises(DataError, match="seconds between frames are 0"):
        Grid(0)
