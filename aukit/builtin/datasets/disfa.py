"""DISFA as it is distributed: `Videos_LeftCamera/LeftVideoSN001_comp.avi`, `ActionUnit_Labels/SN001/SN001_au1.txt`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from aukit.builtin.schemas import DISFA
from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema
from aukit.ingest.reading.columns import side_by_side
from aukit.ingest.reading.given import given_path
from aukit.ingest.reading.intensity_text import read_column
from aukit.ingest.reading.people import known_only
from aukit.ingest.reading.stills import Stills
from aukit.ingest.reading.tree import VIDEO_SUFFIXES, Tree, look_below, nothing_found, only

EXPECTED = """
  Videos_LeftCamera/LeftVideoSN001_comp.avi
  Videos_RightCamera/RightVideoSN001_comp.avi
  ActionUnit_Labels/SN001/SN001_au1.txt
"""
OWN = r"videos?_?(left|right)_?camera|actions?_?units?_?labels?|sn0*\d+"
VIDEO = re.compile(r"(left|right)_?video_?sn0*(\d+)(_?comp)?", re.IGNORECASE)
LABELS = re.compile(r"sn0*(\d+)_au_?0*(\d+)\.txt", re.IGNORECASE)
PERSON = re.compile(r"sn0*(\d+)", re.IGNORECASE)
LANDMARKS = re.compile(r"landmark.*|.*_frame_lm", re.IGNORECASE)
FIRST_FRAME = 1
"""Labels count frames from 1."""

# The frames that JAA-Net leaves out, as inclusive ranges counted from 1: 4,670 of 130,814.
BAD_FRAMES: dict[str, tuple[tuple[int, int], ...]] = {
    "SN001": ((398, 420), (3190, 3243)),
    "SN002": ((800, 826),),
    "SN004": ((4541, 4555),),
    "SN006": ((1349, 1405),),
    "SN009": ((1736, 1808), (1851, 1885)),
    "SN011": ((4529, 4533), (4830, 4845)),
    "SN021": (
        (574, 616),
        (985, 1164),
        (1190, 1205),
        (1305, 1338),
        (1665, 1710),
        (1862, 2477),
        (2554, 4657),
        (4710, 4722),
    ),
    "SN023": ((1021, 1049), (3378, 3557), (3584, 3668), (4547, 4621), (4741, 4772), (4825, 4845)),
    "SN025": ((4596, 4662), (4816, 4835)),
    "SN027": ((3461, 3494), (4738, 4785)),
    "SN028": ((1875, 1885), (4571, 4690)),
    "SN029": ((4090, 4543),),
    "SN030": ((939, 962), (1406, 1422), (2100, 2132), (2893, 2955)),
}


class Disfa:
    """One recording a person. Label files that are absent are not labelled, and a note says which."""

    def __init__(
        self,
        *,
        camera: str = "left",
        drop_bad_frames: bool = False,
        frames: str = "",
        frames_from: int = 1,
        aus: Sequence[str] = (),
        origin: str = "real",
    ) -> None:
        self.camera = camera
        self.drop_bad_frames = drop_bad_frames
        self.frames = frames
        self.frames_from = frames_from
        self._schema = replace(DISFA, aus=tuple(aus) or DISFA.aus, origin=origin)
        self.notes: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """DISFA's, with the AUs that are read."""
        return self._schema

    def recordings(self, root: Path) -> tuple[Recording, ...]:
        """One a person, in order of their ids.

        Raises:
            DataError: there are no videos of this camera, or one of them is there twice.
        """
        tree = look_below(root, own=OWN, leaf=lambda folder: bool(LANDMARKS.fullmatch(folder.name)))
        labels = _label_files(tree)
        pictures = _extracted(given_path(self.frames, root)) if self.frames else {}
        sources = pictures or _videos(tree, self.camera)
        if not sources:
            what = "extracted frames of DISFA" if self.frames else f"DISFA videos of the {self.camera} camera"
            raise nothing_found(what, tree.root, EXPECTED)
        sources, notes = known_only(sources, self._schema)
        unseen = sorted({person for person, _ in labels} - set(sources))
        self.notes = (*notes, f"labels without a video: {', '.join(unseen)}") if unseen else notes
        return tuple(
            Recording(
                video=f"{person}_{self.camera}",
                subject=person,
                path=sources[person],
                pictures=self._stills(sources[person]) if pictures else (),
                fps=DISFA.fps,
                first_frame=FIRST_FRAME,
                labels=partial(
                    read_labels,
                    person,
                    {au: labels[person, au] for au in self._schema.aus if (person, au) in labels},
                    self._schema.aus,
                ),
                skip=BAD_FRAMES.get(person, ()) if self.drop_bad_frames else (),
            )
            for person in sorted(sources)
        )

    def _stills(self, folder: Path) -> Stills:
        return Stills(folder, shift=FIRST_FRAME - self.frames_from, first=self.frames_from)


def read_labels(person: str, files: dict[str, Path], aus: Sequence[str]) -> FrameLabels:
    """The labels of one person. Without any file there are none, which a note says.

    Raises:
        DataError: a file that is there cannot be read as labels: with file and line.
    """
    notes = () if files else (f"no label files of {person}: nothing is labelled",)
    return side_by_side({au: read_column(path) for au, path in files.items()}, aus, notes=notes)


def _videos(tree: Tree, camera: str) -> dict[str, Path]:
    found: dict[tuple[str, ...], Path] = {}
    for path in tree.files:
        name = VIDEO.fullmatch(path.stem)
        if name and name[1].lower() == camera and path.suffix.lower() in VIDEO_SUFFIXES:
            only(found, (f"SN{int(name[2]):03d}",), path)
    return {person: path for (person,), path in found.items()}


def _label_files(tree: Tree) -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, ...], Path] = {}
    for path in tree.files:
        name = LABELS.fullmatch(path.name)
        if name:
            only(found, (f"SN{int(name[1]):03d}", f"AU{int(name[2]):02d}"), path)
    return {(person, au): path for (person, au), path in found.items()}


def _extracted(folder: Path) -> dict[str, Path]:
    """The folder of each person below `folder`."""
    found: dict[tuple[str, ...], Path] = {}
    for path in look_below(folder, leaf=lambda path: bool(PERSON.fullmatch(path.name)), depth=2).leaves:
        name = PERSON.fullmatch(path.name)
        if name:
            only(found, (f"SN{int(name[1]):03d}",), path)
    return {person: path for (person,), path in found.items()}
