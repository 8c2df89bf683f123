"""Labelled frames drawn at random over the whole training set, all of a frame's AUs together."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError


class RandomSampler:
    """One draw without replacement over all frames that have a label, not one a video (paper, section 4).

    A global draw is what the paper's 1162 of 58,140 frames is: floor(0.02 * 12 * 4845).

    Args:
        fraction: share of the labelled frames, rounded down.
        count: an exact number of frames instead.
    """

    def __init__(self, fraction: float = 0.02, count: int | None = None) -> None:
        self.fraction = fraction
        self.count = count

    def __call__(
        self, labels: Mapping[str, NDArray[np.float32]], rng: np.random.Generator
    ) -> dict[str, NDArray[np.bool_]]:
        """`{video: (T,A) with NaN}` to `{video: bool (T,A)}`: every label of the drawn frames.

        The draw depends on the labelled frames and the generator, not on the order of the videos.

        Raises:
            DataError: `count` is more than there are.
        """
        names = sorted(labels)
        known = {name: ~np.isnan(labels[name]) for name in names}
        frames = [np.flatnonzero(known[name].any(axis=1)) for name in names]
        ends = np.cumsum([len(some) for some in frames])
        total = int(ends[-1]) if names else 0
        count = self.count
        if count is None:
            count = math.floor(self.fraction * total + 1e-9)  # 0.29 * 100 is 28.999999999999996
        if count > total:
            raise DataError(
                f"{count} labelled frames are asked for, there are {total}",
                hint="ask for fewer, or for a `fraction`",
            )
        mask = {name: np.zeros_like(known[name]) for name in labels}
        drawn = rng.choice(total, count, replace=False)
        video = np.searchsorted(ends, drawn, side="right")
        for number in np.unique(video):
            name = names[number]
            first = ends[number] - len(frames[number])
            chosen = frames[number][drawn[video == number] - first]
            mask[name][chosen] = known[name][chosen]
        return mask
