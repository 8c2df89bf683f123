"""The time grid: exact where the rate is constant and fits, and sane everywhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.errors import DataError
from aukit.evaluation.phases import Phases, plan


def phases(times, step: float = 0.1) -> Phases:
    (found,) = plan(np.asarray(times, float), [(0, len(times))], step)
    return found


@pytest.mark.parametrize(("fps", "stride"), [(20, 2), (30, 3), (60, 6), (10, 1), (29.97, 3)])
def test_at_a_constant_rate_phases_are_the_interleaved_copies(fps: float, stride: int) -> None:
    found = phases(np.arange(50) / fps, step=stride / fps)
    assert found.grid.shape[0] == stride
    assert found.phase.tolist() == [i % stride for i in range(50)]
    assert found.position.tolist() == [i // stride for i in range(50)]
    for i, row in enumerate(found.windows(4)):
        wanted = [i - k * stride if i - k * stride >= 0 else -1 for k in (3, 2, 1, 0)]
        assert row.tolist() == wanted


def test_a_stride_that_is_no_whole_number_of_frames_takes_the_nearest() -> None:
    times = np.arange(50) / 25
    found = phases(times)  # 0.1 s are two and a half frames
    windows = found.windows(5)
    assert (windows[:, -1] == np.arange(50)).all()
    full = windows[(windows >= 0).all(axis=1)]
    steps = np.diff(times[full], axis=1)
    assert len(full) > 30
    assert np.allclose(steps[:, :-1].mean(), 0.1, atol=0.005)
    assert (np.abs(steps - 0.1) <= 0.04 + 1e-9).all()


def test_a_slow_video_holds_its_frames() -> None:
    found = phases(np.arange(5) / 5)
    assert found.grid.tolist() == [[0, 0, 1, 1, 2, 2, 3, 3, 4]]
    assert found.windows(3)[2].tolist() == [1, 1, 2]


def test_jitter_of_a_container_clock_changes_nothing() -> None:
    times = np.arange(200) / 30
    rounded = np.round(times, 3)
    assert np.abs(phases(times).windows(8) - phases(rounded).windows(8)).max() == 0


def test_no_window_crosses_a_gap() -> None:
    times = np.concatenate([np.arange(20) / 20, 5 + np.arange(15) / 20])
    first, second = plan(times, [(0, 20), (20, 35)], 0.1)
    assert first.windows(8).max() == 19
    assert second.windows(8)[second.windows(8) >= 0].min() == 20
    assert (second.windows(8)[0] == [-1] * 7 + [20]).all()


def test_one_frame_and_no_frame() -> None:
    assert phases([3.0]).windows(4).tolist() == [[-1, -1, -1, 0]]
    assert list(plan(np.arange(4.0), [(2, 2)], 0.1)) == []


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=60),
    st.sampled_from([0.03, 0.1, 0.25]),
    st.integers(1, 6),
)
def test_every_frame_has_a_place_and_an_ordered_past_near_its_grid(
    gaps: list[int], step: float, length: int
) -> None:
    times = np.cumsum(gaps) / 1000
    found = phases(times, step)
    roots = times[times - times[0] < step - 1e-6]
    wanted = roots[found.phase] + step * found.position
    everywhere = np.abs(times[:, None, None] - (roots[:, None] + step * np.arange(found.grid.shape[1])))
    assert (np.abs(times - wanted) <= everywhere.min(axis=(1, 2)) + 2e-6).all()
    windows = found.windows(length)
    assert (windows[:, -1] == np.arange(len(times))).all()
    known = windows >= 0
    assert (known.sum(axis=1) == np.minimum(found.position + 1, length)).all()
    for k in range(length - 1):
        both = known[:, k]
        assert (windows[both, k] <= windows[both, k + 1]).all()


def test_bad_times_say_so() -> None:
    with pytest.raises(DataError, match="timestamps of frames 0-3 do not increase"):
        phases([0, 0.1, 0.1])
    with pytest.raises(DataError, match="do not increase"):
        phases([0, np.nan, 0.2])
    with pytest.raises(DataError, match="segment 0-9 lies outside a video of 3 frames"):
        list(plan(np.arange(3.0), [(0, 9)], 0.1))
    with pytest.raises(DataError, match="seconds between frames are 0"):
        phases([0, 1], step=0)
