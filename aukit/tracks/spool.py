"""Rows of one video, kept on disk until all of it is predicted.

Two things are known only at the end: whether the locator ever gave points, and each person's median. So rows wait in
a nameless file beside the output and are written from there, in as much memory as one block needs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.tracks import Tracks
from aukit.rundir.atomic import storage

BLOCK = 16_384
"""Rows that are in memory at once."""


class Spool:
    """A file of rows without a name: whatever ends the process, nothing of it stays.

    Args:
        folder: where it lies; the disk that has room for it has room for the output.
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
        self.frames = 0
        self.has_pose = False
        self.faces: dict[int, list[int]] = {}
        with storage(folder):
            # Unbuffered: what a full disk refuses is heard of at once, and never again while closing.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115

    def append(self, tracks: Tracks) -> None:
        """Add the next rows."""
        block = np.empty(len(tracks), self._row)
        for field in fields(Tracks):
            block[field.name] = getattr(tracks, field.name)
        data = memoryview(block.tobytes())
        with storage(self._folder):
            while data:  # a disk that is nearly full takes a part, and refuses the rest
                data = data[self._file.write(data) or 0 :]
        self.rows += len(block)
        self.has_pose |= bool(np.isfinite(block["pose"]).any())
        if len(block):
            self.frames = int(block["frame"][-1]) + 1
        ids, places = np.unique(block["face_id"], return_inverse=True)
        seen = np.bincount(places, minlength=len(ids))
        good = np.bincount(places, weights=block["success"], minlength=len(ids))
        for face, rows, success in zip(ids.tolist(), seen, good, strict=True):
            count = self.faces.setdefault(face, [0, 0])
            count[0] += int(rows)
            count[1] += int(success)

    def __iter__(self) -> Iterator[Tracks]:
        """All rows from the first on, a block at a time."""
        for block in self._blocks():
            yield Tracks(**{field.name: block[field.name] for field in fields(Tracks)})

    def column(self, au: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """`face_id` and the intensity of one AU in the rows that have success."""
        ids, values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for block in self._blocks():
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

    def _blocks(self) -> Iterator[NDArray[np.void]]:
        size = self._row.itemsize
        for start in range(0, self.rows, BLOCK):
            self._file.seek(start * size)
            wanted = min(BLOCK, self.rows - start) * size
            yield np.frombuffer(self._read(wanted), self._row)

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = self._file.read(size) or b""
            if not part:
                raise OSError(f"{size} bytes of rows cannot be read back")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
