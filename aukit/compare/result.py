"""What a comparison found: plain values, by variant, metric and AU."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aukit.compare.published import Published, PublishedAccuracy
from aukit.rundir.suite import Shows

MEAN = "mean"
"""Where an AU's name stands: the mean over AUs."""
METRICS = ("icc", "mae", "mse")
WORST = {"icc": 1.0, "mae": 5.0, "mse": 25.0}
"""No score lies above, of predictions between 0 and 5: an upper bound that does says that the data gives none."""
HIGHER_IS_BETTER = {"icc": True, "mae": False, "mse": False}


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A value for each seed; `value` is their mean."""

    value: float
    seeds: tuple[float, ...]

    @classmethod
    def of(cls, seeds: Any) -> Spread:
        """The mean of what the seeds have."""
        values = tuple(float(value) for value in seeds)
        return cls(value=float(np.mean(values)) if values else math.nan, seeds=values)

    @property
    def low(self) -> float:
        """The least of the seeds."""
        return min(self.seeds, default=math.nan)

    @property
    def high(self) -> float:
        """The most of the seeds."""
        return max(self.seeds, default=math.nan)

    @property
    def sd(self) -> float:
        """Standard deviation over seeds (n - 1); NaN for one seed."""
        return float(np.std(self.seeds, ddof=1)) if len(self.seeds) > 1 else math.nan


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A score, pooled over the frames of all folds and averaged over seeds, with the interval over people.

    high: infinite where the data gives no bound. by_fold: the mean over folds of each fold's own score; NaN for one
    fold.
    """

    value: float
    low: float
    high: float
    spread: Spread
    by_fold: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A variant less the one it is compared with, on the same frames, with its interval over people.

    better: people whose own score is better; of: people who have one.
    """

    value: float
    low: float
    high: float
    better: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labels that shaped a run, as the least and the most over its runs: frames, and (frame, AU) pairs.

    through: frames, for training and selection, of the runs whose models it uses and of those that these used.
    """

    frames: tuple[int, int]
    cells: tuple[int, int]
    selection_frames: tuple[int, int]
    selection_cells: tuple[int, int]
    through: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One row: a variant, or a trivial baseline. What is not asked for is empty.

    accuracy: of the predictive task, by name. levels: `{part: {au: labels at 0..5}}`.
    """

    name: str
    title: str
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    baseline: bool = False
    labels: Labels | None = None
    scores: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Difference]] = field(default_factory=dict)
    accuracy: Mapping[str, Spread] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    published: Mapping[str, Published] = field(default_factory=dict)
    published_accuracy: PublishedAccuracy | None = None


@dataclass(frozen=True, kw_only=True)
class SuiteState:
    """Of a suite: what it set out to show, and how far it is."""

    name: str
    summary: str
    hypothesis: str
    primary: str
    written: str
    changes: tuple[Mapping[str, Any], ...]
    planned: int
    missing: tuple[str, ...]
    failed: Mapping[str, str]
    stale: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A whole comparison.

    against: the name of the variant that the differences are from. split: whose people were judged, "test" or
    "validation". undefined: `{au: why it has no ICC}`; such an AU is in no mean of ICC. forced: why these runs do not
    belong into one table; empty, unless it was made all the same. published: the other rows of the printed table.
    """

    title: str
    shows: Shows
    origin: str
    arms: tuple[Arm, ...]
    aus: tuple[str, ...] = ()
    against: str = ""
    primary: str = "icc"
    protocol: str = "by person"
    split: str = "test"
    people: int = 0
    frames: int = 0
    labelled: int = 0
    folds: int = 0
    confidence: float = 0.95
    resamples: int = 0
    undefined: Mapping[str, str] = field(default_factory=dict)
    forced: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    suite: SuiteState | None = None
    published: tuple[Published, ...] = ()

    def __getitem__(self, name: str) -> Arm:
        """The variant or baseline of that name; KeyError where there is none."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise KeyError(name)

    @property
    def units(self) -> str:
        """What is resampled."""
        return "people" if self.protocol == "by person" else "blocks"

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for `json.dumps(..., allow_nan=False)`: what is undefined or infinite is None."""
        found: dict[str, Any] = _plain(self)
        return found


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        more = {"low": value.low, "high": value.high, "sd": value.sd} if isinstance(value, Spread) else {}
        return {name: _plain(item) for name, item in (vars(value) | more).items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
