"""What a score must beat: saying 0 always, and saying the mean of the labelled training frames always.

Where other stretches of the same videos are tested, also a straight line in time from label to label: see
`interpolation`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aukit.errors import DataError
from aukit.evaluation.moments import Array

INTERPOLATE = "interpolate-labels"
LEFT_OUT = "interpolate-left-out"

BASELINES = {
    "predict-zero": "always 0",
    "predict-mean": "always the mean label of the labelled training frames",
    INTERPOLATE: "a straight line in time from training label to training label of the same video",
    LEFT_OUT: "the same at the labels' own spacing: each training label from those beside it, scored on those labels",
}
"""The trivial predictors, by name. The last two are there only where other stretches of the same videos are tested."""

LEVELS = 6


@dataclass(frozen=True)
class LabelStatistics:
    """The labels that a model was trained on: per AU, each `(A,)`; `histogram` is `(A,6)`, labels rounded to
    0..5.
    """

    aus: tuple[str, ...]
    mean: Array
    labelled: NDArray[np.int64]
    positives: NDArray[np.int64]
    histogram: NDArray[np.int64]

    def to_json(self) -> dict[str, Any]:
        """Plain values by AU; the mean of an AU without labels is None."""
        return {
            au: {
                "mean": float(self.mean[i]) if self.labelled[i] else None,
                "labelled": int(self.labelled[i]),
                "positives": int(self.positives[i]),
                "histogram": [int(count) for count in self.histogram[i]],
            }
            for i, au in enumerate(self.aus)
        }

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> LabelStatistics:
        """What `to_json` gave."""
        rows = list(table.values())
        return cls(
            aus=tuple(table),
            mean=np.array([np.nan if row["mean"] is None else row["mean"] for row in rows], dtype=np.float64),
            labelled=np.array([row["labelled"] for row in rows], dtype=np.int64),
            positives=np.array([row["positives"] for row in rows], dtype=np.int64),
            histogram=np.array([row["histogram"] for row in rows], dtype=np.int64).reshape(-1, LEVELS),
        )


def label_statistics(labels: Iterable[ArrayLike], aus: Iterable[str]) -> LabelStatistics:
    """Statistics of label arrays `(T,A)`, one a video, NaN where not labelled (or not in the sample)."""
    aus = tuple(aus)
    count, positives = np.zeros(len(aus), dtype=np.int64), np.zeros(len(aus), dtype=np.int64)
    total, histogram = np.zeros(len(aus)), np.zeros((len(aus), LEVELS), dtype=np.int64)
    for part in labels:
        y = np.asarray(part, dtype=np.float64)
        known = ~np.isnan(y)
        values = np.where(known, y, 0.0)
        count += known.sum(axis=0)
        total += values.sum(axis=0)
        positives += (known & (values >= 1)).sum(axis=0)
        rounded = np.clip(np.rint(values), 0, LEVELS - 1)
        for level in range(LEVELS):
            histogram[:, level] += (known & (rounded == level)).sum(axis=0)
    mean = np.divide(total, count, out=np.full(len(aus), np.nan), where=count > 0)
    return LabelStatistics(aus, mean, count, positives, histogram)


def baseline_values(training: LabelStatistics) -> dict[str, Array]:
    """The constant `(A,)` that each baseline says.

    Raises:
        DataError: an AU has no labelled training frame, so its mean is not known.
    """
    empty = [au for au, count in zip(training.aus, training.labelled, strict=True) if not count]
    if empty:
        raise DataError(
            f"no labelled training frame for {', '.join(empty)}",
            hint="label some frames of it, sample more of them, or leave it out of model.aus",
            aus=empty,
        )
    return {"predict-zero": np.zeros(len(training.aus)), "predict-mean": training.mean}
