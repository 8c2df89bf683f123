"""What an evaluation found, and how it is kept as JSON. NaN (undefined) is null there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aukit.clips.blocks import BY_PERSON, SAME_PEOPLE

VERDICTS = ("usable", "weak", "not shown")


@dataclass(frozen=True)
class Score:
    """A value with its confidence bounds; NaN where undefined."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def to_json(self) -> dict[str, float | None]:
        """`{value, low, high}` with None for NaN; infinite bounds are None too: the data gives none."""
        return {name: _finite(number) for name, number in vars(self).items()}

    @classmethod
    def from_json(cls, table: Mapping[str, float | None]) -> Score:
        """What `to_json` gave."""
        return cls(**{name: math.nan if number is None else number for name, number in table.items()})


@dataclass(frozen=True, kw_only=True)
class AUResult:
    """One AU: scores pooled over the test people's labelled frames, and what they stand on.

    baselines: `{"predict-mean": {"mse": ...}}`. positives: frames with a label of 1 or more. missing:
    labelled frames without a prediction, scored as if predict-mean had answered. by_fold: mean over folds of
    each metric, where folds are. blocks, blocks_with_positives: as the people, where blocks of the same people
    are what intervals and verdict stand on; else None.
    """

    au: str
    scores: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, float]]
    labelled: int
    positives: int
    people: int
    people_with_positives: int
    missing: int
    verdict: str
    reason: str
    by_fold: Mapping[str, float] = field(default_factory=dict)
    blocks: int | None = None
    blocks_with_positives: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **vars(self),
            "scores": {name: score.to_json() for name, score in self.scores.items()},
            "baselines": {name: _numbers(scores) for name, scores in self.baselines.items()},
            "by_fold": _numbers(self.by_fold),
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> AUResult:
        """What `to_json` gave."""
        return cls(
            **{
                **table,
                "scores": {name: Score.from_json(score) for name, score in table["scores"].items()},
                "baselines": {name: _floats(scores) for name, scores in table["baselines"].items()},
                "by_fold": _floats(table["by_fold"]),
            }
        )


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A whole evaluation. `means` are means over the AUs where the metric is defined; `undefined` names the
    others by metric.

    All scores are pooled over the frames of all test people; `mean_by_fold` (empty for one fold) is the mean
    over AUs of each AU's mean over folds. Training statistics are those of the labelled frames that shaped
    the model. `protocol`: "by person", or "same people" where other stretches of videos of people are tested who were
    trained on; the `blocks` of their videos are then what is resampled.
    """

    origin: str
    aus: tuple[AUResult, ...]
    means: Mapping[str, Score]
    baseline_means: Mapping[str, Mapping[str, float]]
    undefined: Mapping[str, tuple[str, ...]]
    people: int
    videos: int
    frames: int
    folds: int
    mean_by_fold: Mapping[str, float]
    training: Mapping[str, Any]
    clipped: bool
    confidence: float
    resamples: int
    interval: str = "bootstrap-t over people"
    pooling: str = "pooled over the frames of all test people"
    protocol: str = BY_PERSON
    blocks: int | None = None

    @property
    def same_people(self) -> bool:
        """Whether people are tested who were trained on, on other stretches of their videos."""
        return self.protocol == SAME_PEOPLE

    def __getitem__(self, au: str) -> AUResult:
        """The result of one AU; KeyError where there is none."""
        for result in self.aus:
            if result.au == au:
                return result
        raise KeyError(au)

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps(..., allow_nan=False)`."""
        return {
            **vars(self),
            "aus": [result.to_json() for result in self.aus],
            "means": {name: score.to_json() for name, score in self.means.items()},
            "baseline_means": {name: _numbers(scores) for name, scores in self.baseline_means.items()},
            "undefined": {name: list(aus) for name, aus in self.undefined.items()},
            "mean_by_fold": _numbers(self.mean_by_fold),
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Evaluation:
        """What `to_json` gave."""
        return cls(
            **{
                **table,
                "aus": tuple(AUResult.from_json(result) for result in table["aus"]),
                "means": {name: Score.from_json(score) for name, score in table["means"].items()},
                "baseline_means": {name: _floats(scores) for name, scores in table["baseline_means"].items()},
                "undefined": {name: tuple(aus) for name, aus in table["undefined"].items()},
                "mean_by_fold": _floats(table["mean_by_fold"]),
            }
        )

    def summary(self) -> dict[str, Any]:
        """The part that belongs into a run's summary: means, and ICC and MAE by AU with intervals and
        baselines.
        """
        return {
            "icc_mean": self.means["icc"].to_json()["value"],
            "mae_mean": self.means["mae"].to_json()["value"],
            "icc_mean_interval": [self.means["icc"].to_json()["low"], self.means["icc"].to_json()["high"]],
            "mae_mean_interval": [self.means["mae"].to_json()["low"], self.means["mae"].to_json()["high"]],
            "icc": {result.au: result.scores["icc"].to_json() for result in self.aus},
            "mae": {result.au: result.scores["mae"].to_json() for result in self.aus},
            "mse_mean": self.means["mse"].to_json()["value"],
            "baselines": {name: _numbers(scores) for name, scores in self.baseline_means.items()},
            "verdicts": {result.au: result.verdict for result in self.aus},
            "confidence": self.confidence,
            "people": self.people,
            "blocks": self.blocks,
            "missing": sum(result.missing for result in self.aus),
        }


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _numbers(table: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _finite(number) for name, number in table.items()}


def _floats(table: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if number is None else number for name, number in table.items()}
