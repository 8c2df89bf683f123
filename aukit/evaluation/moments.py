"""Sums that every metric is a function of. They add up, so a resample of people is a weighted sum of their
moments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aukit.errors import DataError

Array = NDArray[np.float64]

CONSTANT = 1e-14
"""A variance below this share of the squared range is rounding: the values are constant."""


@dataclass(frozen=True)
class Moments:
    """Sums over labelled frames, each `(...,A)`, of labels y and predictions p less a fixed shift.

    The shifts are the means of all pairs, so differences of sums lose no digits. `y_range` and `p_range` are
    the largest distances from the shifts: what "constant" is measured against.
    """

    n: Array
    y: Array
    p: Array
    yy: Array
    pp: Array
    yp: Array
    absolute: Array
    squared: Array
    y_shift: Array
    p_shift: Array
    y_range: Array
    p_range: Array

    _SUMS: ClassVar = ("n", "y", "p", "yy", "pp", "yp", "absolute", "squared")

    def _map(self, change: Callable[[str, Array], Array]) -> Moments:
        return replace(self, **{name: change(name, getattr(self, name)) for name in self._SUMS})

    def pooled(self) -> Moments:
        """Of all groups together: `(G,A)` to `(A,)`."""
        return self._map(lambda _, sums: sums.sum(axis=0))

    def weighted(self, weights: Array) -> Moments:
        """Of weighted groups: `(G,A)` and weights `(R,G)` to `(R,A)`."""
        return self._map(lambda _, sums: weights @ sums)

    def without_each(self, groups: Moments) -> Moments:
        """Less each group in turn: self `(R,A)`, groups `(G,A)`, to `(R,G,A)`."""
        return self._map(lambda name, sums: sums[:, None] - getattr(groups, name)[None])

    def centred(self) -> tuple[Array, Array, Array]:
        """Sums of squares of labels and of predictions, and of products, about the group means; constants
        give 0.
        """
        n = np.maximum(self.n, 1)
        yy = self.yy - self.y**2 / n
        pp = self.pp - self.p**2 / n
        yy = np.where(yy <= CONSTANT * n * self.y_range**2, 0.0, yy)
        pp = np.where(pp <= CONSTANT * n * self.p_range**2, 0.0, pp)
        return yy, pp, np.where((yy > 0) & (pp > 0), self.yp - self.y * self.p / n, 0.0)

    def difference(self) -> Array:
        """Mean of p - y; NaN without labels."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self.p - self.y) / np.where(self.n > 0, self.n, np.nan) + (self.p_shift - self.y_shift)


def check_pair(labels: ArrayLike, predictions: ArrayLike, *, where: str = "") -> tuple[Array, Array]:
    """Labels and predictions as float64 `(N,)` or `(N,A)`.

    Raises:
        DataError: shapes differ; a labelled frame has no finite prediction; a label is infinite.
    """
    y, p = np.asarray(labels, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
    if y.shape != p.shape or y.ndim not in (1, 2):
        raise DataError(
            f"labels have shape {y.shape}, predictions {p.shape}",
            where=where,
            hint="give both as (N,) or both as (N,A)",
        )
    if np.isinf(y).any():
        raise DataError("a label is infinite", where=where, hint="mark frames without a label by NaN")
    missing = int((~np.isnan(y) & ~np.isfinite(p)).sum())
    if missing:
        raise DataError(
            f"{missing} labelled values have no finite prediction",
            where=where,
            hint="predict every labelled frame, or use aukit.evaluation.evaluate, which counts what is missing",
            missing=missing,
        )
    return y, p


class Labelled:
    """Labels of groups (people), each `(N,A)`, NaN where not labelled; and what of the moments they alone decide, for
    any number of models that predict the same frames.
    """

    def __init__(self, labels: Sequence[Array]) -> None:
        self._labels = labels
        self._masks = [~np.isnan(y) for y in labels]
        self._shift, self._range = _shift(labels, self._masks)
        self._centred = [_filled(y - self._shift, m, 0.0) for y, m in zip(labels, self._masks, strict=True)]
        self._n = np.array([mask.sum(axis=0) for mask in self._masks], np.float64)
        self._y = np.array([a.sum(axis=0) for a in self._centred])
        self._yy = np.array([_products(a, a) for a in self._centred])

    def moments(self, predictions: Sequence[Array]) -> Moments:
        """Moments `(G,A)` of predictions, each `(N,A)`, which must be finite where there are labels."""
        p_shift, p_range = _shift(predictions, self._masks)
        rows = []
        for y, p, a, mask in zip(self._labels, predictions, self._centred, self._masks, strict=True):
            error, b = _filled(p - y, mask, 0.0), _filled(p - p_shift, mask, 0.0)
            products = _products(b, b), _products(a, b), _products(error, error)
            rows.append((b.sum(axis=0), *products, np.abs(error).sum(axis=0)))
        p, pp, yp, squared, absolute = (np.array(column) for column in zip(*rows, strict=True))
        sums = {"n": self._n, "y": self._y, "p": p, "yy": self._yy, "pp": pp, "yp": yp}
        shifts = {"y_shift": self._shift, "p_shift": p_shift, "y_range": self._range, "p_range": p_range}
        return Moments(**sums, absolute=absolute, squared=squared, **shifts)


def moments(groups: Sequence[tuple[Array, Array]]) -> Moments:
    """Moments `(G,A)` of groups (people), each a pair of labels and predictions `(N,A)`; NaN labels are left
    out per AU.

    Predictions on labelled frames must be finite: `check_pair` says so.
    """
    return Labelled([y for y, _ in groups]).moments([p for _, p in groups])


def _products(one: Array, other: Array) -> Array:
    found: Array = np.einsum("na,na->a", one, other)
    return found


def _shift(parts: Sequence[Array], masks: Sequence[Array]) -> tuple[Array, Array]:
    """The mean of the labelled values of all groups, exact where they are constant, and the largest distance
    from it.
    """
    n = np.maximum(sum(mask.sum(axis=0) for mask in masks), 1)
    pairs = list(zip(parts, masks, strict=True))
    total = sum(_filled(x, m, 0.0).sum(axis=0) for x, m in pairs)
    low = np.min([_filled(x, m, np.inf).min(axis=0, initial=np.inf) for x, m in pairs], axis=0)
    high = np.max([_filled(x, m, -np.inf).max(axis=0, initial=-np.inf) for x, m in pairs], axis=0)
    shift = np.where(low == high, low, total / n)
    shift = np.where(np.isfinite(low), shift, 0.0)
    spread = np.where(np.isfinite(low), np.maximum(high - shift, shift - low), 0.0)
    return shift, spread


def _filled(values: Array, mask: NDArray[Any], other: float) -> Array:
    """The values where the mask is set, and `other` elsewhere; most often it is set everywhere."""
    return values if mask.all() else np.where(mask, values, other)
