"""BP4D and BP4D+ as they are distributed: `F001/T1/2440.jpg`, `AU Intensity Codes3.0/AU06/F001_T1_AU06.csv`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from aukit.builtin.schemas import BP4D, BP4DPLUS
from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema
from aukit.errors import DataError
from aukit.ingest.reading.columns import side_by_side
from aukit.ingest.reading.intensity_text import read_column
from aukit.ingest.reading.people import known_only
from aukit.ingest.reading.stills import Stills
from aukit.ingest.reading.tree import VIDEO_SUFFIXES, Tree, look_below, nothing_found, only

EXPECTED = """
  F001/T1/2440.jpg, at any depth, or videos such as F001_T1.avi
  AU Intensity Codes3.0/AU06/F001_T1_AU06.csv, or AU-Intensity-Codes3.0/..., or AUCoding/AU_INT/...
"""
OWN = r"bp4d-?training|sequences.*|2d\+3d|au[ _-]?coding|au_int|au[ -]intensity[ -]codes.*|au\d\d?|[fm]\d{3}|t\d\d?"
PERSON = re.compile(r"([FM])(\d{3})", re.IGNORECASE)
TASK = re.compile(r"T0*(\d{1,2})", re.IGNORECASE)
# `F001_T1`, `F001T1`, `2F01_T5`; or with a raw task code in place of the task: `2F01_07`.
VIDEO = re.compile(r"2?([FM])0*(\d{1,3})(?:[_-]?T0*(\d{1,2})|_0*(\d{1,2}))", re.IGNORECASE)
RAW_TASKS = {code: task for task, code in enumerate((1, 3, 7, 8, 9, 10, 11, 13), start=1)}
LABELS = re.compile(r"([FM])0*(\d{1,3})_T0*(\d{1,2})_AU_?0*(\d{1,2})\.csv", re.IGNORECASE)
UNKNOWN = (9,)
"""The code for "not known"."""
TASKS = 8
BOGUS = {("bp4dplus", "F042", "T11")}
"""Recordings whose pictures are known to be wrong."""


class Bp4d:
    """One recording a person and task. Only the part of a task that was coded has labels."""

    whose: ClassVar[Schema] = BP4D

    def __init__(
        self,
        *,
        edition: str = "bp4d",
        aus: Sequence[str] = (),
        shift: int = 0,
        first_frame: int = 1,
        origin: str = "real",
    ) -> None:
        whose = BP4DPLUS if edition == "bp4d+" else self.whose
        self.shift = shift
        self.first_frame = first_frame
        self._schema = replace(whose, aus=tuple(aus) or whose.aus, origin=origin)
        self.notes: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """The edition's, with the AUs that are read. BP4D+'s people are known once `recordings` was called."""
        return self._schema

    def recordings(self, root: Path) -> tuple[Recording, ...]:
        """One a person and task, in order of people and tasks. Pictures go before videos of the same task.

        Raises:
            DataError: there are neither pictures nor videos, or a task is there twice.
        """
        tree = look_below(root, own=OWN, leaf=lambda folder: _task_of(folder) is not None)
        folders, videos = _sources(tree)
        if not folders and not videos:
            raise nothing_found(f"pictures or videos of `{self._schema.name}`", tree.root, EXPECTED)
        labels = _label_files(tree)
        sources, notes = known_only({**videos, **folders}, self._schema)
        self._refuse_other_tasks(sources)
        bogus = {key for key in sources if (self._schema.name, *key) in BOGUS}
        unseen = {(person, task) for person, task, _ in labels} - set(sources)
        self.notes = (
            *notes,
            *_told("known to be wrong, left out", bogus),
            *_told("labels without pictures or video", unseen),
            *_told("there as pictures and as video, the pictures are taken", set(folders) & set(videos)),
        )
        if not self._schema.subjects:
            self._schema = replace(self._schema, subjects=tuple(sorted({person for person, _ in sources})))
        return tuple(
            self._recording(key, sources[key], labels, pictures=key in folders)
            for key in sorted(set(sources) - bogus, key=_order)
        )

    def _refuse_other_tasks(self, sources: Collection[tuple[str, str]]) -> None:
        """BP4D+ in the place of BP4D would pass for the same people."""
        later = sorted({task for _, task in sources if int(task[1:]) > TASKS})
        if later and self._schema.name != BP4DPLUS.name:
            raise DataError(
                f"task {later[0]} is there, and BP4D has {TASKS} tasks",
                hint='if this is BP4D+, set edition = "bp4d+": its people are others',
            )

    def _recording(
        self, key: tuple[str, str], path: Path, labels: dict[tuple[str, str, str], Path], *, pictures: bool
    ) -> Recording:
        files = {au: labels[*key, au] for au in self._schema.aus if (*key, au) in labels}
        return Recording(
            video="_".join(key),
            subject=key[0],
            session=key[1],
            path=path,
            pictures=Stills(path, shift=self.shift) if pictures else (),
            fps=self._schema.fps,
            first_frame=self.first_frame,
            labels=partial(read_labels, "/".join(key), files, self._schema.aus),
        )


def read_labels(task: str, files: dict[str, Path], aus: Sequence[str]) -> FrameLabels:
    """The labels of one person and task. Without any file there are none, which a note says.

    Raises:
        DataError: a file that is there cannot be read as labels: with file and line.
    """
    notes = () if files else (f"no intensity files of {task}: nothing is labelled",)
    columns = {au: read_column(path, missing=UNKNOWN) for au, path in files.items()}
    return side_by_side(columns, aus, notes=notes)


def _task_of(path: Path) -> tuple[str, str] | None:
    """Person and task of a folder of pictures or of a video, by its name and the one above."""
    own = path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name
    person, task = PERSON.fullmatch(path.parent.name), TASK.fullmatch(own)
    if person and task:
        return f"{person[1].upper()}{int(person[2]):03d}", f"T{int(task[1])}"
    name = VIDEO.fullmatch(own)
    number = (int(name[3]) if name[3] else RAW_TASKS.get(int(name[4]))) if name else None
    return (f"{name[1].upper()}{int(name[2]):03d}", f"T{number}") if name and number else None


def _sources(tree: Tree) -> tuple[dict[tuple[str, str], Path], dict[tuple[str, str], Path]]:
    """Folders of pictures, and videos, by person and task."""
    folders: dict[tuple[str, ...], Path] = {}
    videos: dict[tuple[str, ...], Path] = {}
    for folder in tree.leaves:
        key = _task_of(folder)
        if key:
            only(folders, key, folder)
    for path in tree.files:
        key = _task_of(path) if path.suffix.lower() in VIDEO_SUFFIXES else None
        if key:
            only(videos, key, path)
    return (
        {(person, task): path for (person, task), path in folders.items()},
        {(person, task): path for (person, task), path in videos.items()},
    )


def _label_files(tree: Tree) -> dict[tuple[str, str, str], Path]:
    found: dict[tuple[str, ...], Path] = {}
    for path in tree.files:
        name = LABELS.fullmatch(path.name)
        if name:
            key = (f"{name[1].upper()}{int(name[2]):03d}", f"T{int(name[3])}", f"AU{int(name[4]):02d}")
            only(found, key, path)
    return {(person, task, au): path for (person, task, au), path in found.items()}


def _order(key: tuple[str, str]) -> tuple[str, int]:
    return key[0], int(key[1][1:])


def _told(what: str, keys: Collection[tuple[str, str]]) -> tuple[str, ...]:
    return (f"{what}: {', '.join('/'.join(key) for key in sorted(keys, key=_order))}",) if keys else ()
