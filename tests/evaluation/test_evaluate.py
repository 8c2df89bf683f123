"""A whole evaluation: what is counted, what stands beside a score, and when the verdict is usable, weak or
not shown.
"""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from aukit.errors import DataError
from aukit.evaluation.baselines import LabelStatistics, baseline_values, label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.metrics import icc, mae, mse
from aukit.evaluation.result import Evaluation

AUS = ("AU01", "AU12")


def labels_of(people: int, frames: int = 120, seed: int = 0, aus: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        f"set/P{i}": rng.choice(6, (frames, aus), p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1]).astype(float)
        for i in range(people)
    }


def noisy(
    labels: dict[str, np.ndarray], noise: float, gain: float = 0.9, seed: int = 1
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {id: 1.5 + gain * (y - 1.5) + rng.normal(0, noise, y.shape) for id, y in labels.items()}


def run(predictions, labels, **more) -> Evaluation:
    more.setdefault("training", label_statistics(labels_of(4, seed=9).values(), AUS))
    more.setdefault("subjects", {id: id for id in labels})
    return evaluate(predictions, labels, more.pop("subjects"), origin="synthetic", resamples=200, **more)


def pooled(values: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate(list(values.values()))


def test_scores_are_pooled_over_all_frames_and_means_over_aus() -> None:
    labels = labels_of(6)
    said = noisy(labels, 0.5)
    found = run(said, labels)
    expected = icc(pooled(labels), pooled(said))
    assert [found[au].scores["icc"].value for au in AUS] == pytest.approx(list(expected))
    assert found.means["icc"].value == pytest.approx(expected.mean())
    assert found.means["icc"].low < expected.mean() < found.means["icc"].high
    assert found.pooling == "pooled over the frames of all test people"
    assert (found.people, found.videos, found.frames, found.origin) == (6, 6, 720, "synthetic")


def test_counts_of_what_a_score_stands_on() -> None:
    labels = labels_of(5)
    labels["set/P0"][:, 1] = 0
    labels["set/P1"][:, 1] = np.nan
    found = run(noisy(labels, 0.5), labels)["AU12"]
    assert found.labelled == 4 * 120
    assert (found.people, found.people_with_positives) == (4, 3)
    assert found.positives == sum(int((y[:, 1] >= 1).sum()) for y in labels.values())


def test_baselines_are_the_same_metrics_of_constant_predictions() -> None:
    labels = labels_of(5)
    training = label_statistics([np.array([[1.0, 0.0], [3.0, np.nan], [np.nan, 4.0]])], AUS)
    found = run(noisy(labels, 0.5), labels, training=training)
    y = pooled(labels)
    assert found["AU01"].baselines["predict-mean"]["mse"] == pytest.approx(mse(y[:, 0], np.full(len(y), 2.0)))
    assert found["AU12"].baselines["predict-zero"]["mae"] == pytest.approx(mae(y[:, 1], np.zeros(len(y))))
    assert found["AU01"].baselines["predict-mean"]["icc"] == 0
    assert found.baseline_means["predict-mean"]["mae"] == pytest.approx(
        np.mean([found[au].baselines["predict-mean"]["mae"] for au in AUS])
    )


def test_a_missing_prediction_is_counted_and_scored_as_the_training_mean() -> None:
    labels = labels_of(5)
    said = noisy(labels, 0.3)
    full = run(said, labels)
    said["set/P0"][:60, 0] = np.nan
    del said["set/P4"]
    found = run(said, labels)
    assert (found["AU01"].missing, found["AU12"].missing) == (180, 120)
    assert found["AU01"].labelled == full["AU01"].labelled
    filled = {id: np.full_like(y, 0) for id, y in labels.items()} | said
    mean = label_statistics(labels_of(4, seed=9).values(), AUS).mean
    filled = {id: np.where(np.isnan(p), mean, p) for id, p in filled.items()} | {
        "set/P4": np.tile(mean, (120, 1))
    }
    assert found["AU01"].scores["icc"].value == pytest.approx(icc(pooled(labels), pooled(filled))[0])
    assert found.means["icc"].value < full.means["icc"].value
    assert found.summary()["missing"] == 300


def test_an_unlabelled_frame_needs_no_prediction() -> None:
    labels = labels_of(5)
    said = noisy(labels, 0.3)
    labels["set/P0"][:30] = np.nan
    said["set/P0"][:30] = np.nan
    assert run(said, labels)["AU01"].missing == 0


def test_videos_of_one_person_are_resampled_together() -> None:
    labels = labels_of(8)
    said = noisy(labels, 0.5)
    apart = run(said, labels)
    together = run(said, labels, subjects={id: str(int(id[-1]) // 2) for id in labels})
    assert (apart.people, together.people) == (8, 4)
    assert together["AU01"].scores["icc"].value == pytest.approx(apart["AU01"].scores["icc"].value)
    assert together["AU01"].scores["icc"].low != apart["AU01"].scores["icc"].low
    assert run(said, labels, subjects={}).people == 8


def test_clipping_is_an_option_and_is_said() -> None:
    labels = labels_of(5)
    said = {id: 2 * y - 1 for id, y in labels.items()}
    plain, clipped = run(said, labels), run(said, labels, clip=True)
    assert (plain.clipped, clipped.clipped) == (False, True)
    assert clipped["AU01"].scores["mae"].value < plain["AU01"].scores["mae"].value


def test_mean_over_folds_stands_beside_the_pooled_value() -> None:
    """The worked folds: ICC .75, 0 and .9149 have mean .5550, pooled .9193."""
    folds = [([0, 0, 1, 3], [0, 1, 1, 2]), ([0, 0, 0, 0], [0, 0, 1, 0]), ([0, 2, 4, 5], [1, 2, 3, 5])]
    labels = {str(i): np.array(y, float)[:, None] for i, (y, _) in enumerate(folds, 1)}
    said = {str(i): np.array(p, float)[:, None] for i, (_, p) in enumerate(folds, 1)}
    training = {i: label_statistics([np.array([[float(i)]])], ["AU01"]) for i in (1, 2, 3)}
    found = run(said, labels, training=training, folds={"1": 1, "2": 2, "3": 3})
    assert found.folds == 3
    assert found["AU01"].by_fold["icc"] == pytest.approx(0.5550, abs=1e-4)
    assert found.mean_by_fold["icc"] == pytest.approx(0.5550, abs=1e-4)
    assert found["AU01"].scores["icc"].value == pytest.approx(0.9193, abs=1e-4)
    constant = np.repeat([1.0, 2.0, 3.0], 4)
    assert found["AU01"].baselines["predict-mean"]["mae"] == pytest.approx(
        mae(pooled(labels)[:, 0], constant)
    )


@pytest.mark.parametrize(
    ("noise", "gain", "verdict", "reason"),
    [
        (0.4, 0.9, "usable", "agreement of at least 0.4"),
        (3.0, 0.9, "weak", "errors are not smaller than those of predict-mean"),
        (0.4, 0.25, "weak", "agreement may be below 0.4"),
        (2.0, 0.0, "not shown", "could be chance"),
    ],
)
def test_verdicts(noise: float, gain: float, verdict: str, reason: str) -> None:
    labels = labels_of(8)
    found = run(noisy(labels, noise, gain), labels)["AU01"]
    assert found.verdict == verdict
    assert reason in found.reason


def test_bias_alone_takes_usable_away() -> None:
    labels = labels_of(8)
    said = {id: p + 3 for id, p in noisy(labels, 0.2).items()}
    found = run(said, labels)["AU01"]
    assert found.scores["icc"].low > 0.9
    assert found.verdict == "weak"


def test_too_few_people_show_nothing() -> None:
    labels = labels_of(3)
    found = run(noisy(labels, 0.1), labels)["AU01"]
    assert (found.verdict, found.reason) == (
        "not shown",
        "only 3 people with labels: too few for an interval",
    )
    labels = labels_of(6)
    for id in list(labels)[1:]:
        labels[id][:, 0] = 0
    found = run(noisy(labels, 0.1), labels)["AU01"]
    assert (found.verdict, found.reason) == ("not shown", "only 1 person of 6 show it")


def test_undefined_scores_are_named_and_left_out_of_means() -> None:
    labels = labels_of(6)
    said = noisy(labels, 0.5)
    for id in labels:
        labels[id][:, 1] = 0
        said[id][:, 1] = 0.5
    found = run(said, labels)
    assert found.undefined["icc"] == ("AU12",)
    assert found.means["icc"].value == pytest.approx(found["AU01"].scores["icc"].value)
    assert found.to_json()["aus"][1]["scores"]["icc"]["value"] is None
    assert found["AU12"].verdict == "not shown"


def test_json_and_back() -> None:
    labels = labels_of(3)
    found = run(noisy(labels, 0.5), labels)
    text = json.dumps(found.to_json(), allow_nan=False)
    again = Evaluation.from_json(json.loads(text))
    assert again.to_json() == found.to_json()
    assert again["AU12"].scores["mae"].value == found["AU12"].scores["mae"].value
    json.dumps(found.summary(), allow_nan=False)
    with pytest.raises(KeyError):
        found["AU99"]


def test_summary_has_what_a_run_promises() -> None:
    labels = labels_of(6)
    summary = run(noisy(labels, 0.5), labels).summary()
    assert set(summary["icc"]) == set(summary["mae"]) == set(AUS)
    assert set(summary["icc"]["AU01"]) == {"value", "low", "high"}
    assert set(summary["baselines"]) == {"predict-zero", "predict-mean"}
    assert summary["icc_mean"] == pytest.approx(np.mean([summary["icc"][au]["value"] for au in AUS]))


def test_what_cannot_be_evaluated_says_why() -> None:
    labels = labels_of(3)
    with pytest.raises(DataError, match="no test frame is labelled"):
        run({}, {"set/P0": np.full((4, 2), np.nan)})
    with pytest.raises(DataError, match=r"set/P0: labels have shape \(120, 2\), predictions \(7, 2\)"):
        run({"set/P0": np.zeros((7, 2))}, labels)
    with pytest.raises(DataError, match="no labelled training frame for AU12"):
        run(noisy(labels, 1), labels, training=label_statistics([np.array([[1.0, np.nan]])], AUS))
    with pytest.raises(DataError, match="no finite prediction"):
        run({id: np.full_like(y, np.inf) for id, y in labels.items()}, labels)


def test_label_statistics_count_only_what_is_labelled() -> None:
    parts = [np.array([[0, 2.4], [1, np.nan]]), np.array([[5, np.nan]])]
    found = label_statistics(parts, AUS)
    assert found.labelled.tolist() == [3, 1]
    assert found.positives.tolist() == [2, 1]
    assert found.mean.tolist() == pytest.approx([2.0, 2.4])
    assert found.histogram.tolist() == [[1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0]]
    again = LabelStatistics.from_json(json.loads(json.dumps(found.to_json())))
    assert again.to_json() == found.to_json()
    assert baseline_values(again)["predict-mean"].tolist() == pytest.approx([2.0, 2.4])


def test_a_hundred_thousand_frames_of_twelve_aus_take_two_seconds() -> None:
    labels = labels_of(27, frames=3704, aus=12)
    said = noisy(labels, 0.5)
    training = label_statistics(labels.values(), [f"AU{i:02d}" for i in range(1, 13)])
    start = time.process_time()
    evaluate(said, labels, {id: id for id in labels}, training=training, origin="synthetic", resamples=1000)
    assert time.process_time() - start < 2
