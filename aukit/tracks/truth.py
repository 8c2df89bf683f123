"""What tracks are scored against: a label table, a clip store, a run's predictions, a data set as it lies on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from aukit.clips.reader import ClipStore
from aukit.contracts.data import FrameLabels, RecordedDataset
from aukit.errors import DataError, UsageError
from aukit.evaluation.predictions import read_predictions
from aukit.hosting.build import build
from aukit.hosting.registry import Registry
from aukit.ingest.reading.label_table import read_labels
from aukit.ingest.reading.table import find_columns, read_table
from aukit.ingest.reading.video_names import VideoNames
from aukit.ingest.video import VIDEO_SUFFIXES
from aukit.tracks.read_h5 import is_predictions


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Labels by video: `frame` counts from 0, or `seconds` are given. `subjects` where people are known.

    `aliases` are other names of a video. `origin` is empty where nobody says what people the videos show.
    """

    path: Path
    aus: tuple[str, ...]
    videos: Mapping[str, FrameLabels]
    subjects: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]
    origin: str = ""


def read_truth(
    path: str | Path,
    *,
    dataset: str = "",
    options: Mapping[str, Any] | None = None,
    first_frame: int = 1,
    registry: Registry | None = None,
) -> Truth:
    """Read labels: a CSV (`video`, `frame` or `time`, AUs), a clip store, a run's predictions.h5, or a folder.

    Args:
        path: the file, or the root of a data set as it is distributed.
        dataset: which data set a folder holds: the name of a component such as `disfa`; `options` are its parameters.
        first_frame: the number that a label CSV gives to a video's first frame.
        registry: where data sets are looked up.

    Raises:
        DataError: the labels cannot be read; with file and line where there are any.
        UsageError: a folder, and no data set is named, or one that has no recordings.
    """
    path = Path(path)
    if path.is_dir():
        return _folder(path, dataset, dict(options or {}), registry)
    if path.suffix.lower() == ".h5":
        return _predictions(path) if is_predictions(path) else _store(path)
    labels = read_labels(path, _AnyVideo(), first_frame=first_frame)
    return Truth(
        path=path,
        aus=labels.aus,
        videos={video: _from_zero(rows, first_frame) for video, rows in labels.videos.items()},
        subjects={},
        aliases={},
    )


def read_people(path: Path) -> dict[str, str]:
    """`{video: subject}` of a manifest: a CSV with these two columns at least.

    Raises:
        DataError: with file and line: no such columns, an empty cell, one video with two people.
    """
    table = read_table(path)
    columns, _ = find_columns(table, ("video", "subject"), needed=("video", "subject"))
    found: dict[str, str] = {}
    for row in table.rows:
        video, subject = (row.cells[columns[name]] for name in ("video", "subject"))
        if not video or not subject:
            raise DataError("an empty cell", where=row.where, hint="each row names a video and its person")
        if found.setdefault(video, subject) != subject:
            raise DataError(f"two people are named for `{video}`", where=row.where)
    return found


def spelling(name: str) -> str:
    """A video's name as it is compared: its file name without folders and without a video's ending, in lower case."""
    last = PurePosixPath(name.replace("\\", "/")).name
    bare, suffix = PurePosixPath(last).stem, PurePosixPath(last).suffix.lower()
    return (bare if suffix in VIDEO_SUFFIXES else last).casefold()


def find_video(name: str, known: Iterable[str]) -> str | None:
    """The one of the known videos that a name means: the same, or else the only one of that file name."""
    known = list(known)
    if name in known:
        return name
    alike = [one for one in known if spelling(one) == spelling(name)]
    return alike[0] if len(alike) == 1 else None


class _AnyVideo(VideoNames):
    """A label table without its folder of videos: every name stands for itself."""

    def __init__(self) -> None:
        super().__init__(Path(), ())

    def find(self, cell: str, where: str) -> str:
        if not cell:
            raise DataError("no video is named", where=where)
        return cell


def _from_zero(labels: FrameLabels, first: int) -> FrameLabels:
    return labels if labels.frame is None else replace(labels, frame=labels.frame - first)


def _store(path: Path) -> Truth:
    store = ClipStore(path)
    return Truth(
        path=path,
        aus=store.aus,
        videos={
            video.id: FrameLabels(intensity=store.labels(video.id), seconds=store.timestamps(video.id))
            for video in store.videos
        },
        subjects={video.id: video.subject for video in store.videos if video.subject != video.id},
        aliases={},
        origin=store.origin,
    )


def _predictions(path: Path) -> Truth:
    found = read_predictions(path)
    return Truth(
        path=path,
        aus=found.aus,
        videos={
            video.id: FrameLabels(intensity=video.labels, seconds=video.timestamps) for video in found.videos
        },
        subjects={video.id: video.subject for video in found.videos if video.subject},
        aliases={},
        origin=found.origin,
    )


def _folder(root: Path, name: str, options: dict[str, Any], registry: Registry | None) -> Truth:
    if not name:
        raise UsageError(
            "a folder of labels, but of which data set?",
            where=str(root),
            hint="name it, such as `--dataset disfa`; `aukit list-components dataset` shows all",
        )
    component = build("dataset", name, registry=registry, **options)
    if not isinstance(component, RecordedDataset):
        raise UsageError(f"`{name}` has no recordings on disk", hint="choose a data set such as `disfa`")
    recordings = component.recordings(root)
    labelled = {one.video: one for one in recordings if one.labels is not None}
    videos = {video: _from_zero(one.labels(), one.first) for video, one in labelled.items() if one.labels}
    if not videos:
        raise DataError("no video of this data set is labelled here", where=str(root))
    return Truth(
        path=root,
        aus=component.schema.aus,
        videos={video: rows for video, rows in videos.items() if np.isfinite(rows.intensity).any()},
        subjects={video: one.subject for video, one in labelled.items() if one.subject not in ("", video)},
        aliases={video: (one.path.stem,) for video, one in labelled.items()},
        origin=component.schema.origin,
    )
