"""Own videos: a folder of them, and where there are any, a manifest and labels."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema
from aukit.ingest.reading.given import given_path
from aukit.ingest.reading.label_table import Labels, read_labels
from aukit.ingest.reading.manifest import Entry, read_manifest, split_of
from aukit.ingest.reading.tree import VIDEO_SUFFIXES, look_below, nothing_found
from aukit.ingest.reading.video_names import VideoNames

EXPECTED = """
  video files, in folders or not
  manifest.csv   video,subject,session,split
  labels.csv     video,frame,AU01,AU12
"""
DEPTH = 12
FPS = 25.0
"""Of the schema alone, and nominal: each video keeps the times of its own container."""


class OwnVideos:
    """The videos that the manifest names; without a manifest, every video file below the root, its person unknown.

    `schema` knows AUs, people and the partition `manifest` once `recordings` was called.
    """

    def __init__(
        self, *, manifest: str = "", labels: str = "", first_frame: int = 1, origin: str = "real"
    ) -> None:
        self.manifest = manifest
        self.labels = labels
        self.first_frame = first_frame
        self.notes: tuple[str, ...] = ()
        self._schema = Schema(
            name="videos", summary="own videos", aus=(), fps=FPS, subjects=(), origin=origin, private=True
        )

    @property
    def schema(self) -> Schema:
        """What manifest and labels say; before `recordings`, nothing."""
        return self._schema

    def recordings(self, root: Path) -> tuple[Recording, ...]:
        """In the manifest's order, or else in order of their names.

        Raises:
            DataError: there are no videos; manifest and folder, or labels and videos, do not agree: with file and line.
        """
        tree = look_below(root, depth=DEPTH)
        files = [path for path in tree.files if path.suffix.lower() in VIDEO_SUFFIXES]
        if not files:
            raise nothing_found("video files", tree.root, EXPECTED)
        names = VideoNames(tree.root, files)
        entries, notes = self._entries(tree.root, names)
        labels = self._labels(tree.root, names)
        split = split_of(entries)
        named = {entry.video for entry in entries}
        dropped = [video for video in labels.videos if video not in named]
        if dropped:
            notes += (f"labels of videos that the manifest does not name: {', '.join(dropped)}",)
        self.notes = (*notes, *labels.notes)
        self._schema = replace(
            self._schema,
            aus=labels.aus,
            subjects=tuple(sorted({entry.subject for entry in entries if entry.subject})),
            splits={"manifest": (split,)} if split else {},
        )
        return tuple(
            Recording(
                video=entry.video,
                subject=entry.subject,
                session=entry.session,
                path=names.paths[entry.video],
                first_frame=self.first_frame,
                labels=partial(_given, labels.videos[entry.video]) if entry.video in labels.videos else None,
            )
            for entry in entries
        )

    def _entries(self, root: Path, names: VideoNames) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        path = _table(self.manifest, "manifest.csv", root)
        if path:
            return read_manifest(path, names)
        note = "no manifest: who is on which video is not known, so nothing can be split or judged by person"
        return tuple(Entry(video=name, subject="", session="", part="", where="") for name in names.paths), (
            note,
        )

    def _labels(self, root: Path, names: VideoNames) -> Labels:
        path = _table(self.labels, "labels.csv", root)
        if path:
            return read_labels(path, names, first_frame=self.first_frame)
        return Labels(aus=(), videos={}, notes=())


def _table(given: str, usual: str, root: Path) -> Path | None:
    """The table that was named, or the usual one where it is there."""
    if given:
        return given_path(given, root)
    return next((path for path in sorted(root.iterdir()) if path.name.casefold() == usual), None)


def _given(labels: FrameLabels) -> FrameLabels:
    return labels
