"""Scores, spreads and differences are those of the predictions, computed again the plain way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.compare.compare import compare_runs
from aukit.compare.result import MEAN, METRICS, Comparison
from aukit.evaluation import metrics
from aukit.evaluation.predictions import read_predictions
from aukit.evaluation.result import Evaluation
from aukit.rundir.atomic import read_json, write_json
from aukit.rundir.layout import RunFolder

Make = Callable[..., Path]
AUS = ("AU04", "AU12", "AU25")


@pytest.fixture(scope="module")
def found(suite: Path) -> Comparison:
    return compare_runs(suite)


def frames(folders: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    videos = [video for folder in folders for video in read_predictions(folder / "predictions.h5").videos]
    return np.concatenate([v.labels for v in videos]), np.concatenate([v.predictions for v in videos])


@pytest.mark.parametrize("metric", METRICS)
def test_values_are_pooled_over_folds_and_averaged_over_seeds(
    suite: Path, found: Comparison, metric: str
) -> None:
    of = getattr(metrics, metric)
    values = {}
    for arm in ("scratch", "base"):
        seeds = [
            of(*frames([suite / arm / f"fold{fold}-seed{seed}" for fold in (1, 2)])) for seed in range(3)
        ]
        values[arm] = np.mean(seeds, axis=0)
        for i, au in enumerate(AUS):
            cell = found[arm].scores[metric][au]
            assert cell.spread.seeds == pytest.approx([seed[i] for seed in seeds])
            assert cell.value == cell.spread.value == pytest.approx(values[arm][i])
            assert cell.low < cell.value < cell.high
            assert cell.spread.sd == pytest.approx(np.std([seed[i] for seed in seeds], ddof=1))
        folds = [of(*frames([suite / arm / f"fold{fold}-seed{s}"])) for fold in (1, 2) for s in range(3)]
        assert [found[arm].scores[metric][au].by_fold for au in AUS] == pytest.approx(np.mean(folds, axis=0))
        assert found[arm].scores[metric][MEAN].value == pytest.approx(values[arm].mean())
    less = found["base"].differences[metric]
    assert [less[au].value for au in AUS] == pytest.approx(values["base"] - values["scratch"])
    assert less[MEAN].value == pytest.approx((values["base"] - values["scratch"]).mean())
    assert found.against == "scratch" and not found["scratch"].differences


def test_one_run_has_the_numbers_of_its_own_evaluation(make: Make) -> None:
    run = make("a", missing=True, clip=True)
    own = Evaluation.from_json(read_json(RunFolder(run).results))
    found = compare_runs(run)
    (variant, zero, mean) = found.arms
    for metric in METRICS:
        for result in own.aus:
            assert variant.scores[metric][result.au].value == pytest.approx(result.scores[metric].value)
            for arm in (zero, mean):
                known = result.baselines[arm.name][metric]
                assert arm.scores[metric][result.au].value == pytest.approx(known, nan_ok=True)
        assert variant.scores[metric][MEAN].value == pytest.approx(own.means[metric].value)
    assert own.aus[0].missing > 0 and own.clipped


def test_who_is_better_off_is_counted_over_people(suite: Path, found: Comparison) -> None:
    errors: dict[str, dict[str, list[float]]] = {}
    for arm in ("scratch", "base"):
        for folder in (suite / arm).iterdir():
            for video in read_predictions(folder / "predictions.h5").videos:
                error = np.abs(video.labels - video.predictions).mean(axis=0)
                errors.setdefault(arm, {}).setdefault(video.subject, []).append(error)
    gain = np.array(
        [
            np.mean(errors["scratch"][who], axis=0) - np.mean(errors["base"][who], axis=0)
            for who in errors["base"]
        ]
    )
    for i, au in enumerate(AUS):
        one = found["base"].differences["mae"][au]
        assert (one.better, one.of) == ((gain[:, i] > 0).sum(), 12)
    icc = found["base"].differences["icc"]["AU12"]
    showing = {
        v.subject
        for v in read_predictions(suite / "base/fold1-seed0/predictions.h5").videos
        if v.labels[:, 1].any()
    }
    showing |= {
        v.subject
        for v in read_predictions(suite / "base/fold2-seed0/predictions.h5").videos
        if v.labels[:, 1].any()
    }
    assert icc.of == len(showing) < 12  # a person who never shows it has no agreement of their own


def test_a_variant_differs_from_its_copy_by_nothing(make: Make, changed: Callable[..., Any]) -> None:
    first, same = make("first"), make("same", tables=changed("stages", "finetune", "steps", to=99))
    less = compare_runs(first, same).arms[1].differences
    for metric in METRICS:
        for one in less[metric].values():
            assert (one.value, one.low, one.high, one.better) == (0, 0, 0, 0)


def test_the_order_of_runs_does_not_matter(suite: Path) -> None:
    runs = sorted(path for path in suite.glob("*/fold*"))
    against = str(suite / "base" / "fold1-seed0")
    found = compare_runs(*runs, against=against)
    shuffled = [runs[i] for i in np.random.default_rng(0).permutation(len(runs))]
    again = compare_runs(*shuffled, runs[0], against=against)  # a folder named twice counts once
    assert {arm.name for arm in found.arms} == {arm.name for arm in again.arms}
    for arm in found.arms:
        other = again[arm.name]
        for metric in METRICS:
            for au in (*AUS, MEAN):
                a, b = arm.scores[metric][au], other.scores[metric][au]
                assert (a.value, a.low, a.high) == pytest.approx(
                    (b.value, b.low, b.high), rel=1e-9, nan_ok=True
                )
            assert arm.differences.keys() == other.differences.keys()
        assert arm.labels == other.labels


def test_an_au_that_nobody_shows_is_in_no_mean_of_icc_and_said(make: Make) -> None:
    def quiet(labels: np.ndarray) -> np.ndarray:
        return labels * np.array([1, 0, 1])

    def unlabelled(labels: np.ndarray) -> np.ndarray:
        return np.where([True, False, True], labels, np.nan)

    found = compare_runs(make("a", change=quiet), make("b", "scratch", change=quiet))
    assert found.undefined == {"AU12": "its test labels are all the same"}
    for arm in found.arms:
        scores = arm.scores["icc"]
        assert np.isnan(scores["AU12"].value) and np.isnan(scores["AU12"].low)
        assert scores[MEAN].value == pytest.approx((scores["AU04"].value + scores["AU25"].value) / 2)
        assert np.isfinite(arm.scores["mae"]["AU12"].value)
    assert compare_runs(make("c", change=unlabelled)).undefined == {"AU12": "no test frame is labelled"}


def test_a_fold_in_which_an_au_is_never_shown_is_left_out_of_its_mean_over_folds(make: Make) -> None:
    def quiet(labels: np.ndarray) -> np.ndarray:
        return labels * np.array([1, 0, 1])

    runs = [make("a", fold=1), make("b", fold=2, change=quiet)]
    found = compare_runs(*runs)
    first = metrics.icc(*frames([runs[0]]))
    assert found.arms[0].scores["icc"]["AU12"].by_fold == pytest.approx(first[1])
    assert any("fold 2 has no ICC of AU12" in note for note in found.notes)
    assert not found.undefined


def test_too_few_people_get_no_interval(make: Make) -> None:
    found = compare_runs(make("a", people=3), make("b", "scratch", people=3))
    assert np.isnan(found.arms[0].scores["icc"][MEAN].low)
    assert np.isnan(found.arms[1].differences["icc"][MEAN].low)
    assert np.isfinite(found.arms[1].differences["icc"][MEAN].value)


def test_variants_with_other_labels_have_their_own_mean_baseline(make: Make) -> None:
    found = compare_runs(make("a"), make("b", "scratch", labels=9), force=True)
    assert [arm.name for arm in found.arms if arm.baseline] == [
        "predict-zero",
        *(f"predict-mean-{arm.name}" for arm in found.arms[:2]),
    ]


def test_blocks_of_the_same_people_are_resampled_as_blocks(make: Make) -> None:
    found = compare_runs(make("a", protocol="same people"), make("b", "scratch", protocol="same people"))
    assert (found.units, found.people) == ("blocks", 6)


def test_labels_of_the_runs_that_it_builds_on_are_counted_once_each(make: Make) -> None:
    """Its teacher is also where it starts from; two stages of that had one list of labels, a third another."""
    folder = make("student")
    first = {"run": "runs/first", "sha256": "1", "labels": {"finetune": {"train": {"frames": 7}}}}
    stage = {"train": {"frames": 96}, "selection": {"frames": 20}}
    teacher = {
        "run": "runs/teacher",
        "sha256": "2",
        "labels": {"pseudo": {"train": {"frames": 96}}, "finetune": stage, "more": {"train": {"frames": 5}}},
        "before": [first, first],
    }
    data = read_json(folder / "data.json") | {"weights": teacher, "runs": {"stages.pseudo.teacher": teacher}}
    write_json(folder / "data.json", data)
    labels = compare_runs(folder).arms[0].labels
    assert labels is not None and labels.through == (128, 128)


def test_labels_are_counted_over_runs(suite: Path, found: Comparison) -> None:
    counts = [
        read_json(suite / "base" / f"fold{fold}-seed{seed}" / "data.json")["stages"]["finetune"]["labels"][
            "train"
        ]
        for fold in (1, 2)
        for seed in range(3)
    ]
    labels = found["base"].labels
    assert labels is not None
    assert labels.frames == (min(c["frames"] for c in counts), max(c["frames"] for c in counts))
    assert labels.cells == (labels.frames[0] * 3, labels.frames[1] * 3)
    assert (labels.selection_frames, labels.through) == ((0, 0), (0, 0))


def test_a_bound_beyond_what_an_error_can_be_is_none(make: Make) -> None:
    def shown_by_one(labels: np.ndarray) -> np.ndarray:
        return labels * (labels[0, 0] == 5)

    found = compare_runs(make("a", change=shown_by_one), make("b", "scratch", change=shown_by_one))
    highs = [cell.high for arm in found.arms for cell in arm.scores["mse"].values()]
    assert any(np.isinf(high) for high in highs)
    assert all(high <= 25 or not np.isfinite(high) for high in highs)
