"""Score tracks of any tool against labels: on the very same frames, with coverage, and with what must be beaten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.format import GAP
from aukit.contracts.data import FrameLabels
from aukit.contracts.tracks import Tracks
from aukit.errors import DataError, UsageError
from aukit.evaluation.baselines import label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.result import Evaluation
from aukit.tracks.faces import longest_step, main_faces, most_at_once
from aukit.tracks.tracks_file import TracksFile
from aukit.tracks.truth import Truth, find_video

SLACK = 1e-3
"""Seconds that a written time may be off, where it was rounded to milliseconds."""

Values = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How many of an AU's labelled frames have a prediction."""

    labelled: int
    predicted: int

    @property
    def share(self) -> float:
        """Predicted of labelled, 0..1."""
        return self.predicted / self.labelled if self.labelled else float("nan")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One tracks file: `same` scores the frames that all files predict; `all` every labelled frame.

    In `all`, a frame without a prediction counts as if the mean of the labels had been said; it is None where nothing
    is missing and nothing was left out for the sake of other files.
    """

    name: str
    kind: str
    model_origin: str
    coverage: Mapping[str, Coverage]
    same: Evaluation
    all: Evaluation | None
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "model_origin": self.model_origin or "unknown",
            "coverage": {au: {**vars(one), "share": one.share} for au, one in self.coverage.items()},
            "same_frames": self.same.to_json(),
            "all_labelled_frames": self.all.to_json() if self.all else None,
            "notes": list(self.notes),
        }


def score(
    files: Sequence[TracksFile],
    truth: Truth,
    *,
    people: Mapping[str, str] | None = None,
    video: str = "",
    face: int | None = None,
    clip: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Scored, ...]:
    """Score tracks against labels.

    Scored are the AUs that the labels and all files have, on the labelled frames that all files predict, so that
    several tools are compared on identical frames. The baselines say 0, and the mean of these very labels: a constant
    that no tool could know, and hence the hardest one to beat.

    Args:
        files: one tracks file or several.
        truth: the labels.
        people: whose video it is, by video; goes before what labels and tracks say. Where people are known they are
            resampled for intervals, else videos are.
        video: the labels' name of the video, for files of one video under another name.
        face: which face is meant, where several are in a frame; by default the one that is there longest.
        clip: cut predictions to 0..5 first.
        resamples: of the bootstrap; `seed` is its seed.

    Raises:
        DataError: no video, AU or frame in common; two videos of a file under one name.
        UsageError: `video` is not labelled, or a file has several videos; no such face.
    """
    aus = tuple(au for au in truth.aus if all(au in file.aus for file in files))
    if not aus:
        known = "; ".join(f"{file.path.name} has {', '.join(file.aus)}" for file in files)
        raise DataError(
            "labels and predictions have no AU in common",
            where=str(truth.path),
            hint=f"labelled are {', '.join(truth.aus)}; {known}",
        )
    labels = {
        name: rows.intensity[:, [truth.aus.index(au) for au in aus]] for name, rows in truth.videos.items()
    }
    read = [_Predicted(file, truth, aus, video, face) for file in files]
    there = {
        name: np.logical_and.reduce([np.isfinite(one.values[name]) for one in read]) for name in truth.videos
    }
    same = {
        name: np.where(there[name], values, np.nan) for name, values in labels.items() if there[name].any()
    }
    aus = _scored(aus, same, labels, truth, files)
    columns = [place for place, au in enumerate(read[0].aus) if au in aus]
    subjects = _subjects(files, truth, people or {})
    over = "people" if all(subjects.values()) else "videos"

    def judged(values: Mapping[str, Values], said: Mapping[str, Values]) -> Evaluation:
        found = evaluate(
            {name: one[:, columns] for name, one in said.items()},
            {name: one[:, columns] for name, one in values.items()},
            subjects,
            training=label_statistics([one[:, columns] for one in values.values()], aus),
            origin=truth.origin or files[0].origin or "unknown",
            clip=clip,
            resamples=resamples,
            seed=seed,
        )
        return replace(found, interval=f"bootstrap-t over {over}")

    found = []
    for file, one in zip(files, read, strict=True):
        coverage = {
            au: _coverage([(labels[name][:, at], one.values[name][:, at]) for name in labels])
            for at, au in zip(columns, aus, strict=True)
        }
        left_out = len(files) > 1 or any(part.predicted < part.labelled for part in coverage.values())
        found.append(
            Scored(
                name=str(file.path),
                kind=file.kind,
                model_origin=file.model_origin,
                coverage=coverage,
                same=judged(same, one.values),
                all=judged(labels, one.values) if left_out else None,
                notes=tuple(one.notes),
            )
        )
    return tuple(found)


class _Predicted:
    """A file's values at the labelled rows: `values` float32 (L,A) by the labels' name of each video."""

    def __init__(
        self, file: TracksFile, truth: Truth, aus: tuple[str, ...], video: str, face: int | None
    ) -> None:
        self.aus = aus
        labelled = np.any([np.isfinite(rows.intensity).any(axis=0) for rows in truth.videos.values()], axis=0)
        without = [au for au, known in zip(truth.aus, labelled, strict=True) if known and au not in file.aus]
        self.notes = (
            [f"{file.path.name} has no tracks of {', '.join(without)}: not scored"] if without else []
        )
        places = [file.aus.index(au) for au in aus]
        sources = self._sources(file, truth, video)
        self.values: dict[str, Values] = {}
        for name, labels in truth.videos.items():
            values = np.full((len(labels.intensity), len(aus)), np.nan, np.float32)
            if name in sources:
                tracks = self._one_face(file, sources[name], face)
                rows = _rows(labels, tracks, longest_step(file.videos[sources[name]].timestamp) / GAP)
                values[rows >= 0] = tracks.intensity[rows[rows >= 0]][:, places]
            self.values[name] = values

    def _sources(self, file: TracksFile, truth: Truth, video: str) -> dict[str, str]:
        """The file's own name of each labelled video that it has."""
        if video:
            if video not in truth.videos:
                raise UsageError(
                    f"no video `{video}` is labelled", where=str(truth.path), hint=_some(truth.videos)
                )
            if len(file.videos) != 1:
                raise UsageError(f"tracks of {len(file.videos)} videos, not of one", where=str(file.path))
            return {video: next(iter(file.videos))}
        found: dict[str, str] = {}
        for own in file.videos:
            name = find_video(own, truth.videos) or next(
                (name for name, others in truth.aliases.items() if find_video(own, others)), None
            )
            if name is None or name not in truth.videos:
                continue
            if name in found:
                raise DataError(f"`{found[name]}` and `{own}` are one labelled video", where=str(file.path))
            found[name] = own
        if not found:
            raise DataError(
                "no video of these tracks is labelled",
                where=str(file.path),
                hint=f"tracks: {_some(file.videos)}; labels: {_some(truth.videos)}; "
                "`--video` says which one a file of another name is of",
            )
        without = [name for name in truth.videos if name not in found]
        if without:
            self.notes.append(f"labelled, but without tracks: {_some(without)}")
        return found

    def _one_face(self, file: TracksFile, name: str, face: int | None) -> Tracks:
        tracks = file.videos[name]
        faces = main_faces(tracks)
        if face is not None:
            if face not in faces:
                raise UsageError(
                    f"`{name}` has no face {face}", where=str(file.path), hint=_some(map(str, faces))
                )
            return tracks[tracks.face_id == face]
        if most_at_once(tracks, faces) > 1:
            face = main_faces(tracks, 1)[0]
            self.notes.append(f"`{name}` has several faces: scored is face {face}, which is there longest")
            return tracks[tracks.face_id == face]
        return tracks[np.flatnonzero(np.isfinite(tracks.intensity).any(axis=1))]


def _coverage(parts: Sequence[tuple[Values, Values]]) -> Coverage:
    """Of pairs of labels and predictions of one AU, a video each."""
    labelled = sum(int(np.isfinite(labels).sum()) for labels, _ in parts)
    both = sum(int((np.isfinite(labels) & np.isfinite(said)).sum()) for labels, said in parts)
    return Coverage(labelled=labelled, predicted=both)


def _rows(labels: FrameLabels, tracks: Tracks, interval: float) -> NDArray[np.int64]:
    """For each label the row of its frame; -1: none. By number, or by the nearest time within half an interval."""
    wanted = labels.frame if labels.frame is not None else labels.seconds
    if wanted is None or not len(tracks):
        return np.full(len(labels.intensity), -1)
    if labels.frame is not None:
        place = np.minimum(np.searchsorted(tracks.frame, wanted), len(tracks) - 1)
        return np.where(tracks.frame[place] == wanted, place, -1)
    times = tracks.timestamp
    after = np.clip(np.searchsorted(times, wanted), min(1, len(times) - 1), len(times) - 1)
    before = np.maximum(after - 1, 0)
    place = np.where(wanted - times[before] <= times[after] - wanted, before, after)
    return np.where(np.abs(times[place] - wanted) <= interval / 2 + SLACK, place, -1)


def _scored(
    aus: tuple[str, ...],
    same: Mapping[str, Values],
    labels: Mapping[str, Values],
    truth: Truth,
    files: Sequence[TracksFile],
) -> tuple[str, ...]:
    """The AUs with a label on a frame that is predicted."""
    counts = sum(np.isfinite(values).sum(axis=0) for values in same.values())
    found = tuple(au for au, count in zip(aus, np.atleast_1d(counts), strict=True) if count)
    if not found:
        asked = sum(int(np.isfinite(values).sum()) for values in labels.values())
        raise DataError(
            "no labelled frame has a prediction" if asked else "nothing is labelled",
            where=str(truth.path),
            hint=f"do {files[0].path.name} and the labels belong together, and count frames from the same number?",
        )
    return found


def _subjects(files: Sequence[TracksFile], truth: Truth, people: Mapping[str, str]) -> dict[str, str]:
    """Whose video it is; empty where that is not known."""
    found = {}
    for name in truth.videos:
        tables = [people, truth.subjects, *(file.subjects for file in files)]
        named = [(table, find_video(name, table)) for table in tables]
        found[name] = next((table[key] for table, key in named if key is not None and table[key]), "")
    return found


def _some(names: Any, most: int = 4) -> str:
    listed = [f"`{name}`" for name in names]
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
