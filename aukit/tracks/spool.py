"""Rows that wait on disk until all of a file is predicted.

Two things are known only at the end: whether the locator ever gave points, and each person's median. So rows wait in
a nameless file beside the output and are written from there, in as much memory as one block needs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.tracks import Tracks
from aukit.rundir.atomic import storage

BLOCK = 16_384
"""Rows that are in memory at once."""


@dataclass(kw_only=True)
class Section:
    """The rows of one video. `faces`: for each face id the number of its rows, and of those with success."""

    video: str
    subject: str
    start: int
    rows: int = 0
    frames: int = 0
    faces: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def success(self) -> int:
        """Rows with success."""
        return sum(good for _, good in self.faces.values())


class Spool:
    """A file of rows without a name: whatever ends the process, nothing of it stays.

    Args:
        folder: where it lies; a disk that has room for it has about the room for the output.
        aus: how many action units a row has.

    Raises:
        StorageError: the disk is full or the folder cannot be written; `append` raises it, too.
    """

    def __init__(self, folder: Path, aus: int) -> None:
        self._folder = folder
        self._row = np.dtype(
            [
                ("frame", "<i8"),
                ("face_id", "<i8"),
                ("timestamp", "<f8"),
                ("confidence", "<f4"),
                ("success", "?"),
                ("box", "<f4", (4,)),
                ("pose", "<f4", (3,)),
                ("intensity", "<f4", (aus,)),
            ]
        )
        self.rows = 0
        self.has_pose = False
        self.sections: list[Section] = []
        with storage(folder):
            # Unbuffered: what a full disk refuses is heard of at once, and never again while closing.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115

    def begin(self, video: str = "", subject: str = "") -> None:
        """The rows that come are of another video."""
        self.sections.append(Section(video=video, subject=subject, start=self.rows))

    def append(self, tracks: Tracks) -> None:
        """Add the next rows of the video that was begun last."""
        if not len(tracks):
            return
        block = np.empty(len(tracks), self._row)
        for each in fields(Tracks):
            block[each.name] = getattr(tracks, each.name)
        data = memoryview(block.tobytes())
        with storage(self._folder):
            while data:  # a disk that is nearly full takes a part, and refuses the rest
                data = data[self._file.write(data) or 0 :]
        self.rows += len(block)
        self.has_pose |= bool(np.isfinite(block["pose"]).any())
        section = self.sections[-1]
        section.rows += len(block)
        section.frames = int(block["frame"][-1]) + 1
        ids, places = np.unique(block["face_id"], return_inverse=True)
        rows = np.bincount(places, minlength=len(ids))
        good = np.bincount(places, weights=block["success"], minlength=len(ids)).astype(np.int64)
        for face, new, success in zip(ids.tolist(), rows.tolist(), good.tolist(), strict=True):
            before = section.faces.get(face, (0, 0))
            section.faces[face] = (before[0] + new, before[1] + success)

    def read(self, section: Section) -> Iterator[Tracks]:
        """The rows of one video from the first on, a block at a time."""
        for block in self._blocks(section):
            yield Tracks(**{each.name: block[each.name] for each in fields(Tracks)})

    def column(self, section: Section, au: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """`face_id` and the intensity of one AU in those rows of a video that have success."""
        ids, values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for block in self._blocks(section):
            good = block[block["success"]]
            ids.append(good["face_id"].copy())
            values.append(good["intensity"][:, au].copy())
        return np.concatenate(ids), np.concatenate(values)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _blocks(self, section: Section) -> Iterator[NDArray[np.void]]:
        for start in range(section.start, section.start + section.rows, BLOCK):
            count = min(BLOCK, section.start + section.rows - start)
            data = bytearray(count * self._row.itemsize)
            with storage(self._folder):
                self._file.seek(start * self._row.itemsize)
                left = memoryview(data)
                while left:
                    got = self._file.readinto(left)
                    if not got:
                        raise OSError(f"{len(left)} bytes of waiting rows are gone")
                    left = left[got:]
            yield np.frombuffer(data, self._row)
