"""Scores of variants on the same test frames: intervals over people, spread over seeds, paired differences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aukit.compare.frames import (
    Says,
    Tested,
    always_mean,
    always_zero,
    blocks,
    by_person,
    of_fold,
    predicted,
    side_by_side,
)
from aukit.compare.result import HIGHER_IS_BETTER, MEAN, METRICS, WORST, Arm, Cell, Difference, Spread
from aukit.compare.variants import Group
from aukit.evaluation.bootstrap import STATISTICS, Statistic, intervals, mean_defined
from aukit.evaluation.moments import Array, Moments

Bounded = tuple[Array, Array, Array]
"""Values, lower and upper bounds."""


class Contender(NamedTuple):
    """A row of the table to be: by seed its runs, one a fold, and what is said of their frames."""

    arm: Arm
    seeds: Mapping[int, tuple[Tested, ...]]
    says: Says

    @property
    def frames(self) -> frozenset[tuple[int, str]]:
        """Which frames it was tested on: a digest for each fold."""
        return frozenset((one.run.fold, one.signature) for runs in self.seeds.values() for one in runs)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The rows, and what they stand on."""

    arms: tuple[Arm, ...]
    undefined: Mapping[str, str]
    notes: tuple[str, ...]
    people: int
    frames: int
    labelled: int


def contenders(groups: Sequence[Group], tested: Mapping[str, Tested]) -> list[Contender]:
    """The variants, and the trivial baselines: always 0, and always the mean of the labels that a variant learnt from.

    Variants with the same labels share a baseline.
    """
    found = []
    for group in groups:
        seeds = {
            seed: tuple(tested[str(run)] for run in group.runs if run.seed == seed) for seed in group.seeds
        }
        arm = Arm(name=group.name, title=group.title, folds=group.folds, seeds=group.seeds)
        found.append(Contender(arm, seeds, predicted))
    return [*found, *_baselines(found)]


def _baselines(variants: Sequence[Contender]) -> list[Contender]:
    first = variants[0]
    seed = first.arm.seeds[0]
    zero = replace(first.arm, name="predict-zero", title="predict-zero", seeds=(), baseline=True)
    found = [Contender(zero, {seed: first.seeds[seed]}, always_zero)]
    known: list[dict[tuple[int, int], bytes]] = []
    kept: list[Contender] = []
    for one in variants:
        means = {
            (run.run.fold, seed): run.training_means.tobytes()
            for seed, runs in one.seeds.items()
            for run in runs
        }
        if any(all(means.get(at, said) == said for at, said in other.items()) for other in known):
            continue
        known.append(means)
        kept.append(one)
    for one in kept:
        title = "predict-mean" if len(kept) == 1 else f"predict-mean, labels of {one.arm.title}"
        name = "predict-mean" if len(kept) == 1 else f"predict-mean-{one.arm.name}"
        seeds = _distinct(one.seeds)
        arm = replace(
            one.arm, name=name, title=title, baseline=True, seeds=tuple(seeds) if len(seeds) > 1 else ()
        )
        found.append(Contender(arm, seeds, always_mean))
    return found


def _distinct(seeds: Mapping[int, tuple[Tested, ...]]) -> Mapping[int, tuple[Tested, ...]]:
    """All seeds, or the first where every seed learnt from labels of the same means."""
    said = {tuple(run.training_means.tobytes() for run in runs) for runs in seeds.values()}
    return seeds if len(said) > 1 else dict(itertools.islice(seeds.items(), 1))


def score(
    rows: Sequence[Contender], aus: Sequence[str], against: str, *, resamples: int, confidence: float
) -> Scored:
    """Score all rows. Rows that were tested on other frames than `against` get no difference from it."""
    kinds: dict[frozenset[tuple[int, str]], list[Contender]] = {}
    for row in rows:
        kinds.setdefault(row.frames, []).append(row)
    arms: dict[str, Arm] = {}
    undefined: dict[str, str] = {}
    notes: dict[str, None] = {}
    base = next(row for row in rows if row.arm.name == against)
    for frames, some in kinds.items():
        found = _Together(some, aus, resamples, confidence)
        arms |= {arm.name: arm for arm in found.arms(against)}
        undefined |= found.undefined
        notes |= dict.fromkeys(found.notes)
        if frames == base.frames:
            whole = found
    return Scored(
        arms=tuple(arms[row.arm.name] for row in rows),
        undefined=undefined,
        notes=tuple(notes),
        people=len(whole.people.n),
        frames=sum(
            len(video.labels) for one in next(iter(base.seeds.values())) for video in one.videos.values()
        ),
        labelled=int(whole.people.n[:, : len(aus)].sum()),
    )


class _Together:
    """Rows that were tested on the same frames: every one of them sees the same resamples of people."""

    def __init__(
        self, rows: Sequence[Contender], aus: Sequence[str], resamples: int, confidence: float
    ) -> None:
        self.rows, self.aus = rows, tuple(aus)
        self.resamples, self.confidence = resamples, confidence
        models = [(runs, row.says) for row in rows for runs in row.seeds.values()]
        ends = list(itertools.accumulate(len(row.seeds) for row in rows))
        self.seeds = [list(range(end - len(row.seeds), end)) for row, end in zip(rows, ends, strict=True)]
        self.blocks = side_by_side(blocks(models, aus))
        self.people = by_person(self.blocks)
        self.folds = sorted({fold for fold, _ in self.blocks.rows})
        pooled = self.people.pooled()
        self.varies = kept = _varies(pooled)
        known = STATISTICS["icc"]
        icc = replace(known, of=lambda m: np.where(kept, known.of(m), np.nan))
        self._of = {metric: icc if metric == "icc" else STATISTICS[metric] for metric in METRICS}
        self._by_seed = {metric: _with_mean(self._of[metric].of(pooled), len(self.aus)) for metric in METRICS}
        self._by_fold = {metric: self._over_folds(metric) for metric in METRICS}

    @property
    def undefined(self) -> dict[str, str]:
        """The AUs that have no ICC, and why."""
        labelled, width = self.people.n.sum(axis=0), len(self.aus)
        return {
            au: "its test labels are all the same" if labelled[i] > 0 else "no test frame is labelled"
            for i, au in enumerate(self.aus)
            if not self.varies[i::width].any()
        }

    @property
    def notes(self) -> list[str]:
        """Folds in which an AU has no ICC, though it has one over all folds."""
        found = []
        for fold in self.folds if len(self.folds) > 1 else ():
            here = _varies(of_fold(self.blocks, fold))
            lost = [au for i, au in enumerate(self.aus) if self.varies[i] and not here[i]]
            if lost:
                found.append(
                    f"fold {fold} has no ICC of {', '.join(lost)}: its test labels are all the same there, or there "
                    "are none; means over folds leave it out"
                )
        return found

    def arms(self, against: str) -> list[Arm]:
        """Every row with its scores."""
        names = [row.arm.name for row in self.rows]
        base = names.index(against) if against in names else None
        others = [] if base is None else [number for number in range(len(names)) if number != base]
        wanted = {
            (metric, what): statistic
            for metric in METRICS
            for what, statistic in self._statistics(metric, base, others).items()
        }
        bounds = intervals(self.people, wanted, resamples=self.resamples, confidence=self.confidence)
        pooled = self.people.pooled()
        found = {at: (one.value(pooled), *bounds[at]) for at, one in wanted.items()}
        arms = []
        for number, row in enumerate(self.rows):
            scores, differences = {}, {}
            for metric in METRICS:
                scores[metric] = self._cells(metric, number, found[metric, "own"], found[metric, "own mean"])
                if number in others:
                    less = found[metric, "less"], found[metric, "less mean"]
                    differences[metric] = self._differences(metric, number, base, others.index(number), *less)
            arms.append(replace(row.arm, scores=scores, differences=differences))
        return arms

    def _statistics(self, metric: str, base: int | None, others: Sequence[int]) -> dict[str, Statistic]:
        width = len(self.aus)
        own = self._of[metric].averaged(self.seeds, width)
        found = {"own": own, "own mean": own.mean_over_aus(width)}
        if others and base is not None:
            less = own.differences([(number, base) for number in others], width)
            found |= {"less": less, "less mean": less.mean_over_aus(width)}
        return found

    def _cells(self, metric: str, number: int, by_au: Bounded, mean: Bounded) -> dict[str, Cell]:
        """One row's scores, by AU and their mean."""
        blocks = self.seeds[number]
        seeds, folds = self._by_seed[metric][blocks], self._by_fold[metric][blocks].mean(axis=0)
        return {
            au: Cell(
                value=value,
                low=low,
                high=high if high <= WORST[metric] else math.nan if math.isnan(high) else math.inf,
                spread=Spread.of(seeds[:, i]),
                by_fold=float(folds[i]),
            )
            for i, (au, (value, low, high)) in enumerate(self._named(number, by_au, mean))
        }

    def _differences(
        self, metric: str, number: int, base: int | None, place: int, by_au: Bounded, mean: Bounded
    ) -> dict[str, Difference]:
        """One row's differences from the base, by AU and their mean."""
        assert base is not None
        better, of = self._better(metric, number, base)
        return {
            au: Difference(value=value, low=low, high=high, better=int(better[i]), of=int(of[i]))
            for i, (au, (value, low, high)) in enumerate(self._named(place, by_au, mean))
        }

    def _named(self, place: int, by_au: Bounded, mean: Bounded) -> list[tuple[str, list[float]]]:
        """Value, low and high of the block at `place`, for every AU and the mean."""
        columns = [
            [*one.reshape(-1, len(self.aus))[place].tolist(), float(whole[place])]
            for one, whole in zip(by_au, mean, strict=True)
        ]
        return list(zip((*self.aus, MEAN), map(list, zip(*columns, strict=True)), strict=True))

    def _over_folds(self, metric: str) -> Array:
        """The mean over folds of each block `(K,A+1)`, the mean over AUs last; NaN for one fold."""
        width = len(self.aus)
        if len(self.folds) < 2:
            return np.full((len(self.people.n.T) // width, width + 1), np.nan)
        parts = []
        for fold in self.folds:
            here = of_fold(self.blocks, fold)
            values = STATISTICS[metric].of(here)
            parts.append(np.where(_varies(here), values, np.nan) if metric == "icc" else values)
        return _with_mean(mean_defined(np.stack(parts, axis=-1)), width)

    def _better(self, metric: str, number: int, base: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """People whose own score is better than with the base, and people who have one: by AU, the mean last."""
        values = self._of[metric].of(self.people)
        if metric == "icc":
            values = np.where(_varies(self.people), values, np.nan)
        blocks = values.reshape(len(values), -1, len(self.aus))
        gain = blocks[:, self.seeds[number]].mean(axis=1) - blocks[:, self.seeds[base]].mean(axis=1)
        gain = np.concatenate([gain, mean_defined(gain)[:, None]], axis=1)
        gain = gain if HIGHER_IS_BETTER[metric] else -gain
        return (gain > 0).sum(axis=0), (~np.isnan(gain)).sum(axis=0)


def _varies(m: Moments) -> NDArray[np.bool_]:
    """Where the labels are not all the same: only there can agreement be told."""
    return (m.n > 1.5) & (m.centred()[0] > 0)


def _with_mean(values: Array, width: int) -> Array:
    """Columns `(K·A,)` as `(K,A+1)`, the mean over AUs last."""
    blocks = values.reshape(-1, width)
    return np.concatenate([blocks, mean_defined(blocks)[:, None]], axis=1)
