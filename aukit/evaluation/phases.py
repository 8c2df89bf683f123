"""The time grid of prediction. A model knows the seconds between its frames; a video has frames of its own at
any rate.

A stretch without a gap is covered by interleaved phases. Each frame within the first grid step of the stretch
is the root of a phase, which goes on in steps of `seconds_per_frame` and at each takes the nearest frame.
Every frame belongs to the grid place nearest to it in time: it is predicted with that place's past and its
own pixels. At a constant rate of which the step is a multiple this is exact, so a video of 60 frames a second
is six copies of one of 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError

_TIE = 1e-6
"""Seconds: containers round their times; what is closer than this is equally near, and the earlier one is
taken.
"""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Phases:
    """The grid of one stretch of frames `start <= i < stop`.

    grid `(P,K)`: the frame that phase p takes at position k; past the end it stays at the last frame. phase,
    position `(stop - start,)`: the place each frame belongs to. At position 0 a frame has no past.
    """

    start: int
    stop: int
    grid: Ints
    lengths: Ints
    phase: Ints
    position: Ints

    def windows(self, past: int, future: int = 0) -> Ints:
        """The frames each frame is predicted from, in order: `(stop - start, past + future)`.

        At most `past` up to and with the frame itself, at `[:, past - 1]`, and `future` after it. Places before the
        start and after the end are -1.
        """
        position = self.position[:, None] + np.arange(1 - past, future + 1)
        here = (position >= 0) & (position < self.lengths[self.phase][:, None])
        frames = np.where(
            here, self.grid[self.phase[:, None], np.clip(position, 0, self.grid.shape[1] - 1)], -1
        )
        frames[:, past - 1] = np.arange(self.start, self.stop)
        return frames


def plan(
    timestamps: NDArray[np.float64], segments: Sequence[tuple[int, int]], seconds_per_frame: float
) -> Iterator[Phases]:
    """The phases of each segment, in order. `timestamps` `(T,)` are seconds; `segments` are runs `(start,
    stop)`.

    Raises:
        DataError: times do not increase within a segment, or segments do not fit the video.
    """
    if not seconds_per_frame > 0:
        raise DataError(f"seconds between frames are {seconds_per_frame}", hint="they must be above 0")
    for start, stop in segments:
        if not 0 <= start <= stop <= len(timestamps):
            raise DataError(f"segment {start}-{stop} lies outside a video of {len(timestamps)} frames")
        times = np.asarray(timestamps[start:stop], dtype=np.float64)
        if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise DataError(
                f"timestamps of frames {start}-{stop} do not increase",
                hint="prepare the video again, or leave times out",
            )
        if len(times):
            yield _phases(times, start, stop, seconds_per_frame)


def _phases(times: NDArray[np.float64], start: int, stop: int, step: float) -> Phases:
    roots = times[times - times[0] < step - _TIE]
    lengths = 1 + np.floor((times[-1] - roots) / step + _TIE).astype(np.int64)
    positions = 1 + int(np.floor((times[-1] - times[0]) / step + 0.5))
    grid = _nearest(times, roots[:, None] + step * np.arange(positions))
    position = np.clip(np.floor((times[:, None] - roots) / step + 0.5 - _TIE), 0, positions - 1).astype(
        np.int64
    )
    distance = np.abs(times[:, None] - (roots + position * step))
    phase = np.argmin(np.round(distance / _TIE), axis=1)
    return Phases(start, stop, grid + start, lengths, phase, position[np.arange(len(times)), phase])


def _nearest(times: NDArray[np.float64], wanted: NDArray[np.float64]) -> Ints:
    """The index of the time nearest to each wanted one."""
    after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    after = np.minimum(after, len(times) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(wanted - times[before] <= times[after] - wanted + _TIE, before, after).astype(np.int64)
