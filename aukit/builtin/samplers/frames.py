"""The frames that have a label, of all videos together: what samplers of whole frames draw from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError


class LabelledFrames:
    """The frames of `{video: (T,A) with NaN}` that have a label, counted through in the order of the videos' names.

    `labels` (N,A) are theirs.
    """

    def __init__(self, labels: Mapping[str, NDArray[np.float32]]) -> None:
        self._known = {name: ~np.isnan(values) for name, values in labels.items()}
        self._names = sorted(labels)
        self._frames = [np.flatnonzero(self._known[name].any(axis=1)) for name in self._names]
        self._ends = np.cumsum([len(some) for some in self._frames])
        found = [labels[name][rows] for name, rows in zip(self._names, self._frames, strict=True)]
        self.labels = np.concatenate(found) if found else np.empty((0, 0), np.float32)

    def __len__(self) -> int:
        return len(self.labels)

    def budget(self, fraction: float, count: int | None) -> int:
        """`count`, or the fraction of all, rounded down.

        Raises:
            DataError: `count` is more than there are.
        """
        if count is None:
            return math.floor(fraction * len(self) + 1e-9)  # 0.29 * 100 is 28.999999999999996
        if count > len(self):
            raise DataError(
                f"{count} labelled frames are asked for, there are {len(self)}",
                hint="ask for fewer, or for a `fraction`",
            )
        return count

    def mask(self, drawn: Sequence[int] | NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
        """`{video: bool (T,A)}`: every label of the frames of these numbers."""
        drawn = np.asarray(drawn, np.int64)
        mask = {name: np.zeros_like(known) for name, known in self._known.items()}
        video = np.searchsorted(self._ends, drawn, side="right")
        for number in np.unique(video):
            name, frames = self._names[number], self._frames[number]
            chosen = frames[drawn[video == number] - (self._ends[number] - len(frames))]
            mask[name][chosen] = self._known[name][chosen]
        return mask
