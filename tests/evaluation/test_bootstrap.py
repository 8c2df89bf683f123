"""Intervals over people: do they hold the truth as often as they say, and what happens where there is little
to go on?
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from aukit.evaluation.bootstrap import MIN_PEOPLE, STATISTICS, intervals, mean_defined
from aukit.evaluation.metrics import METRICS, icc_of
from aukit.evaluation.moments import Moments, moments

PERSON = {
    #          share of time    gain             offset           noise          never shows it
    "even": (lambda r: 0.4, (0.8, 0.1), (0.0, 0.1), (0.5, 0.5), 0.0),
    "typical": (lambda r: r.beta(1, 3), (0.7, 0.25), (0.0, 0.3), (0.2, 0.8), 0.0),
    "rare": (lambda r: r.beta(1, 8), (0.6, 0.3), (0.0, 0.2), (0.2, 0.6), 0.4),
}


def person(kind: str, rng: np.random.Generator, frames: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Bumps of intensity as a coder would round them, and a prediction with this person's gain, offset and
    slow noise.
    """
    share, gain, offset, noise, never = PERSON[kind]
    t, latent = np.arange(frames), np.zeros(frames)
    rate = 0.0 if rng.random() < never else share(rng)
    for _ in range(rng.poisson(rate * frames / 40)):
        bump = np.exp(-0.5 * ((t - rng.uniform(0, frames)) / rng.uniform(8, 25)) ** 2)
        latent = np.maximum(latent, rng.uniform(1, 5) * bump)
    labels = np.round(latent * np.clip(rng.normal(1, 0.2), 0.4, 1.6)).clip(0, 5)
    slow = np.convolve(rng.normal(0, 1, frames + 8), np.ones(9) / 3, "valid")
    said = rng.normal(*gain) * latent + rng.normal(*offset) + rng.uniform(*noise) * slow
    return labels[:, None], said[:, None]


def population(kind: str, people: int) -> Moments:
    rng = np.random.default_rng(0)
    return moments([person(kind, rng) for _ in range(people)])


def draws(everyone: Moments, people: int, trials: int) -> Moments:
    """Many test sets at once: a column is a test set of some people drawn from everyone."""
    rng = np.random.default_rng(1)
    rows = np.stack([rng.choice(len(everyone.n), people, replace=False) for _ in range(trials)], axis=1)
    return replace(everyone, **{name: getattr(everyone, name)[rows, 0] for name in Moments._SUMS})


@pytest.mark.parametrize(("kind", "people"), [("even", 8), ("typical", 8), ("rare", 8), ("typical", 20)])
def test_intervals_of_icc_hold_the_truth_as_often_as_they_say(kind: str, people: int) -> None:
    everyone = population(kind, 1200)
    truth = icc_of(everyone.pooled())[0]
    low, high = intervals(draws(everyone, people, 600), {"icc": STATISTICS["icc"]}, resamples=500)["icc"]
    given = ~np.isnan(low)
    assert given.mean() > 0.9
    held = ((low <= truth) & (truth <= high))[given].mean()
    assert 0.91 <= held <= 0.99  # percentile intervals reach .87 and .70 here


def test_intervals_of_a_mean_over_aus_hold_the_truth() -> None:
    """With a rare AU among three the pooled ICC of 8 people is biased downwards: what is missed lies above,
    never below.
    """
    rng = np.random.default_rng(2)
    aus = [population(kind, 500) for kind in ("even", "typical", "rare")]
    truth = np.mean([icc_of(au.pooled())[0] for au in aus])
    held, above = [], []
    for _ in range(200):
        rows = rng.choice(500, 8, replace=False)
        columns = {n: np.concatenate([getattr(au, n)[rows] for au in aus], axis=1) for n in Moments._SUMS}
        fixed = {
            n: np.concatenate([getattr(au, n) for au in aus])
            for n in ("y_shift", "p_shift", "y_range", "p_range")
        }
        one = {"icc": STATISTICS["icc"].mean_over_aus()}
        low, high = intervals(Moments(**columns, **fixed), one, resamples=300)["icc"]
        assert low.shape == (1,)
        held.append(low[0] <= truth <= high[0])
        above.append(low[0] > truth)
    assert np.mean(held) >= 0.84
    assert np.mean(above) <= 0.06


def some_people(count: int, aus: int = 1, frames: int = 200, seed: int = 0) -> Moments:
    rng = np.random.default_rng(seed)
    groups = []
    for _ in range(count):
        y = rng.integers(0, 6, (frames, aus)).astype(float)
        groups.append((y, rng.normal(0.7, 0.2) * y + rng.normal(0, 0.8, y.shape)))
    return moments(groups)


def test_bounds_enclose_the_estimate_and_narrow_with_people_and_with_less_confidence() -> None:
    for name, metric in METRICS.items():
        few, many = some_people(6), some_people(40)
        low, high = intervals(few)[name]
        assert low[0] < metric(few.pooled())[0] < high[0]
        wide, narrow = intervals(many)[name], intervals(many, confidence=0.5)[name]
        assert wide[1] - wide[0] < high - low
        assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_same_seed_same_bounds() -> None:
    people = some_people(8)
    assert intervals(people, seed=3)["icc"] == intervals(people, seed=3)["icc"]
    assert intervals(people, seed=3)["icc"] != intervals(people, seed=4)["icc"]


def test_too_few_people_get_no_interval() -> None:
    for count in range(1, MIN_PEOPLE):
        assert all(
            np.isnan(bound).all() for bounds in intervals(some_people(count)).values() for bound in bounds
        )
    assert np.isfinite(intervals(some_people(MIN_PEOPLE))["icc"]).all()


def test_people_without_labels_of_an_au_do_not_count() -> None:
    rng = np.random.default_rng(0)
    groups = [(rng.integers(0, 6, (50, 2)).astype(float), rng.normal(2, 1, (50, 2))) for _ in range(6)]
    for labels, _ in groups[3:]:
        labels[:, 1] = np.nan
    low, _ = intervals(moments(groups))["mae"]
    assert np.isfinite(low[0])
    assert np.isnan(low[1])


def test_an_au_that_nobody_shows_gets_no_interval_of_icc() -> None:
    rng = np.random.default_rng(0)
    people = moments([(np.zeros((50, 1)), rng.normal(0, 1, (50, 1))) for _ in range(8)])
    found = intervals(people)
    assert np.isnan(found["icc"]).all()
    assert np.isfinite(found["mae"]).all()


def test_where_one_person_of_eight_shows_an_au_the_upper_bound_says_nothing() -> None:
    rng = np.random.default_rng(0)
    groups = [(np.zeros((200, 1)), rng.normal(0, 0.3, (200, 1))) for _ in range(7)]
    y = rng.integers(0, 6, (200, 1)).astype(float)
    low, high = intervals(moments([*groups, (y, y + rng.normal(0, 0.5, y.shape))]))["icc"]
    assert low[0] <= 0.1
    assert high[0] > 0.999


def test_mean_over_aus_leaves_out_what_is_undefined() -> None:
    assert mean_defined(np.array([0.2, np.nan, 0.4])) == pytest.approx(0.3)
    assert np.isnan(mean_defined(np.array([np.nan])))


def test_a_thousand_resamples_of_a_large_test_set_take_no_time() -> None:
    people = some_people(27, aus=12, frames=50)
    start = time.perf_counter()
    intervals(people, resamples=1000)
    assert time.perf_counter() - start < 2
