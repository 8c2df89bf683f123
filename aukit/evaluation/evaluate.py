"""Score predictions of people never seen: metrics with intervals, trivial baselines beside them, and a plain
verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aukit.clips.blocks import SAME_PEOPLE
from aukit.errors import DataError
from aukit.evaluation.baselines import LabelStatistics, baseline_values
from aukit.evaluation.bootstrap import MIN_PEOPLE, STATISTICS, intervals, mean_defined
from aukit.evaluation.metrics import METRICS
from aukit.evaluation.moments import Array, Moments, check_pair, moments
from aukit.evaluation.result import AUResult, Evaluation, Score

MIN_PEOPLE_WITH_POSITIVES = 3
"""Fewer people who show the AU, and the score tells of those people, not of the AU."""

USABLE_ICC = 0.4
"""Agreement below .40 is poor by Cicchetti (1994); an AU is usable when its lower bound is not."""

_OF_BLOCKS: dict[str, Any] = {
    "protocol": SAME_PEOPLE,
    "interval": "bootstrap-t over blocks of the same people",
    "pooling": "pooled over the labelled frames of all test blocks",
}


@dataclass(frozen=True)
class _Video:
    id: str
    person: str
    unit: str
    fold: int
    labels: Array
    predictions: Array
    missing: NDArray[np.bool_]


def evaluate(
    predictions: Mapping[str, ArrayLike],
    labels: Mapping[str, ArrayLike],
    subjects: Mapping[str, str],
    *,
    training: LabelStatistics | Mapping[int, LabelStatistics],
    origin: str,
    folds: Mapping[str, int] | None = None,
    clip: bool = False,
    guesses: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    scored: Mapping[str, Mapping[str, Array]] | None = None,
    same_people: bool = False,
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Evaluation:
    """Score predictions `(T,A)` by video id against labels `(T,A)`; NaN labels are left out per AU.

    subjects: whose video it is (people are resampled; an unknown subject, "", is a person of its own).
    training: the labels that shaped the model, per fold where `folds` (video id to fold) is given. clip: cut
    predictions to 0..5 first. A labelled frame without a prediction (NaN, or a video that is not there) is
    counted in `missing` and scored as if the training mean had been said, so a model gains nothing by staying
    silent. guesses: further baselines, by name and video id `(T,A)`; where one is NaN it says the training mean.
    scored: baselines that were scored on frames of their own, by name and metric `(A,)`.
    same_people: each video is a block of people who were trained on. Blocks are resampled in place of people,
    and the verdicts ask for as many of them as they else ask for people.

    Raises:
        DataError: nothing is labelled; shapes differ; an AU has no labelled training frame.
    """
    by_fold = (
        training
        if isinstance(training, Mapping)
        else dict.fromkeys(set((folds or {"": 1}).values()), training)
    )
    aus = next(iter(by_fold.values())).aus
    constants = {fold: baseline_values(statistics) for fold, statistics in by_fold.items()}
    videos = _videos(predictions, labels, subjects, folds or {}, constants, clip, same_people)
    if not videos or not any((~np.isnan(video.labels)).any() for video in videos):
        raise DataError("no test frame is labelled", hint="evaluate on data with labels, or only predict")

    units = moments(_groups(videos))
    values = {name: metric(units.pooled()) for name, metric in METRICS.items()}
    bounds = intervals(units, resamples=resamples, confidence=confidence, seed=seed)
    mean_bounds = intervals(
        units,
        {name: statistic.mean_over_aus() for name, statistic in STATISTICS.items()},
        resamples=resamples,
        confidence=confidence,
        seed=seed,
    )
    baselines = {name: _baseline(videos, name, constants) for name in next(iter(constants.values()))}
    baselines |= {name: _guess(videos, said, constants) for name, said in (guesses or {}).items()}
    baselines |= {name: dict(scores) for name, scores in (scored or {}).items()}
    several = len(constants) > 1
    fold_means = _mean_over_folds(videos) if several else {}
    results = []
    for i, au in enumerate(aus):
        positive = [(video.labels[:, i] >= 1) for video in videos]
        labelled = [video for video in videos if not np.isnan(video.labels[:, i]).all()]
        showing = [video for video, frames in zip(videos, positive, strict=True) if frames.any()]
        result = AUResult(
            au=au,
            scores={m: Score(float(values[m][i]), *(float(b[i]) for b in bounds[m])) for m in METRICS},
            baselines={name: {m: float(scores[m][i]) for m in METRICS} for name, scores in baselines.items()},
            labelled=int(units.n[:, i].sum()),
            positives=int(sum(frames.sum() for frames in positive)),
            people=len({video.person for video in labelled}),
            people_with_positives=len({video.person for video in showing}),
            missing=int(sum(video.missing[:, i].sum() for video in videos)),
            verdict="",
            reason="",
            by_fold={m: float(fold_means[m][i]) for m in fold_means},
            blocks=len(labelled) if same_people else None,
            blocks_with_positives=len(showing) if same_people else None,
        )
        verdict, reason = judge(result)
        results.append(replace(result, verdict=verdict, reason=reason))
    return Evaluation(
        origin=origin,
        aus=tuple(results),
        means={
            m: Score(float(mean_defined(values[m])), *(float(b[0]) for b in mean_bounds[m])) for m in METRICS
        },
        baseline_means={
            name: {m: float(mean_defined(scores[m])) for m in METRICS} for name, scores in baselines.items()
        },
        undefined={
            m: tuple(au for au, v in zip(aus, values[m], strict=True) if np.isnan(v)) for m in METRICS
        },
        people=len({video.person for video in videos}),
        videos=len(videos),
        frames=sum(len(video.labels) for video in videos),
        folds=len(constants),
        mean_by_fold={m: float(mean_defined(value)) for m, value in fold_means.items()},
        training={str(fold): statistics.to_json() for fold, statistics in by_fold.items()},
        clipped=clip,
        confidence=confidence,
        resamples=resamples,
        **(_OF_BLOCKS | {"blocks": len(videos)} if same_people else {}),
    )


def judge(result: AUResult) -> tuple[str, str]:
    """The verdict on one AU and its reason.

    "not shown": fewer than 4 labelled people, fewer than 3 people who show the AU, or an ICC whose lower
    bound is not above 0. "usable": the lower bound is at least 0.4 and the squared error is below that of every
    baseline. "weak": what lies between. Where the same people are tested, blocks count in place of people.
    """
    icc, mse = result.scores["icc"], result.scores["mse"].value
    there, showing, count = result.people, result.people_with_positives, _people
    if result.blocks is not None and result.blocks_with_positives is not None:
        there, showing, count = result.blocks, result.blocks_with_positives, _blocks
    if there < MIN_PEOPLE:
        return "not shown", f"only {count(there)} with labels: too few for an interval"
    if showing < MIN_PEOPLE_WITH_POSITIVES:
        return "not shown", f"only {count(showing)} of {there} show it"
    if not icc.low > 0:
        return "not shown", "agreement could be chance: the interval of the ICC reaches 0"
    errors = {name: scores["mse"] for name, scores in result.baselines.items()}
    best = min(errors, key=lambda name: np.inf if np.isnan(errors[name]) else errors[name])
    if mse >= result.baselines[best]["mse"]:
        return "weak", f"follows the AU, but errors are not smaller than those of {best}"
    if icc.low < USABLE_ICC:
        return "weak", f"better than chance and than {best}, but agreement may be below {USABLE_ICC:.1f}"
    return "usable", f"agreement of at least {USABLE_ICC:.1f}, errors smaller than those of {best}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else f"{count} blocks"


def _videos(
    predictions: Mapping[str, ArrayLike],
    labels: Mapping[str, ArrayLike],
    subjects: Mapping[str, str],
    folds: Mapping[str, int],
    constants: Mapping[int, Mapping[str, Array]],
    clip: bool,
    same_people: bool,
) -> list[_Video]:
    found = []
    for id, truth in labels.items():
        y = np.asarray(truth, dtype=np.float64)
        p = np.asarray(predictions[id], dtype=np.float64) if id in predictions else np.full_like(y, np.nan)
        fold = folds.get(id, 1)
        mean = constants[fold]["predict-mean"]
        if y.shape != p.shape or y.ndim != 2 or y.shape[1] != len(mean):
            raise DataError(
                f"labels have shape {y.shape}, predictions {p.shape}, {len(mean)} AUs were trained", where=id
            )
        missing = np.isnan(p) & ~np.isnan(y)
        p = np.where(np.isnan(p), mean, np.clip(p, 0, 5) if clip else p)
        check_pair(y, p, where=id)
        person = subjects.get(id) or id
        found.append(_Video(id, person, id if same_people else person, fold, y, p, missing))
    return found


def _groups(videos: Sequence[_Video]) -> list[tuple[Array, Array]]:
    """Labels and predictions of what is resampled: of each person all videos together, or each block."""
    units: dict[str, list[_Video]] = {}
    for video in videos:
        units.setdefault(video.unit, []).append(video)
    return [
        (np.concatenate([v.labels for v in theirs]), np.concatenate([v.predictions for v in theirs]))
        for theirs in units.values()
    ]


def _pooled(videos: Sequence[_Video]) -> Moments:
    return moments(_groups(videos)).pooled()


def _baseline(
    videos: Sequence[_Video], name: str, constants: Mapping[int, Mapping[str, Array]]
) -> dict[str, Array]:
    return _scored(
        [replace(v, predictions=np.broadcast_to(constants[v.fold][name], v.labels.shape)) for v in videos]
    )


def _guess(
    videos: Sequence[_Video],
    said: Mapping[str, ArrayLike],
    constants: Mapping[int, Mapping[str, Array]],
) -> dict[str, Array]:
    """The scores of a baseline that says something of its own of each frame, or the training mean."""
    found = []
    for video in videos:
        values = np.asarray(said.get(video.id, np.full_like(video.labels, np.nan)), dtype=np.float64)
        mean = constants[video.fold]["predict-mean"]
        found.append(replace(video, predictions=np.where(np.isnan(values), mean, values)))
    return _scored(found)


def _scored(videos: Sequence[_Video]) -> dict[str, Array]:
    pooled = _pooled(videos)
    return {metric: of(pooled) for metric, of in METRICS.items()}


def _mean_over_folds(videos: Sequence[_Video]) -> dict[str, Array]:
    """Each metric within each fold, then the mean over the folds where it is defined, `(A,)`."""
    parts = [_pooled([v for v in videos if v.fold == fold]) for fold in sorted({v.fold for v in videos})]
    return {
        metric: mean_defined(np.stack([of(part) for part in parts], axis=-1))
        for metric, of in METRICS.items()
    }
