"""Aff-Wild2 as it is distributed: `cropped_aligned/<video>[_left|_right]/00001.jpg`, or videos in `batch1`, `batch2`.

Its AU labels say whether an AU occurs, 0 or 1. That is no intensity, so they are not read. What is read of the
annotations is the names of their files: they are the official partition.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from aukit.builtin.schemas import AFFWILD2
from aukit.contracts.data import Recording
from aukit.contracts.faces import CropRule, Framing
from aukit.contracts.schema import Schema, Split
from aukit.ingest.reading.stills import Stills
from aukit.ingest.reading.tree import VIDEO_SUFFIXES, Tree, look_below, nothing_found, only

EXPECTED = {
    "cropped_aligned": """
  cropped_aligned/<video>/00001.jpg
  AU_Detection_Challenge/Train_Set/<video>.txt and .../Validation_Set/<video>.txt, for the official partition
""",
    "videos": """
  batch1/<video>.mp4, batch2/<video>.avi
  AU_Detection_Challenge/Train_Set/<video>.txt and .../Validation_Set/<video>.txt, for the official partition
""",
}
OWN = r"cropped_aligned.*|batch_?\d|(au|expr|va|mtl)_.*(challenge|set)|train(ing)?_set|validation_set|annotations"
CROPPED = re.compile(r"cropped[_-]aligned.*|batch_?\d+", re.IGNORECASE)
SIDE = re.compile(r"_(left|right)$", re.IGNORECASE)
TRAIN = re.compile(r"train(ing)?_?set", re.IGNORECASE)
VALIDATION = re.compile(r"validation_?set", re.IGNORECASE)
CHALLENGE = re.compile(r"(AU|EXPR|EX|VA|MTL)(_.*)?", re.IGNORECASE)
PRESETS = {
    "AU": "official",
    "EXPR": "official-EXPR",
    "EX": "official-EXPR",
    "VA": "official-VA",
    "MTL": "official-MTL",
}


class AffWild2:
    """One recording a face track, or a raw video. Nobody has a name: a video is a subject.

    `_left` and `_right` are two people of one video. They share its subject, so that no split parts a video.
    `schema` knows the subjects and the partitions `official...` once `recordings` was called.
    """

    def __init__(self, *, use: str = "cropped_aligned", origin: str = "real") -> None:
        self.use = use
        self._schema = replace(AFFWILD2, origin=origin)
        self.notes: tuple[str, ...] = ()
        self.framing: Framing | None = None
        if use == "cropped_aligned":
            self.framing = Framing(crop=CropRule(rule="none"), locator="none")

    @property
    def schema(self) -> Schema:
        """Aff-Wild2's, without AUs."""
        return self._schema

    def recordings(self, root: Path) -> tuple[Recording, ...]:
        """One a face track or video, in order of their names.

        Raises:
            DataError: there are none, or one of them is there twice.
        """
        tree = look_below(root, own=OWN, leaf=_is_track)
        sources = _tracks(tree) if self.use == "cropped_aligned" else _videos(tree)
        if not sources:
            error = nothing_found(f"{self.use} of Aff-Wild2", tree.root, EXPECTED[self.use])
            if self.use == "cropped_aligned" and _videos(tree):
                error.hint += '\nthere are videos: `use = "videos"` takes those'
            raise error
        subjects = {name: _subject(name) for name in sources}
        partitions, notes = _partitions(tree, set(subjects.values()))
        self.notes = notes
        self._schema = replace(
            self._schema,
            subjects=tuple(sorted(set(subjects.values()))),
            splits={**AFFWILD2.splits, **partitions},
        )
        return tuple(
            Recording(
                video=name,
                subject=subjects[name],
                path=sources[name],
                pictures=Stills(sources[name]) if self.use == "cropped_aligned" else (),
                fps=AFFWILD2.fps,
                first_frame=1,
            )
            for name in sorted(sources)
        )


def _subject(name: str) -> str:
    """A track's video: its name without `_left` or `_right`."""
    return SIDE.sub("", name)


def _is_track(folder: Path) -> bool:
    return bool(CROPPED.fullmatch(folder.parent.name)) and not CROPPED.fullmatch(folder.name)


def _tracks(tree: Tree) -> dict[str, Path]:
    found: dict[tuple[str, ...], Path] = {}
    for folder in tree.leaves:
        only(found, (folder.name,), folder)
    return {name: folder for (name,), folder in found.items()}


def _videos(tree: Tree) -> dict[str, Path]:
    found: dict[tuple[str, ...], Path] = {}
    for path in tree.files:
        if path.suffix.lower() in VIDEO_SUFFIXES:
            only(found, (path.stem,), path)
    return {name: path for (name,), path in found.items()}


def _partitions(tree: Tree, people: set[str]) -> tuple[Mapping[str, tuple[Split]], tuple[str, ...]]:
    """The official partition of each challenge, of the videos that are there; and what the user should know."""
    parts: dict[str, dict[str, set[str]]] = defaultdict(lambda: {"train": set(), "validation": set()})
    for path in tree.files:
        challenge = CHALLENGE.fullmatch(path.parent.parent.name)
        folder = path.parent.name
        part = "train" if TRAIN.fullmatch(folder) else "validation" if VALIDATION.fullmatch(folder) else ""
        if challenge and part and path.suffix.lower() == ".txt":
            parts[PRESETS[challenge[1].upper()]][part].add(_subject(path.stem))
    splits: dict[str, tuple[Split]] = {}
    notes = []
    for name, members in sorted(parts.items()):
        torn = members["train"] & members["validation"]
        absent = (members["train"] | members["validation"]) - people
        if torn:
            notes.append(f"{name}: in both parts, left out of it: {', '.join(sorted(torn))}")
        if absent:
            notes.append(f"{name}: videos of the partition that are not there: {len(absent)}")
        train, validation = (
            tuple(sorted((members[part] & people) - torn)) for part in ("train", "validation")
        )
        splits[name] = (Split(train=train, validation=validation),)
    return splits, tuple(notes)
