"""Predictions of several runs as moments: a row a person and fold, a block of columns a model."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from aukit.clips.blocks import SAME_PEOPLE
from aukit.compare.runs import Run
from aukit.errors import DataError
from aukit.evaluation.moments import Array, Labelled, Moments
from aukit.evaluation.predictions import Floats, VideoPrediction, read_predictions
from aukit.evaluation.result import Evaluation
from aukit.rundir.atomic import read_json

Row = tuple[int, str]
"""A fold, and who is resampled: a person, or a block of the same people's videos."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What one run said of its test people."""

    run: Run
    aus: tuple[str, ...]
    videos: Mapping[str, VideoPrediction]
    result: Evaluation

    @cached_property
    def signature(self) -> str:
        """A digest of which frames were tested, and with which labels."""
        digest = hashlib.sha256("/".join(self.aus).encode())
        for id in sorted(self.videos):
            digest.update(f"{id}\n{len(self.videos[id].labels)}\n".encode())
            digest.update(np.ascontiguousarray(self.videos[id].labels).tobytes())
        return digest.hexdigest()

    def unit(self, video: VideoPrediction) -> str:
        """Whose frames these are, of which data set; a video of nobody known is a person of its own."""
        if self.run.protocol == SAME_PEOPLE or not video.subject:
            return video.id
        return f"{video.id.partition('/')[0]}/{video.subject}"

    @property
    def training_means(self) -> Array:
        """The mean training label of each AU `(A,)`."""
        (means,) = self.result.training.values()
        return np.array([np.nan if means[au]["mean"] is None else means[au]["mean"] for au in self.aus])


def read_tested(run: Run, known: dict[bytes, Floats]) -> Tested:
    """Read what a run said. Runs that were tested on the same frames share their labels, which are kept in `known`.

    Raises:
        DataError: the run met no test people, or a file of it is damaged.
    """
    if not run.judged:
        raise DataError(
            "this run was not judged: it has no predictions",
            where=str(run),
            hint="its recipe needs a stage with labels and a split with test people",
        )
    said = read_predictions(run.folder.predictions, known)
    try:
        result = Evaluation.from_json(read_json(run.folder.results))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"not what an evaluation writes: {error}", where=str(run.folder.results)) from error
    return Tested(run=run, aus=said.aus, videos={video.id: video for video in said.videos}, result=result)


Says = Callable[[Tested, VideoPrediction], Any]
"""What is said of a video: `(T,A)`, or anything that is broadcast to it."""


def predicted(tested: Tested, video: VideoPrediction) -> Array:
    """As the run's own evaluation had it: clipped where it clipped, the training mean where nothing was said."""
    said = video.predictions.astype(np.float64)
    if tested.result.clipped:
        said = np.clip(said, 0, 5)
    missing = np.isnan(said)
    return np.where(missing, tested.training_means, said) if missing.any() else said


def always_mean(tested: Tested, video: VideoPrediction) -> Array:
    """The mean training label."""
    return tested.training_means


def always_zero(tested: Tested, video: VideoPrediction) -> Array:
    """0."""
    return np.zeros(len(tested.aus))


@dataclass(frozen=True)
class Block:
    """One model over all its folds: moments `(rows,A)`."""

    rows: tuple[Row, ...]
    moments: Moments


def blocks(models: Sequence[tuple[Sequence[Tested], Says]], aus: Sequence[str]) -> list[Block]:
    """The moments of each model, from its runs, one a fold, for these AUs."""
    known: dict[Any, Labelled] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # numpy sums without Python's lock
        return list(pool.map(lambda model: _block(model[0], model[1], aus, known), models))


def _block(runs: Sequence[Tested], says: Says, aus: Sequence[str], known: dict[Any, Labelled]) -> Block:
    """Models that share their labels share what is known of them."""
    parts: dict[Row, list[tuple[Tested, VideoPrediction, Any]]] = {}
    for tested in runs:
        columns = slice(None) if tuple(aus) == tested.aus else [tested.aus.index(au) for au in aus]
        for video in tested.videos.values():
            row = (tested.run.fold, tested.unit(video))
            parts.setdefault(row, []).append((tested, video, columns))
    rows = tuple(sorted(parts))
    key = tuple((row, tuple((id(video.labels), str(at)) for _, video, at in parts[row])) for row in rows)
    if key not in known:
        known[key] = Labelled(
            [_joined([video.labels[:, at].astype(np.float64) for _, video, at in parts[row]]) for row in rows]
        )
    said = [
        _joined(
            [np.broadcast_to(says(one, video), video.labels.shape)[:, at] for one, video, at in parts[row]]
        )
        for row in rows
    ]
    return Block(rows, known[key].moments(said))


def _joined(parts: Sequence[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def side_by_side(blocks: Sequence[Block]) -> Block:
    """Blocks of columns over the same rows `(rows,K·A)`; where one lacks a row it has no frames there."""
    rows = tuple(sorted({row for one in blocks for row in one.rows}))
    place = {row: number for number, row in enumerate(rows)}
    parts: dict[str, list[Array]] = {}
    for one in blocks:
        at = [place[row] for row in one.rows]
        for name, values in vars(one.moments).items():
            if name in Moments._SUMS:
                spread = np.zeros((len(rows), values.shape[1]))
                spread[at] = values
                values = spread
            parts.setdefault(name, []).append(values)
    return Block(rows, Moments(**{name: np.concatenate(found, axis=-1) for name, found in parts.items()}))


def by_person(found: Block) -> Moments:
    """A row a person, over all folds: `(P,C)`."""
    people = sorted({who for _, who in found.rows})
    member = np.array([[who == person for _, who in found.rows] for person in people], dtype=np.float64)
    return found.moments.weighted(member)


def of_fold(found: Block, fold: int) -> Moments:
    """The pooled moments of one fold's frames `(C,)`."""
    at = [number for number, (one, _) in enumerate(found.rows) if one == fold]
    sums = {name: getattr(found.moments, name)[at].sum(axis=0) for name in Moments._SUMS}
    return replace(found.moments, **sums)
