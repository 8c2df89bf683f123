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


# --- Several models on the same frames


def two_models(kind: str, people: int) -> list[Moments]:
    """The same people as two models see them: what they get wrong is partly the person's, partly the model's."""
    rng, groups = np.random.default_rng(3), ([], [])
    for _ in range(people):
        labels, said = person(kind, rng)
        gain, noise = rng.normal(0.85, 0.15), rng.uniform(0.1, 0.4)
        groups[0].append((labels, said))
        groups[1].append((labels, gain * said + noise * rng.normal(0, 1, said.shape)))
    return [moments(group) for group in groups]


def side_by_side(blocks: list[Moments], width: int) -> Moments:
    """Blocks of `width` columns as one; what is known of a whole column once is repeated."""
    wide = [
        {n: np.broadcast_to(v, (*v.shape[:-1], width)) for n, v in vars(block).items()} for block in blocks
    ]
    return Moments(**{n: np.concatenate([block[n] for block in wide], axis=-1) for n in wide[0]})


@pytest.mark.parametrize(
    ("metric", "kind", "people", "least"),
    [
        ("icc", "typical", 8, 0.86),
        ("icc", "typical", 20, 0.89),
        ("mae", "typical", 8, 0.90),
        ("mae", "rare", 20, 0.91),
    ],
)
def test_intervals_of_paired_differences_hold_the_truth(
    metric: str, kind: str, people: int, least: float
) -> None:
    everyone, trials = two_models(kind, 1000), 500
    truth = np.subtract(*(METRICS[metric](one.pooled())[0] for one in everyone))
    both = side_by_side([draws(one, people, trials) for one in everyone], trials)
    paired = STATISTICS[metric].differences([(0, 1)], trials)
    low, high = intervals(both, {"paired": paired}, resamples=500)["paired"]
    given = ~np.isnan(low)
    assert given.mean() > 0.9
    assert least <= ((low <= truth) & (truth <= high))[given].mean() <= 0.99
    apart = [intervals(draws(one, people, 50), {metric: STATISTICS[metric]})[metric] for one in everyone]
    wide = np.hypot(*(np.median(bounds[1] - bounds[0]) for bounds in apart))
    assert np.nanmedian(high - low) < wide  # pairing pays


def slow_interval(columns: list[np.ndarray], labels: list[np.ndarray], what, to, back, resamples: int):
    """Bootstrap-t as the book has it, frame by frame in plain loops: `columns` are predictions `(P,N,K)`."""
    rng = np.random.default_rng([0, 0xB007])
    people = len(labels)
    drawn = rng.multinomial(people, np.full(people, 1 / people), size=resamples)

    def value(who: list[int]) -> float:
        y = np.concatenate([labels[i] for i in who])
        p = np.concatenate([columns[i] for i in who])
        return to(what(y, p))

    def error(who: list[int]) -> float:
        left = np.array([value(who[:i] + who[i + 1 :]) for i in range(len(who))])
        return float(np.sqrt((len(who) - 1) / len(who) * ((left - left.mean()) ** 2).sum()))

    everyone = list(range(people))
    estimate, spread, t = value(everyone), error(everyone), []
    for counts in drawn:
        who = [i for i, count in enumerate(counts) for _ in range(count)]
        if len(set(who)) > 1:
            t.append((value(who) - estimate) / error(who))
    t.sort()
    low, high = t[int(np.floor(0.025 * (len(t) + 1))) - 1], t[int(np.ceil(0.975 * (len(t) + 1))) - 1]
    return back(estimate - high * spread), back(estimate - low * spread)


def test_means_over_seeds_and_differences_are_those_of_a_slow_reference() -> None:
    rng, resamples = np.random.default_rng(5), 60
    labels = [rng.integers(0, 6, 40).astype(float) for _ in range(5)]
    said = [
        np.stack(
            [
                y * gain + rng.normal(0, noise, 40)
                for gain, noise in ((1, 1), (0.9, 1.2), (0.7, 0.5), (0.8, 0.6))
            ],
            -1,
        )
        for y in labels
    ]
    blocks = [
        moments([(y[:, None], p[:, k : k + 1]) for y, p in zip(labels, said, strict=True)]) for k in range(4)
    ]
    both = side_by_side(blocks, 1)

    def icc(y: np.ndarray, p: np.ndarray) -> float:
        return 2 * np.cov(y, p)[0, 1] / (y.var(ddof=1) + p.var(ddof=1))

    def mean(y: np.ndarray, p: np.ndarray, of: tuple[int, int]) -> float:
        return (icc(y, p[:, of[0]]) + icc(y, p[:, of[1]])) / 2

    whole = np.concatenate(labels), np.concatenate(said)
    seeds = STATISTICS["icc"].averaged([[0, 1], [2, 3]], 1)
    wanted = {"seeds": seeds, "paired": seeds.differences([(1, 0)], 1)}
    found = intervals(both, wanted, resamples=resamples)
    first = slow_interval(said, labels, lambda y, p: mean(y, p, (0, 1)), np.arctanh, np.tanh, resamples)
    assert np.ravel([bound[0] for bound in found["seeds"]]) == pytest.approx(first, rel=1e-9)
    middle = (np.arctanh(mean(*whole, (2, 3))) + np.arctanh(mean(*whole, (0, 1)))) / 2
    less = slow_interval(
        said,
        labels,
        lambda y, p: np.arctanh(mean(y, p, (2, 3))) - np.arctanh(mean(y, p, (0, 1))),
        float,
        lambda z: np.tanh(middle + z / 2) - np.tanh(middle - z / 2),
        resamples,
    )
    assert np.ravel(found["paired"]) == pytest.approx(less, rel=1e-9)
    value = mean(*whole, (2, 3)) - mean(*whole, (0, 1))
    assert wanted["paired"].value(both.pooled())[0] == pytest.approx(value)
    assert less[0] < value < less[1]


def test_a_difference_from_itself_is_nothing_for_certain() -> None:
    one = some_people(6, aus=2)
    seeds = STATISTICS["icc"].averaged([[0, 1], [0, 1]], 2)
    less = seeds.differences([(1, 0)], 2)
    found = intervals(
        side_by_side([one, some_people(6, aus=2, seed=1)], 2), {"by": less, "mean": less.mean_over_aus(2)}
    )
    assert [bound.tolist() for bound in found["by"]] == [[0, 0], [0, 0]]
    assert [bound.tolist() for bound in found["mean"]] == [[0], [0]]


def test_a_mean_over_seeds_is_known_where_all_of_them_are() -> None:
    values = np.array([0.2, 0.4, np.nan, 0.6])  # two blocks of two AUs
    statistic = STATISTICS["icc"].averaged([[0, 1]], 2)
    assert statistic.then(values) == pytest.approx([np.nan, 0.5], nan_ok=True)
    assert statistic.mean_over_aus(2).then(values) == pytest.approx([0.5])
    assert statistic.people(np.array([3.0, 9.0, 5.0, 8.0])).tolist() == [3.0, 8.0]
