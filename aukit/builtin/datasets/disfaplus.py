"""DISFA+ as it is distributed: `Images/SN001/<trial>/*.jpg`, `Labels/SN001/<trial>/AU1.txt`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from aukit.builtin.schemas import DISFAPLUS
from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema
from aukit.ingest.reading.columns import side_by_side
from aukit.ingest.reading.intensity_text import read_column
from aukit.ingest.reading.people import known_only
from aukit.ingest.reading.stills import Stills
from aukit.ingest.reading.tree import Tree, look_below, nothing_found, only

EXPECTED = """
  Images/SN001/<trial>/*.jpg
  Labels/SN001/<trial>/AU1.txt
"""
OWN = r"images?|labels?|aligned|sn0*\d+"
PERSON = re.compile(r"sn0*(\d+)", re.IGNORECASE)
LABELS = re.compile(r"au_?0*(\d+)\.txt", re.IGNORECASE)
IMAGES = re.compile(r"images?", re.IGNORECASE)
PICTURES = re.compile(r"images?|aligned", re.IGNORECASE)


class DisfaPlus:
    """One recording a trial: nine people pose AUs, trial by trial. Pictures are the originals, not `Aligned`."""

    def __init__(self, *, aus: Sequence[str] = (), origin: str = "real") -> None:
        self._schema = replace(DISFAPLUS, aus=tuple(aus) or DISFAPLUS.aus, origin=origin)
        self.notes: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """DISFA+'s, with the AUs that are read."""
        return self._schema

    def recordings(self, root: Path) -> tuple[Recording, ...]:
        """One a trial, in order of people and trials.

        Raises:
            DataError: there are no pictures, or a trial is there twice.
        """
        tree = look_below(root, own=OWN, leaf=_is_trial)
        trials = _trials(tree)
        if not trials:
            raise nothing_found("pictures of DISFA+", tree.root, EXPECTED)
        trials, notes = known_only(trials, self._schema)
        labels = _label_files(tree)
        unseen = sorted({f"{person}/{trial}" for person, trial, _ in labels if (person, trial) not in trials})
        self.notes = (*notes, f"labels without pictures: {', '.join(unseen)}") if unseen else notes
        aus = self._schema.aus
        return tuple(
            Recording(
                video=f"{person}_{folder.name}",
                subject=person,
                session=folder.name,
                path=folder,
                pictures=Stills(folder),
                fps=DISFAPLUS.fps,
                labels=partial(
                    read_labels,
                    f"{person}/{folder.name}",
                    {au: labels[person, trial, au] for au in aus if (person, trial, au) in labels},
                    aus,
                ),
            )
            for (person, trial), folder in sorted(trials.items())
        )


def read_labels(trial: str, files: dict[str, Path], aus: Sequence[str]) -> FrameLabels:
    """The labels of one trial. Without any file there are none, which a note says.

    Raises:
        DataError: a file that is there cannot be read as labels: with file and line.
    """
    notes = () if files else (f"no label files of {trial}: nothing is labelled",)
    return side_by_side({au: read_column(path, named=True) for au, path in files.items()}, aus, notes=notes)


def _is_trial(folder: Path) -> bool:
    """A folder of pictures: below a person's, which is below `Images` or `Aligned`."""
    above = folder.parent
    return bool(PERSON.fullmatch(above.name)) and bool(PICTURES.fullmatch(above.parent.name))


def _trials(tree: Tree) -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, ...], Path] = {}
    for folder in tree.leaves:
        person = PERSON.fullmatch(folder.parent.name)
        if person and IMAGES.fullmatch(folder.parent.parent.name):
            only(found, (f"SN{int(person[1]):03d}", folder.name.casefold()), folder)
    return {(person, trial): folder for (person, trial), folder in found.items()}


def _label_files(tree: Tree) -> dict[tuple[str, str, str], Path]:
    found: dict[tuple[str, ...], Path] = {}
    for path in tree.files:
        au = LABELS.fullmatch(path.name)
        person = PERSON.fullmatch(path.parent.parent.name)
        if au and person:
            key = (f"SN{int(person[1]):03d}", path.parent.name.casefold(), f"AU{int(au[1]):02d}")
            only(found, key, path)
    return {(person, trial, au): path for (person, trial, au), path in found.items()}
