"""Writing one video of a clip store, chunk by chunk."""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aukit.clips import format as layout
from aukit.contracts.data import Chunk
from aukit.errors import DataError, StorageError


class VideoWriter:
    """Appends chunks to one video. A context manager: the labels and times are written when it ends well.

    Args:
        group: the video's group in the open file.
        path, video: what errors call it.
        length: the frames it will have, or 0 where that is not known.
        aus: how many AUs the labels have.
        size, encoding, quality: as for the store.
    """

    def __init__(
        self,
        group: h5py.Group,
        *,
        path: Path,
        video: str,
        length: int,
        aus: int,
        size: tuple[int, int],
        encoding: str,
        quality: int,
    ) -> None:
        self.group = group
        self.path = path
        self.video = video
        self.promised = length
        self.aus = aus
        self.size = size
        self.encoding = encoding
        self.quality = quality
        self.length = 0
        self.bytes = 0
        self.offsets = [0]
        self.columns: dict[str, list[NDArray[Any]]] = {}
        if encoding == "jpeg":
            self.data = group.create_dataset(
                "jpeg", shape=(0,), maxshape=(None,), chunks=(layout.CHUNK_BYTES,), dtype=np.uint8
            )
        else:
            self.data = _frames(group, length, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def append(self, chunk: Chunk) -> None:
        """Write the next frames of the video."""
        columns = self._columns(chunk)
        stop = self.length + len(chunk.frames)
        if self.promised and stop > self.promised:
            raise self._error(f"more frames than the {self.promised} it was said to have")
        with storage(self.path):
            if self.encoding == "jpeg":
                self._append_jpeg(chunk.frames)
            else:
                if not self.promised:
                    self.data.resize(stop, axis=0)
                self.data[self.length : stop] = chunk.frames
        for name, values in columns.items():
            self.columns.setdefault(name, []).append(values)
        self.length = stop

    def label(self, intensity: NDArray[np.float32]) -> None:
        """Put other labels, float32 (T,A), in the place of those that came with the frames so far."""
        if intensity.shape != (self.length, self.aus):
            raise self._error(f"labels are {intensity.shape}, {(self.length, self.aus)} was expected")
        self._require_scale(intensity)
        self.columns["intensity"] = [np.asarray(intensity, np.float32)]

    def close(self) -> None:
        """Write what is small: labels, times, boxes."""
        if self.length == 0:
            raise self._error("no frames")
        columns = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        if (np.diff(columns["timestamp"]) <= 0).any():
            raise self._error("timestamps do not rise")
        with storage(self.path):
            if self.encoding == "jpeg":
                columns["offsets"] = np.asarray(self.offsets, np.int64)
            elif self.promised > self.length:
                self._shorten()
            for name, values in columns.items():
                self.group.create_dataset(name, data=values)

    def _columns(self, chunk: Chunk) -> dict[str, NDArray[Any]]:
        """The chunk's small arrays, complete and checked against each other."""
        count = len(chunk.frames)
        if chunk.frames.dtype != np.uint8 or chunk.frames.shape[1:] != (*self.size, 3):
            what = f"{chunk.frames.dtype} {chunk.frames.shape[1:]}"
            raise self._error(f"frames are {what}, the store takes uint8 {(*self.size, 3)}")
        boxes = np.full((count, 4), np.nan) if chunk.face_box is None else chunk.face_box
        scores = np.full(count, np.nan) if chunk.face_score is None else chunk.face_score
        valid = np.ones(count) if chunk.valid is None else chunk.valid
        columns: dict[str, NDArray[Any]] = {
            "intensity": np.asarray(chunk.intensity, np.float32),
            "timestamp": np.asarray(chunk.timestamp, np.float64),
            "frame_index": np.asarray(chunk.frame_index, np.int64),
            "valid": np.asarray(valid, np.bool_),
            "face_box": np.asarray(boxes, np.float32),
            "face_score": np.asarray(scores, np.float32),
        }
        widths = {"intensity": (self.aus,), "face_box": (4,)}
        for name, values in columns.items():
            shape = (count, *widths.get(name, ()))
            if values.shape != shape:
                raise self._error(f"`{name}` is {values.shape}, {shape} was expected")
        self._require_scale(columns["intensity"])
        return columns

    def _require_scale(self, labels: NDArray[np.float32]) -> None:
        if ((labels < 0) | (labels > 5)).any():
            raise self._error("an intensity outside 0..5", hint="codes such as 9 mean missing: store NaN")

    def _append_jpeg(self, frames: NDArray[np.uint8]) -> None:
        blobs = [_encode(frame, self.quality) for frame in frames]
        for blob in blobs:
            self.offsets.append(self.offsets[-1] + len(blob))
        self.data.resize(self.offsets[-1], axis=0)
        self.data[self.bytes :] = np.frombuffer(b"".join(blobs), np.uint8)
        self.bytes = self.offsets[-1]

    def _shorten(self) -> None:
        """The source ended early: a contiguous array cannot shrink, so copy what came."""
        del self.group["frames"]
        long, self.data = self.data, _frames(self.group, self.length, self.size)
        for start in range(0, self.length, 256):
            stop = min(start + 256, self.length)
            self.data[start:stop] = long[start:stop]

    def _error(self, message: str, *, hint: str = "") -> DataError:
        return DataError(f"video {self.video!r}: {message}", where=str(self.path), hint=hint)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def storage(path: Path) -> Iterator[None]:
    """What HDF5 and the system say of a disk, as a `StorageError` that names the file."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        text = str(error)
        if getattr(error, "errno", None) in _FULL or any(f"errno = {number}," in text for number in _FULL):
            message, hint = "the disk is full", "free some space; nothing half-written was left"
        else:
            message, hint = f"cannot write: {text}", "check the folder, and that you may write there"
        raise StorageError(message, where=str(path), hint=hint) from error


def _frames(group: h5py.Group, length: int, size: tuple[int, int]) -> h5py.Dataset:
    """The array of raw frames: one block where the length is known; it reads four times as fast as chunks."""
    shape = (length, *size, 3)
    if not length:
        chunks = (layout.CHUNK_FRAMES, *size, 3)
        most = (None, *size, 3)
        return group.create_dataset("frames", shape=shape, maxshape=most, chunks=chunks, dtype=np.uint8)
    return contiguous(group, "frames", shape)


def contiguous(group: h5py.Group, name: str, shape: tuple[int, ...]) -> h5py.Dataset:
    """A uint8 array in one block, its place in the file taken at once."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_layout(h5py.h5d.CONTIGUOUS)
    # Videos lie in the order they were opened, whichever is written first.
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plan.set_obj_track_times(False)  # the same videos make the same bytes
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, dcpl=plan)
    return group[name]


def _encode(frame: NDArray[np.uint8], quality: int) -> bytes:
    """One RGB frame as JPEG, colour at full resolution: faces carry signal there."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
