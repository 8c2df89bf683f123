"""Peaks and valleys of one AU's track of intensity: local maxima and minima in time, at plateaus."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import KeyFrames


class Plateau(NamedTuple):
    """Frames `start` to `stop` (exclusive) of one value."""

    start: int
    stop: int
    value: float

    @property
    def length(self) -> int:
        """In frames."""
        return self.stop - self.start


class Extremum(NamedTuple):
    """A plateau whose neighbours are all lower (a peak) or all higher (a valley)."""

    plateau: Plateau
    peak: bool

    @property
    def value(self) -> float:
        """Of its plateau."""
        return self.plateau.value


def key_frames(
    track: NDArray[np.float32], *, min_length: int = 3, delta: float = 1.0, flat_length: int = 50
) -> KeyFrames:
    """All key frames of a track `(T,)` with NaN where it is unlabelled; nothing reaches across a NaN.

    Plateaus shorter than `min_length` join a neighbour, extrema that differ by less than `delta` from the next one go
    in pairs, so peaks and valleys alternate. Each that is left gives the frame nearest its middle, or its first and
    last where it lasts `flat_length` frames. Only frames are taken whose own label is the value of the plateau.
    """
    known = np.concatenate([[False], ~np.isnan(track), [False]])
    edges = np.flatnonzero(np.diff(known))
    peaks: list[int] = []
    valleys: list[int] = []
    segments: list[tuple[int, int]] = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        run = track[start:stop]
        rows: list[int] = []
        for extremum in prominent(extrema(debounced(plateaus(run), min_length)), delta):
            own = [int(start + row) for row in frames_of(extremum.plateau, run, flat_length)]
            (peaks if extremum.peak else valleys).extend(own)
            rows.extend(own)
        segments.extend(pairwise(rows))
    return KeyFrames(peaks=tuple(peaks), valleys=tuple(valleys), segments=tuple(segments))


def plateaus(run: NDArray[np.float32]) -> list[Plateau]:
    """The run-length code of labels without NaN."""
    starts = [0, *(np.flatnonzero(np.diff(run)) + 1).tolist(), len(run)]
    return [Plateau(start, stop, float(run[start])) for start, stop in pairwise(starts)]


def debounced(found: list[Plateau], min_length: int) -> list[Plateau]:
    """Give each plateau shorter than `min_length` frames to its neighbour nearest in value, the longer of two as near.

    The shortest go first, of two as short the earlier. Values are never averaged, so labels stay levels.
    """
    found = list(found)
    for length in range(1, min_length):  # a plateau only grows: none of this length comes back
        place = 0
        while place < len(found) and len(found) > 1:
            if found[place].length > length:
                place += 1
                continue
            before, after = max(place - 1, 0), min(place + 2, len(found))
            beside = [other for other in range(before, after) if other != place]
            nearest = min(
                beside, key=lambda one: (abs(found[one].value - found[place].value), -found[one].length)
            )
            found[place] = found[place]._replace(value=found[nearest].value)
            found[before:after] = _joined(found[before:after])
            place = before
    return found


def _joined(found: list[Plateau]) -> list[Plateau]:
    groups = [list(group) for _, group in groupby(found, key=lambda one: one.value)]
    return [Plateau(group[0].start, group[-1].stop, group[0].value) for group in groups]


def extrema(found: list[Plateau]) -> list[Extremum]:
    """The plateaus above or below all their neighbours, those at either end too; a lone plateau is a valley."""
    rising = [later.value > earlier.value for earlier, later in pairwise(found)]
    before = [not rising[0], *rising] if rising else [False]
    after = [*rising, not rising[-1]] if rising else [True]
    return [
        Extremum(plateau, peak=came_up)
        for plateau, came_up, goes_up in zip(found, before, after, strict=True)
        if came_up != goes_up
    ]


def prominent(found: list[Extremum], delta: float) -> list[Extremum]:
    """Take out the nearest pair of neighbours again and again, until all neighbours differ by `delta` or more.

    At an end of the track only the outer one of the pair goes; of the last two, the valley stays. A threshold on single
    extrema would leave two peaks without a valley between them.
    """
    found = list(found)
    steps = np.abs(np.diff([one.value for one in found]))  # tracks of real numbers have thousands
    while len(found) > 1:
        nearest = int(np.argmin(steps))
        if steps[nearest] >= delta:
            break
        if len(found) == 2:
            found = [one for one in found if not one.peak]
        elif nearest == 0:
            del found[0]
            steps = steps[1:]
        elif nearest + 2 == len(found):
            del found[-1]
            steps = steps[:-1]
        else:
            del found[nearest : nearest + 2]
            between = abs(found[nearest].value - found[nearest - 1].value)
            steps = np.concatenate([steps[: nearest - 1], [between], steps[nearest + 2 :]])
    return found


def frames_of(plateau: Plateau, run: NDArray[np.float32], flat_length: int) -> list[int]:
    """The frame of a plateau nearest its middle; of a long one the first and the last."""
    own = np.flatnonzero(run[plateau.start : plateau.stop] == np.float32(plateau.value)) + plateau.start
    if plateau.length >= flat_length:
        return sorted({int(own[0]), int(own[-1])})
    middle = (plateau.start + plateau.stop - 1) / 2
    return [int(own[np.argmin(np.abs(own - middle))])]
