"""Labelled frames drawn so that the rare levels of every AU are seen, all of a frame's AUs together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.samplers.frames import LabelledFrames
from aukit.contracts.data import Draw


class StratifiedSampler:
    """Whole frames, as many as `random` draws, balanced over intensity levels of all AUs.

    A stratum is one AU at one level (the label, rounded). Frames are drawn one after another, each at random from the
    stratum that has the fewest drawn labels and frames left; of several, from any. So a stratum with few frames gives
    all of them, and the others share what is left as equally as whole frames allow: the numbers of equal allocation
    (Cochran, Sampling Techniques, 1977, chapter 5), where each frame lies in one stratum of every AU.

    The levels must be known before they are drawn: it reads all labels, and its draw says so.

    Args:
        fraction: share of the labelled frames, rounded down.
        count: an exact number of frames instead.
    """

    def __init__(self, fraction: float = 0.02, count: int | None = None) -> None:
        self.fraction = fraction
        self.count = count

    def __call__(self, labels: Mapping[str, NDArray[np.float32]], rng: np.random.Generator) -> Draw:
        """`{video: (T,A) with NaN}` to `{video: bool (T,A)}`: every label of the drawn frames.

        Raises:
            DataError: `count` is more than there are.
        """
        frames = LabelledFrames(labels)
        levels = np.rint(frames.labels)
        drawn = _balanced(levels, frames.budget(self.fraction, self.count), rng)
        by_au = [{"levels": _counts(column)} for column in levels[drawn].T]
        return Draw(frames.mask(drawn), facts={"reads": "all labels it chooses from"}, by_au=by_au)


def _balanced(levels: NDArray[np.float32], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The numbers of `count` of the N frames of levels `(N,A)`, NaN where unlabelled."""
    stratum = np.full(levels.shape, -1)
    waiting: list[list[int]] = []
    for au, column in enumerate(levels.T):
        for level in np.unique(column[~np.isnan(column)]):
            rows = np.flatnonzero(column == level)
            stratum[rows, au] = len(waiting)
            waiting.append(rng.permutation(rows).tolist())
    drawn: list[int] = []
    taken = np.zeros(len(levels), bool)
    labels = np.zeros(len(waiting))  # how many are drawn; infinite where no frame is left
    while len(drawn) < count:
        least = int(rng.choice(np.flatnonzero(labels == labels.min())))
        while waiting[least] and taken[waiting[least][-1]]:
            waiting[least].pop()
        if not waiting[least]:
            labels[least] = np.inf
            continue
        frame = waiting[least].pop()
        taken[frame] = True
        drawn.append(frame)
        labels[stratum[frame][stratum[frame] >= 0]] += 1
    return np.array(drawn, np.int64)


def _counts(column: NDArray[np.float32]) -> dict[str, int]:
    levels, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    return {f"{level:g}": int(count) for level, count in zip(levels, counts, strict=True)}
