"""Straight lines between labels: the baseline of the same people, against a slow reference and on smooth tracks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aukit.evaluation.baselines import BASELINES, INTERPOLATE, LEFT_OUT, label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.interpolation import interpolate_labels, left_out, left_out_scores
from aukit.evaluation.metrics import icc, mae, mse
from aukit.hosting.build import build
from aukit.hosting.host import load_host

AUS = ("AU04", "AU12")
Floats = NDArray[np.float64]


def reference(seconds: Floats, labels: Floats, wanted: Floats) -> Floats:
    """Each value by itself: the two labels around it, weighted by how near they are."""
    found = np.full((len(wanted), labels.shape[1]), np.nan)
    for au in range(labels.shape[1]):
        known = sorted(
            (s, y) for s, y in zip(seconds.tolist(), labels[:, au].tolist(), strict=True) if y == y
        )
        for row, t in enumerate(wanted.tolist()):
            before = [pair for pair in known if pair[0] <= t]
            after = [pair for pair in known if pair[0] > t]
            if before and after:
                (s0, y0), (s1, y1) = before[-1], after[0]
                found[row, au] = y0 + (y1 - y0) * (t - s0) / (s1 - s0)
            elif known:
                found[row, au] = (before or after)[-1 if before else 0][1]
    return found


@given(
    times=st.lists(st.integers(0, 400), max_size=20, unique=True),
    wanted=st.lists(st.integers(-50, 450), max_size=30),
    seed=st.integers(0, 2**31),
)
def test_it_is_a_straight_line_from_label_to_label(times: list[int], wanted: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 6, (len(times), 2)).astype(float)
    labels[rng.random(labels.shape) < 0.3] = np.nan
    seconds, to = np.array(times) / 20, np.array(wanted) / 20
    np.testing.assert_allclose(
        interpolate_labels(seconds, labels, to), reference(seconds, labels, to), atol=1e-12
    )


@given(times=st.lists(st.integers(0, 400), max_size=20, unique=True), seed=st.integers(0, 2**31))
def test_a_label_that_is_left_out_is_what_the_others_say(times: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 6, (len(times), 2)).astype(float)
    labels[rng.random(labels.shape) < 0.3] = np.nan
    seconds = np.array(times) / 20
    due = np.full_like(labels, np.nan)
    for row in range(len(times)):
        others = np.arange(len(times)) != row
        said = reference(seconds[others], labels[others], seconds[row : row + 1])
        due[row] = np.where(np.isnan(labels[row]), np.nan, said[0])
    np.testing.assert_allclose(left_out(seconds, labels), due, atol=1e-12)


def test_left_out_labels_are_scored_over_all_videos() -> None:
    rng = np.random.default_rng(0)
    videos = [(np.arange(30) / 20, rng.integers(0, 6, (30, 2)).astype(float)) for _ in range(3)]
    alone = (np.array([1.0]), np.array([[3.0, np.nan]]))  # a single label has no other to be guessed from
    found = left_out_scores([*videos, alone], 2)
    true = np.concatenate([labels for _, labels in videos])
    said = np.concatenate([left_out(*video) for video in videos])
    assert found["icc"] == pytest.approx(icc(true, said))
    assert found["mse"] == pytest.approx(mse(true, said))
    assert np.isnan(left_out_scores([alone], 2)["mse"]).all()


def test_beyond_the_ends_it_is_the_nearest_label_and_without_any_nothing() -> None:
    labels = [[1.0, np.nan], [3.0, np.nan]]
    found = interpolate_labels([2.0, 4.0], labels, [0.0, 2.0, 3.0, 4.0, 9.0])
    assert found[:, 0].tolist() == [1, 1, 2, 3, 3]
    assert np.isnan(found[:, 1]).all()
    assert interpolate_labels([], np.empty((0, 2)), [1.0]).shape == (1, 2)


@pytest.fixture(scope="module")
def tracks() -> list[Floats]:
    """Coded intensities of ten synthetic people, 40 seconds each at 20 frames a second."""
    people = build(
        "dataset",
        "synthetic",
        registry=load_host(plugins=False),
        size=32,
        frames=800,
        train=8,
        validation=0,
        test=2,
    )
    return [np.concatenate([chunk.intensity for chunk in source.read()]) for source in people.videos()]


@pytest.mark.parametrize(
    ("share", "spread", "least"), [(0.05, "random", 0.6), (0.03, "even", 0.6), (0.05, "even", 0.75)]
)
def test_with_few_labels_it_is_strong(tracks: list[Floats], share: float, spread: str, least: float) -> None:
    """It needs no face at all: so it must stand beside the score of a model on the people who were labelled."""
    rng = np.random.default_rng(0)
    true, said = [], []
    for labels in tracks:
        seconds, count = np.arange(len(labels)) / 20, round(share * len(labels))
        used = rng.choice(len(labels), count, replace=False)
        if spread == "even":
            used = np.linspace(0, len(labels) - 1, count).round().astype(int)
        left = np.setdiff1d(np.arange(len(labels)), used)
        true.append(labels[left].astype(float))
        said.append(interpolate_labels(seconds[used], labels[used], seconds[left]))
    assert np.mean(icc(np.concatenate(true), np.concatenate(said))) > least


def blocks(people: int = 2, each: int = 4, frames: int = 60) -> dict[str, Floats]:
    """`{block: (T,A)}`: a person's blocks resemble each other."""
    rng = np.random.default_rng(0)
    return {
        f"own/p{person}#{number}": rng.choice(6, (frames, 2), p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1]).astype(float)
        for person in range(people)
        for number in range(1, each + 1)
    }


def judged(labels: dict[str, Floats], guess: dict[str, Floats], **more: Any):
    rng = np.random.default_rng(1)
    return evaluate(
        {id: y + rng.normal(0, 0.5, y.shape) for id, y in labels.items()},
        labels,
        {id: id.partition("#")[0] for id in labels},
        training=label_statistics([np.array([[1.0, 1.0], [3.0, 1.0]])], AUS),
        origin="synthetic",
        guesses={INTERPOLATE: guess},
        resamples=200,
        **more,
    )


def test_blocks_are_what_is_resampled_and_counted() -> None:
    labels = blocks()
    labels["own/p1#3"][:, 0] = np.nan
    labels["own/p1#4"][:, 0] = 0
    found = judged(labels, {}, same_people=True)
    assert (found.protocol, found.people, found.blocks) == ("same people", 2, 8)
    assert found.interval == "bootstrap-t over blocks of the same people"
    au = found["AU04"]
    assert (au.people, au.people_with_positives, au.blocks, au.blocks_with_positives) == (2, 2, 7, 6)
    assert np.isfinite(au.scores["icc"].low)
    by_person = judged(labels, {})
    assert (by_person.protocol, by_person.blocks, by_person["AU04"].blocks) == ("by person", None, None)
    assert np.isnan(by_person["AU04"].scores["icc"].low)
    assert by_person["AU04"].scores["icc"].value == pytest.approx(au.scores["icc"].value)


def test_too_few_blocks_show_nothing() -> None:
    found = judged(blocks(people=3, each=1), {}, same_people=True)["AU04"]
    assert (found.verdict, found.reason) == (
        "not shown",
        "only 3 blocks with labels: too few for an interval",
    )


def test_a_guess_is_scored_like_a_model_and_knows_no_more_than_it_says() -> None:
    labels = blocks()
    guess = {id: y * 0.5 for id, y in labels.items()}
    guess["own/p0#1"] = np.full_like(guess["own/p0#1"], np.nan)
    del guess["own/p0#2"]
    found = judged(labels, guess, same_people=True)
    mean = np.array([2.0, 1.0])
    filled = {id: guess.get(id, np.full_like(y, np.nan)) for id, y in labels.items()}
    said = np.concatenate([np.where(np.isnan(p), mean, p) for p in filled.values()])
    true = np.concatenate(list(labels.values()))
    expected = np.asarray(icc(true, said)), np.asarray(mae(true, said))
    assert [found[au].baselines[INTERPOLATE]["icc"] for au in AUS] == pytest.approx(list(expected[0]))
    assert found.baseline_means[INTERPOLATE]["mae"] == pytest.approx(expected[1].mean())
    assert {*found.baseline_means, LEFT_OUT} == set(BASELINES)


def test_a_baseline_that_is_undefined_decides_nothing() -> None:
    labels = blocks()
    undefined = {LEFT_OUT: {name: np.full(2, np.nan) for name in ("icc", "mae", "mse", "pcc", "ccc", "bias")}}
    found = judged(labels, {}, same_people=True, scored=undefined)["AU12"]
    assert found.verdict == "usable"
    assert np.isnan(found.baselines[LEFT_OUT]["mse"])
    near = {LEFT_OUT: {name: np.full(2, 0.01) for name in undefined[LEFT_OUT]}}
    found = judged(labels, {}, same_people=True, scored=near)["AU12"]
    assert (found.verdict, found.reason.split()[-1]) == ("weak", LEFT_OUT)


def test_a_model_that_lines_beat_is_not_usable() -> None:
    labels = blocks()
    found = judged(labels, {id: y + 0.1 for id, y in labels.items()}, same_people=True)["AU12"]
    assert found.scores["icc"].low > 0.4
    assert (found.verdict, found.reason) == (
        "weak",
        "follows the AU, but errors are not smaller than those of interpolate-labels",
    )
