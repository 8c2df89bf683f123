"""Metrics: worked examples, pingouin as an independent witness, edge cases, and laws that hold for any data."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aukit.errors import DataError
from aukit.evaluation import metrics
from aukit.evaluation.metrics import METRICS, bias, ccc, icc, icc_printed, mae, mse, pcc
from aukit.evaluation.moments import moments

EXAMPLES = {
    #            labels               predictions           icc      printed  ccc     mae
    "plain": ([0, 0, 1, 2, 3, 5], [0, 1, 1, 2, 2, 4], 0.899408, 0.2216, 0.8941, 0.5),
    "bias": ([0, 0, 1, 2, 3, 5], [1, 2, 2, 3, 3, 5], 0.899408, -0.1626, 0.7835, 0.8333),
    "half scale": ([0, 1, 2, 3, 4], [0, 0.5, 1, 1.5, 2], 0.8, -0.4286, 0.5714, 1.0),
    "reversed": ([0, 1, 2, 3], [3, 2, 1, 0], -1.0, -0.7778, -1.0, 2.0),
    "constant": ([0, 1, 2, 3], [1, 1, 1, 1], 0.0, -0.6271, 0.0, 1.0),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_examples(name: str) -> None:
    y, p, expected_icc, printed, expected_ccc, expected_mae = EXAMPLES[name]
    assert icc(y, p) == pytest.approx(expected_icc, abs=1e-6)
    assert icc_printed(y, p) == pytest.approx(printed, abs=1e-4)
    assert ccc(y, p) == pytest.approx(expected_ccc, abs=1e-4)
    assert mae(y, p) == pytest.approx(expected_mae, abs=1e-4)


def test_shrout_and_fleiss_1979() -> None:
    """Each pair of judges in their table 2: the analysis of variance and the shortcut agree."""
    table = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    for i in range(4):
        for j in range(i):
            assert icc(table[:, i], table[:, j]) == pytest.approx(
                mean_squares(table[:, i], table[:, j]), abs=1e-12
            )


def mean_squares(y: np.ndarray, p: np.ndarray) -> float:
    """ICC(3,1) as an analysis of variance of two raters: the definition, not the shortcut."""
    m, d = (y + p) / 2, y - p
    between = 2 * ((m - m.mean()) ** 2).sum() / (len(y) - 1)
    residual = ((d - d.mean()) ** 2).sum() / (2 * (len(y) - 1))
    return float((between - residual) / (between + residual))


@pytest.mark.parametrize("seed", range(5))
def test_icc_equals_pingouin(seed: int) -> None:
    pandas = pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pingouin = pytest.importorskip("pingouin")
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 6, 40).astype(float)
        p = 0.6 * y + rng.normal(0.5, 1, 40)
        frame = pandas.DataFrame(
            {
                "frame": np.tile(np.arange(40), 2),
                "rater": np.repeat(["y", "p"], 40),
                "level": np.concatenate([y, p]),
            }
        )
        table = pingouin.intraclass_corr(frame, targets="frame", raters="rater", ratings="level").set_index(
            "Type"
        )
    row = table.loc["ICC(C,1)"] if "ICC(C,1)" in table.index else table.loc["ICC3"]
    assert icc(y, p) == pytest.approx(float(row["ICC"]), abs=1e-10)


def test_columns_are_scored_alone_and_a_nan_label_drops_one_au_only() -> None:
    y = np.array([[0, np.nan], [1, 2], [3, 4], [5, 1]], dtype=np.float32)
    p = np.array([[0, 9], [2, 2], [2, 3], [4, 2]], dtype=np.float32)
    for metric in (icc, mae, mse, pcc, ccc, bias):
        both = metric(y, p)
        assert isinstance(both, np.ndarray)
        assert both.shape == (2,)
        assert both[0] == pytest.approx(metric(y[:, 0], p[:, 0]))
        assert both[1] == pytest.approx(metric(y[1:, 1], p[1:, 1]))


@pytest.mark.parametrize("metric", [icc, pcc, ccc])
def test_degenerate_inputs(metric) -> None:
    assert metric([1, 1, 1], [0.1, 0.2, 0.4]) == 0
    assert metric([0, 1, 2], [0.1, 0.1, 0.1]) == 0
    assert np.isnan(metric([1, 1, 1], [0.1, 0.1, 0.1]))
    assert np.isnan(metric([1, 1, 1], [1, 1, 1]))
    assert np.isnan(metric([3], [2]))
    assert np.isnan(metric([], []))
    assert np.isnan(metric([np.nan, np.nan], [1, 2]))


def test_errors_of_one_frame_are_defined_and_of_none_are_not() -> None:
    assert (mae([3], [1]), mse([3], [1]), bias([3], [1])) == (2, 4, -2)
    for metric in (mae, mse, bias):
        assert np.isnan(metric([np.nan], [1]))


def test_a_prediction_that_is_not_there_is_no_way_to_a_better_score() -> None:
    with pytest.raises(DataError, match="1 labelled values have no finite prediction") as caught:
        icc([0, 1, 2], [0, np.nan, 2])
    assert "evaluate" in caught.value.hint
    assert icc([0, np.nan, 2], [0, np.nan, 2]) == 1


def test_wrong_shapes_and_infinite_labels_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(3,\), predictions \(2,\)"):
        mae([0, 1, 2], [0, 1])
    with pytest.raises(DataError, match="shape"):
        mae(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)))
    with pytest.raises(DataError, match="infinite"):
        mae([0, np.inf], [0, 1])


def test_far_from_zero_no_digits_are_lost() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    p = y + rng.normal(size=200)
    assert icc(y + 1e6, p - 1e6) == pytest.approx(icc(y, p), abs=1e-8)


def test_the_printed_formula_tends_to_minus_one() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=5000)
    p = y + 0.7 * rng.normal(size=5000)
    assert icc(y, p) > 0.7
    assert icc_printed(y, p) < -0.99


values = st.floats(-5, 10, allow_nan=False).map(lambda v: round(v, 3))
pairs = st.integers(2, 30).flatmap(
    lambda n: st.tuples(arrays(float, n, elements=values), arrays(float, n, elements=values))
)


@given(pairs)
def test_laws(pair) -> None:
    y, p = pair
    value, correlation, concordance = icc(y, p), pcc(y, p), ccc(y, p)
    if np.ptp(y) == 0 and np.ptp(p) == 0:
        assert np.isnan(value)
        return
    assert value == pytest.approx(icc(p, y), abs=1e-9)
    assert -1 <= value <= 1
    assert abs(value) <= abs(correlation) + 1e-9
    assert abs(concordance) <= abs(value) + 1e-9
    assert mse(y, p) >= mae(y, p) ** 2 - 1e-9
    assert mse(y, p) >= bias(y, p) ** 2 - 1e-9
    assert value == pytest.approx(mean_squares(y, p), abs=1e-9)


@given(pairs, st.floats(-100, 100).map(lambda v: round(v, 2)))
def test_icc_is_blind_to_bias(pair, shift: float) -> None:
    y, p = pair
    assume(np.ptp(y) > 0.01 or np.ptp(p) > 0.01)
    assert icc(y, p + shift) == pytest.approx(icc(y, p), abs=1e-9)
    assert bias(y, p + shift) == pytest.approx(bias(y, p) + shift, abs=1e-9)


@given(st.lists(pairs, min_size=1, max_size=4))
def test_moments_of_groups_add_up_to_those_of_all(groups) -> None:
    columns = [(y[:, None], p[:, None]) for y, p in groups]
    y, p = np.concatenate([y for y, _ in groups]), np.concatenate([p for _, p in groups])
    for name, metric in METRICS.items():
        pooled = metric(moments(columns).pooled())[0]
        assert pooled == pytest.approx(getattr(metrics, name)(y, p), abs=1e-9, nan_ok=True)
