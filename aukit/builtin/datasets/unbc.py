"""UNBC-McMaster as it is distributed: `Images/042-ll042/ll042t1aaaff/*.png`, `Frame_Labels/FACS/.../*_facs.txt`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from aukit.builtin.schemas import UNBC, UNBC_EYES_CLOSED
from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema
from aukit.errors import DataError
from aukit.ingest.reading.facs_rows import read_rows
from aukit.ingest.reading.people import known_only
from aukit.ingest.reading.stills import Stills
from aukit.ingest.reading.tree import Tree, look_below, nothing_found, only

EXPECTED = """
  Images/042-ll042/ll042t1aaaff/ll042t1aaaff001.png
  Frame_Labels/FACS/042-ll042/ll042t1aaaff/ll042t1aaaff001_facs.txt
"""
OWN = r"images|frame_labels|facs|pspi|\d{3}-[a-z]{2}\d{3}"
PERSON = re.compile(r"\d{3}-[a-z]{2}\d{3}", re.IGNORECASE)
IMAGES = re.compile(r"images?", re.IGNORECASE)
FACS = re.compile(r"facs", re.IGNORECASE)
LABELS = re.compile(r"(?:.*[^0-9])?([0-9]{1,9})_facs\.txt", re.IGNORECASE)


class Unbc:
    """One recording a sequence. A frame with a label file was coded whole: an AU that it does not list is 0 there."""

    def __init__(self, *, aus: Sequence[str] = (), origin: str = "real") -> None:
        self._schema = replace(UNBC, aus=tuple(aus) or UNBC.aus, origin=origin)
        self.notes: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """UNBC-McMaster's, with the AUs that are read."""
        return self._schema

    def recordings(self, root: Path) -> tuple[Recording, ...]:
        """One a sequence, in order of people and sequences.

        Raises:
            DataError: there are no pictures, or a sequence is there twice.
        """
        tree = look_below(root, own=OWN, leaf=lambda folder: bool(PERSON.fullmatch(folder.parent.name)))
        sequences, labels = _folders(tree, IMAGES), _folders(tree, FACS)
        if not sequences:
            raise nothing_found("pictures of UNBC-McMaster", tree.root, EXPECTED)
        sequences, notes = known_only(sequences, self._schema)
        unseen = sorted("/".join(key) for key in labels if key not in sequences)
        self.notes = (*notes, f"labels without pictures: {', '.join(unseen)}") if unseen else notes
        return tuple(
            Recording(
                video=f"{key[0]}_{folder.name}",
                subject=key[0],
                session=folder.name,
                path=folder,
                pictures=Stills(folder),
                fps=UNBC.fps,
                labels=partial(read_labels, "/".join(key), labels.get(key), self._schema.aus),
            )
            for key, folder in sorted(sequences.items())
        )


def read_labels(sequence: str, folder: Path | None, aus: Sequence[str]) -> FrameLabels:
    """The labels of one sequence, a file a frame. Without a folder of them there are none, which a note says.

    Raises:
        DataError: a file that is there cannot be read as labels: with file and line; a frame has two.
    """
    files = _label_files(folder) if folder else {}
    notes = () if files else (f"no label files of {sequence}: nothing is labelled",)
    frames = sorted(files)
    intensity = np.zeros((len(frames), len(aus)), np.float32)
    for row, frame in enumerate(frames):
        active = read_rows(files[frame])
        for column, au in enumerate(aus):
            value = active.get(int(au[2:]), 0)
            if au == UNBC_EYES_CLOSED and value > 1:
                hint = "AU43 is coded 0 or 1; leave it out of `aus`, or mend the file"
                raise DataError(f"AU43 is {value}", where=str(files[frame]), hint=hint)
            intensity[row, column] = value
    return FrameLabels(intensity=intensity, frame=np.array(frames, np.int64), notes=notes)


def _label_files(folder: Path) -> dict[int, Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataError(f"cannot be listed: {error.strerror or error}", where=str(folder)) from error
    found: dict[int, Path] = {}
    for name in names:
        number = LABELS.fullmatch(name)
        if not number or name.startswith("."):
            continue
        if int(number[1]) in found:
            both = f"{found[int(number[1])].name} and {name}"
            raise DataError(f"frame {int(number[1])} has two label files: {both}", where=str(folder))
        found[int(number[1])] = folder / name
    return found


def _folders(tree: Tree, kind: re.Pattern[str]) -> dict[tuple[str, str], Path]:
    """The folders of sequences below a person's, below one whose name fits `kind`."""
    found: dict[tuple[str, ...], Path] = {}
    for folder in tree.leaves:
        if kind.fullmatch(folder.parent.parent.name):
            only(found, (folder.parent.name.lower(), folder.name.lower()), folder)
    return {(person, sequence): folder for (person, sequence), folder in found.items()}
