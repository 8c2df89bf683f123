"""Labelled frames drawn at random over the whole training set, all of a frame's AUs together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.samplers.frames import LabelledFrames


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
        frames = LabelledFrames(labels)
        count = frames.budget(self.fraction, self.count)
        return frames.mask(rng.choice(len(frames), count, replace=False))
