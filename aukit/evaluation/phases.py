"""The time grid of prediction, as the frames come. A model knows the seconds between its frames; a video has frames
of its own at any rate.

A stretch without a gap is covered by interleaved phases. Each frame within the first grid step of the stretch
is the root of a phase, which goes on in steps of `seconds_per_frame` and at each takes the nearest frame.
Every frame belongs to the grid place nearest to it in time: it is predicted with that place's past and its
own pixels. At a constant rate of which the step is a multiple this is exact, so a video of 60 frames a second
is six copies of one of 10.

What a frame before the newest one has to do with earlier frames never changes when later ones come. So a grid that
keeps only the frames which later ones may need says the same as one that knows the whole stretch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError

_TIE = 1e-6
"""Seconds: containers round their times; what is closer than this is equally near, and the earlier one is
taken.
"""

Ints = NDArray[np.int64]
Times = NDArray[np.float64]


def check_times(times: Sequence[float] | Times, after: float = -np.inf) -> Times:
    """Times in seconds as float64 `(T,)`.

    Raises:
        DataError: they do not increase, from `after` on.
    """
    found = np.asarray(times, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~np.isfinite(found) | (np.diff(found, prepend=after) <= 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(
            f"timestamps do not increase: {found[first]:g} s comes after "
            f"{found[first - 1] if first else after:g} s",
            hint="prepare the video again, or leave times out",
        )
    return found


class Grid:
    """The grid of one stretch, whose frames are counted from 0 and added as they come.

    `roots` `(P,)` are the times at which the phases begin. The frames `first <= i < stop` are known; those before
    `first` are forgotten.

    Raises:
        DataError: the seconds between frames are not above 0.
    """

    def __init__(self, seconds_per_frame: float) -> None:
        if not seconds_per_frame > 0:
            raise DataError(f"seconds between frames are {seconds_per_frame:g}", hint="they must be above 0")
        self.step = seconds_per_frame
        self.roots: Times = np.empty(0)
        self.first = 0
        self._times: Times = np.empty(0)
        self._phase: Ints = np.empty(0, np.int64)
        self._position: Ints = np.empty(0, np.int64)

    @property
    def stop(self) -> int:
        """The frames that came, forgotten ones included."""
        return self.first + len(self._times)

    def add(self, times: Times) -> None:
        """The next frames came at these increasing times, at least one."""
        origin = self.roots[0] if len(self.roots) else times[0]
        self.roots = np.append(self.roots, times[times - origin < self.step - _TIE])
        position = np.floor((times[:, None] - self.roots) / self.step + 0.5 - _TIE).clip(min=0)
        distance = np.abs(times[:, None] - (self.roots + position * self.step))
        phase = np.argmin(np.round(distance / _TIE), axis=1)
        self._times = np.append(self._times, times)
        self._phase = np.append(self._phase, phase)
        self._position = np.append(self._position, position[np.arange(len(times)), phase].astype(np.int64))

    def places(self, start: int, stop: int) -> tuple[Ints, Ints]:
        """The phase, and the position on it from 0, that each of the frames `start <= i < stop` belongs to."""
        rows = slice(start - self.first, stop - self.first)
        return self._phase[rows], self._position[rows]

    def nearest(self, phase: Ints, position: Ints) -> Ints:
        """The frame that each place takes: the one nearest in time, the last one past the end."""
        wanted = self.roots[phase] + self.step * position
        after = np.searchsorted(self._times, wanted).clip(1, max(len(self._times) - 1, 1))
        after = np.minimum(after, len(self._times) - 1)
        before = np.maximum(after - 1, 0)
        early = wanted - self._times[before] <= self._times[after] - wanted + _TIE
        found: Ints = np.where(early, before, after) + self.first
        return found

    def decided(self, phase: Ints, position: Ints) -> NDArray[np.bool_]:
        """Whether no later frame can change which one a place takes."""
        return np.asarray(self.roots[phase] + self.step * (position - _TIE) <= self._times[-1])

    def windows(self, start: int, stop: int, past: int, future: int = 0) -> Ints:
        """The frames that each of `start <= i < stop` is predicted from, in order: `(stop - start, past + future)`.

        At most `past` up to and with the frame itself, at `[:, past - 1]`, and `future` after it. Places before the
        start and after the newest frame are -1.
        """
        phase, position = (place[:, None] for place in self.places(start, stop))
        position = position + np.arange(1 - past, future + 1)
        last = np.floor((self._times[-1] - self.roots[phase]) / self.step + _TIE)
        here = (position >= 0) & (position <= last)
        frames = np.where(here, self.nearest(phase, np.where(here, position, 0)), -1)
        frames[:, past - 1] = np.arange(start, stop)
        return frames

    def complete(self, start: int, future: int) -> int:
        """The first frame from `start` on whose window may still change, because of its `future`; or `stop`."""
        if not future or start == self.stop:
            return self.stop
        phase, position = self.places(start, self.stop)
        return start + int(np.argmin(np.append(self.decided(phase, position + future), False)))

    def oldest(self, pending: int, past: int) -> int:
        """The oldest frame that a window of `pending` or any later frame may hold."""
        time = self._times[min(pending, self.stop - 1) - self.first]
        wanted = time - (past - 0.5 + 2 * _TIE) * self.step
        return self.first + max(0, int(np.searchsorted(self._times, wanted)) - 1)

    def forget(self, before: int) -> None:
        """Frames before this one are not asked for again; the newest is always kept."""
        count = before - self.first
        self._times = self._times[count:]
        self._phase, self._position = self._phase[count:], self._position[count:]
        self.first = before
