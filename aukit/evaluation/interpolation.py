"""Straight lines in time between labels: what filling in labels takes without looking at a face.

Where the same people are tested, both of these stand beside a score. `interpolate_labels` has the labels that the model
was trained on, and must bridge a tested block and its gaps. `left_out` says what lines do between labels as near to
each other as they were made: each is left out in turn, so that its neighbours are twice as far apart as they would be.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from aukit.evaluation.metrics import METRICS
from aukit.evaluation.moments import Array, moments


def interpolate_labels(seconds: ArrayLike, labels: ArrayLike, wanted: ArrayLike) -> Array:
    """A straight line in time from label to label of one video, AU by AU: `(T,A)` at the `wanted` times `(T,)`.

    seconds: when the frames of `labels` are, `(L,)`, in any order. labels: `(L,A)`, NaN where not labelled. Beyond the
    first and the last label of an AU it is the nearest one; an AU without any is NaN.
    """
    at, y, to = (np.asarray(values, dtype=np.float64) for values in (seconds, labels, wanted))
    found = np.full((len(to), y.shape[1]), np.nan)
    order = np.argsort(at, kind="stable")
    for au in range(y.shape[1]):
        known = order[~np.isnan(y[order, au])]
        if len(known):
            found[:, au] = np.interp(to, at[known], y[known, au])
    return found


def left_out(seconds: ArrayLike, labels: ArrayLike) -> Array:
    """Each label of one video by the line between the two beside it, `(L,A)`; NaN where there is no other.

    seconds, labels: as for `interpolate_labels`. The first and the last label are said to be as the nearest one.
    """
    at, y = (np.asarray(values, dtype=np.float64) for values in (seconds, labels))
    found = np.full_like(y, np.nan)
    order = np.argsort(at, kind="stable")
    for au in range(y.shape[1]):
        known = order[~np.isnan(y[order, au])]
        for place, row in enumerate(known):
            others = np.concatenate([known[max(place - 1, 0) : place], known[place + 1 : place + 2]])
            if len(others):
                found[row, au] = np.interp(at[row], at[others], y[others, au])
    return found


def left_out_scores(videos: Iterable[tuple[ArrayLike, ArrayLike]], aus: int) -> dict[str, Array]:
    """Every metric of `left_out`, `(A,)`, pooled over videos, each its seconds `(L,)` and labels `(L,A)`."""
    true, said = [np.empty((0, aus))], [np.empty((0, aus))]
    for seconds, labels in videos:
        guess = left_out(seconds, labels)
        true.append(np.where(np.isnan(guess), np.nan, np.asarray(labels, dtype=np.float64)))
        said.append(guess)
    pooled = moments([(np.concatenate(true), np.nan_to_num(np.concatenate(said)))]).pooled()
    return {name: metric(pooled) for name, metric in METRICS.items()}
