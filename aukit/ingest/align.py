"""Labels onto frames: by the frame's number, or by its time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import FrameLabels
from aukit.errors import DataError

SLACK = 1e-3
"""Seconds that a written time may be off, where it was rounded to milliseconds."""


def align(
    labels: FrameLabels, index: NDArray[np.int64], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Intensities float32 (T,A) of the frames with numbers `index` (T,) at `seconds` (T,), and notes for the user.

    A row with a frame number belongs to exactly that frame. A row with a time belongs to the nearest frame, at most
    half a frame interval away; where several share a frame, the nearest counts. Frames without a row are NaN. One row
    beyond the last frame is left out and noted: label files and videos of DISFA and BP4D differ by one here and there.

    Raises:
        DataError: rows do not rise; a row is of a frame that does not exist; it names the first.
    """
    found = np.full((len(index), labels.intensity.shape[1]), np.nan, np.float32)
    # A row without any label says nothing, not even that its frame exists.
    said = ~np.isnan(labels.intensity).all(axis=1)
    values = labels.intensity[said]
    if labels.frame is not None:
        _require_rising(labels.frame)
        rows, notes = _by_number(labels.frame[said], index)
        notes += _early_end(labels.frame, index)
    elif labels.seconds is not None:
        _require_rising(labels.seconds)
        rows, notes = _by_time(labels.seconds[said], seconds)
    else:
        raise DataError("the labels name neither frames nor times")
    found[rows[rows >= 0]] = values[rows >= 0]
    return found, (*labels.notes, *notes)


def _by_number(
    frame: NDArray[np.int64], index: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """For each label its row among the frames; -1: none."""
    place = np.minimum(np.searchsorted(index, frame), len(index) - 1)
    place = np.where(index[place] == frame, place, -1)
    missing = frame[place < 0]
    if not len(missing):
        return place, ()
    if len(missing) == 1 and missing[0] == index[-1] + 1:
        return place, (f"one label more than frames: frame {missing[0]} does not exist",)
    raise DataError(
        f"{_labels(len(missing))} of frames that do not exist, first frame {missing[0]}; "
        f"the frames are {index[0]} to {index[-1]}",
        hint="do labels and video belong together, and do both count from the same number?",
        frame=int(missing[0]),
    )


def _by_time(
    wanted: NDArray[np.float64], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    interval = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 0.0
    after = np.clip(np.searchsorted(seconds, wanted), 1 if len(seconds) > 1 else 0, len(seconds) - 1)
    before = np.maximum(after - 1, 0)
    place = np.where(wanted - seconds[before] <= seconds[after] - wanted, before, after)
    distance = np.abs(seconds[place] - wanted)
    missing = np.flatnonzero(distance > interval / 2 + SLACK)
    notes: tuple[str, ...] = ()
    if len(missing) == 1 and 0 < wanted[missing[0]] - seconds[-1] <= 1.5 * interval + SLACK:
        notes = (f"one label more than frames: there is none at {wanted[missing[0]]:.3f} s",)
    elif len(missing):
        first = missing[0]
        raise DataError(
            f"{_labels(len(missing))} at times without a frame, first at {wanted[first]:.3f} s; "
            f"the nearest frame is at {seconds[place[first]]:.3f} s, the last at {seconds[-1]:.3f} s",
            hint="do labels and video belong together? times are seconds since the video's first frame",
            seconds=float(wanted[first]),
        )
    place[missing] = -1
    order = np.lexsort((distance, place))  # of several on one frame the nearest comes first
    later = (np.diff(place[order], prepend=-1) == 0) & (place[order] >= 0)
    if later.any():
        notes += (f"{_labels(int(later.sum()))} left out: a nearer one is of the same frame",)
        place[order[later]] = -1
    return place, notes


def _early_end(frame: NDArray[np.int64], index: NDArray[np.int64]) -> tuple[str, ...]:
    """A note where every frame is labelled except the last few."""
    short = int(index[-1] - frame[-1]) if len(frame) else 0
    dense = len(frame) and frame[0] == index[0] and len(frame) == frame[-1] - frame[0] + 1
    if not dense or not 0 < short < len(index) / 10:
        return ()
    return (f"the labels end {short} frame{'s' * (short > 1)} before the video",)


def _require_rising(rows: NDArray[np.int64] | NDArray[np.float64]) -> None:
    wrong = np.flatnonzero(~(np.diff(rows) > 0))
    if len(wrong):
        raise DataError(f"labels do not rise: {rows[wrong[0] + 1]} comes after {rows[wrong[0]]}")


def _labels(count: int) -> str:
    return "1 label" if count == 1 else f"{count} labels"
