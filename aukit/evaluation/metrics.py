"""Metrics of AU intensities, in float64. `(N,)` gives a float, `(N,A)` gives `(A,)`.

A NaN label drops that frame for that AU only. A NaN prediction on a labelled frame is an error: dropping it
would reward a model for staying silent. For `icc`, `pcc` and `ccc`: constant labels or constant predictions
give 0, both constant give NaN (0/0, leave it out of averages and say so), fewer than two labelled frames give
NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from aukit.evaluation.moments import Array, Moments, check_pair, moments


def icc(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """ICC(3,1) of Shrout and Fleiss (1979), two raters: `(BMS - EMS) / (BMS + EMS) = 2 cov / (var + var)`.

    Blind to bias: adding a constant changes nothing, so look at `mae` and `bias` too. `|icc| <= |pcc|`.

    Raises:
        DataError: shapes differ, or a labelled frame has no finite prediction.
    """
    return _score(icc_of, labels, predictions)


def mae(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """Mean absolute error over labelled frames, in intensity levels; NaN without labels."""
    return _score(mae_of, labels, predictions)


def mse(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """Mean squared error over labelled frames; NaN without labels."""
    return _score(mse_of, labels, predictions)


def pcc(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """Pearson's correlation: blind to bias and to scale."""
    return _score(pcc_of, labels, predictions)


def ccc(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """Lin's (1989) concordance: `2 cov / (var + var + bias²)` with variances over N. Punishes bias and scale."""
    return _score(ccc_of, labels, predictions)


def bias(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """Mean of prediction minus label; positive where the model says too much."""
    return _score(bias_of, labels, predictions)


def icc_printed(labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    """A curiosity: the formula printed in the paper (section 4), `(W - S) / (W + S)`, taken literally.

    `W = mean((y - g)² + (p - g)²)` with g the mean of all 2N values, `S = sum((y - p)²)`. S lacks 1/N, so the
    value tends to -1 as N grows: the paper's numbers cannot come from it. Never use it to compare; `icc` is
    what the field computes.
    """
    return _score(_icc_printed_of, labels, predictions)


def icc_of(m: Moments) -> Array:
    """`icc` from moments."""
    yy, pp, yp = m.centred()
    return _ratio(2 * yp, yy + pp, m)


def pcc_of(m: Moments) -> Array:
    """`pcc` from moments."""
    yy, pp, yp = m.centred()
    product = np.sqrt(yy) * np.sqrt(pp)
    return _ratio(yp, np.where(product > 0, product, yy + pp), m)


def ccc_of(m: Moments) -> Array:
    """`ccc` from moments."""
    yy, pp, yp = m.centred()
    varies = yy + pp
    return _ratio(2 * yp, np.where(varies > 0, varies + m.n * np.nan_to_num(m.difference()) ** 2, 0.0), m)


def mae_of(m: Moments) -> Array:
    """`mae` from moments."""
    return m.absolute / np.where(m.n > 0, m.n, np.nan)


def mse_of(m: Moments) -> Array:
    """`mse` from moments."""
    return m.squared / np.where(m.n > 0, m.n, np.nan)


def bias_of(m: Moments) -> Array:
    """`bias` from moments."""
    return m.difference()


METRICS: Mapping[str, Callable[[Moments], Array]] = {
    "icc": icc_of,
    "mae": mae_of,
    "mse": mse_of,
    "pcc": pcc_of,
    "ccc": ccc_of,
    "bias": bias_of,
}
"""Every metric by name, as a function of moments `(...,A)`."""


def _icc_printed_of(m: Moments) -> Array:
    yy, pp, _ = m.centred()
    n = np.where(m.n > 1, m.n, np.nan)
    w = (yy + pp) / n + m.difference() ** 2 / 2
    return np.where(
        w + m.squared > 0, (w - m.squared) / np.where(w + m.squared > 0, w + m.squared, 1.0), np.nan
    )


def _ratio(numerator: Array, denominator: Array, m: Moments) -> Array:
    """A correlation: NaN for fewer than two frames or 0/0, and never beyond ±1 by rounding."""
    defined = (m.n > 1.5) & (denominator > 0)
    return np.where(defined, np.clip(numerator / np.where(defined, denominator, 1.0), -1.0, 1.0), np.nan)


def _score(metric: Callable[[Moments], Array], labels: ArrayLike, predictions: ArrayLike) -> float | Array:
    y, p = check_pair(labels, predictions)
    columns = (y[:, None], p[:, None]) if y.ndim == 1 else (y, p)
    value = metric(moments([columns]).pooled())
    return float(value[0]) if y.ndim == 1 else value
