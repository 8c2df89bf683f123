"""Labelled frames at even steps through each video, all of a frame's AUs together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


class UniformStrideSampler:
    """Systematic sampling (Cochran, Sampling Techniques, 1977, chapter 8): an even step, from a random first frame.

    Steps count a video's labelled frames; where all are labelled, these are steps in time. Each frame is as
    likely as any other, and a video of N frames gives N / step of them, rounded up or down.

    Args:
        fraction: share of the labelled frames: a step of 1 / fraction frames, on average.
        every: the step in frames instead.
    """

    def __init__(self, fraction: float = 0.02, every: int | None = None) -> None:
        self.step = 1 / fraction if every is None else every

    def __call__(
        self, labels: Mapping[str, NDArray[np.float32]], rng: np.random.Generator
    ) -> dict[str, NDArray[np.bool_]]:
        """`{video: (T,A) with NaN}` to `{video: bool (T,A)}`: every label of the drawn frames."""
        mask = {name: np.zeros(labels[name].shape, bool) for name in labels}
        for name in sorted(labels):
            known = ~np.isnan(labels[name])
            frames = np.flatnonzero(known.any(axis=1))
            steps = rng.random() * self.step + self.step * np.arange(np.ceil(len(frames) / self.step))
            places = np.floor(steps).astype(np.int64)
            chosen = frames[places[places < len(frames)]]
            mask[name][chosen] = known[chosen]
        return mask
