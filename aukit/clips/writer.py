"""Writing a clip store: under a temporary name, renamed when whole, so a store that has its name is complete."""

from __future__ import annotations

import contextlib
import errno
import glob
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aukit.clips import format as layout
from aukit.contracts.data import Chunk, Source
from aukit.contracts.schema import ORIGINS, Schema
from aukit.errors import DataError, StorageError


class StoreWriter:
    """Writes one store. A context manager: leaving it well gives the file its name, an error leaves nothing.

    Args:
        path: the store to make. Its folder is made too.
        data_set: name of the data set; people of one name in one data set are one person.
        origin: one of `ORIGINS`.
        aus: names of the columns of `intensity`, such as `AU01`.
        size: (H, W) of all frames, or one number for square frames.
        crop: the rule by which faces were cut, for whoever must cut in the same way later.
        locator: name of the face locator that was at work.
        terms: terms of use.
        schema: kept in the store, so that its protocols travel along.
        encoding: `raw`, or `jpeg` at `quality`.
        overwrite: replace a store that exists; else that is an error.

    Raises:
        DataError: where `path` exists, or what is added does not fit.
        StorageError: where the disk is full or the folder cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        data_set: str,
        origin: str,
        aus: tuple[str, ...],
        size: int | tuple[int, int],
        crop: Mapping[str, Any] | None = None,
        locator: str = "",
        terms: str = "",
        schema: Schema | None = None,
        encoding: str = "raw",
        quality: int = 90,
        overwrite: bool = False,
    ) -> None:
        if origin not in ORIGINS:
            raise DataError(f"unknown origin {origin!r}", hint=f"one of {', '.join(ORIGINS)}")
        if encoding not in layout.ENCODINGS:
            raise DataError(f"unknown encoding {encoding!r}", hint=f"one of {', '.join(layout.ENCODINGS)}")
        self.path = Path(path)
        self.partial = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        self.aus = tuple(aus)
        self.size = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        self.encoding = encoding
        self.quality = quality
        self.schema = schema
        self.overwrite = overwrite
        self._count = 0
        self._attributes = {
            "format": layout.FORMAT,
            "version": layout.VERSION,
            "data_set": data_set,
            "origin": origin,
            "terms": terms or (schema.terms if schema else ""),
            "aus": json.dumps(self.aus),
            "size": self.size,
            "crop": json.dumps(crop or {}),
            "locator": locator,
            "encoding": encoding,
        }

    def __enter__(self) -> Self:
        if self.path.exists() and not self.overwrite:
            raise DataError("exists already", where=str(self.path), hint="choose another name, or remove it first")
        with storage(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _remove_orphans(self.path)
            self._file = h5py.File(self.partial, "w")
            set_attributes(self._file, self._attributes)
            self._videos = self._file.create_group(layout.VIDEOS)
            if self.schema is not None:
                text = layout.schema_to_json(self.schema).encode()
                self._file.create_dataset(layout.SCHEMA, data=np.frombuffer(text, np.uint8))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            with storage(self.path):
                self._file.close()
                if kind is None:
                    self.partial.replace(self.path)
        except StorageError:
            if kind is None:
                raise
        finally:
            with contextlib.suppress(OSError):
                self.partial.unlink(missing_ok=True)

    def add(self, source: Source) -> None:
        """Read one source to its end and write it.

        Raises:
            DataError: where its chunks do not fit the store or each other.
        """
        with self.video(
            source.video,
            subject=source.subject,
            session=source.session,
            fps=source.fps,
            length=source.length,
            digest=source.digest,
        ) as video:
            for chunk in source.read():
                video.append(chunk)

    def add_video(
        self,
        video: str,
        *,
        subject: str,
        fps: float,
        frames: NDArray[np.uint8],
        intensity: NDArray[np.float32] | None = None,
        timestamp: NDArray[np.float64] | None = None,
        frame_index: NDArray[np.int64] | None = None,
        valid: NDArray[np.bool_] | None = None,
        session: str = "",
        digest: str = "",
    ) -> None:
        """Write one video from arrays: frames uint8 (T,H,W,3); unlabelled and evenly timed unless said otherwise."""
        length = len(frames)
        blank = np.full((length, len(self.aus)), np.nan, np.float32)
        index = np.arange(length) if frame_index is None else np.asarray(frame_index)
        chunk = Chunk(
            frames=frames,
            intensity=blank if intensity is None else np.asarray(intensity, np.float32),
            timestamp=index / fps if timestamp is None else np.asarray(timestamp, np.float64),
            frame_index=index,
            valid=valid,
        )
        with self.video(video, subject=subject, session=session, fps=fps, length=length, digest=digest) as writer:
            writer.append(chunk)

    def video(
        self, video: str, *, subject: str, fps: float, length: int = 0, session: str = "", digest: str = ""
    ) -> VideoWriter:
        """A writer of one video's chunks; several may be open at once. `length` is exact, or 0 where it is not known."""
        name = layout.group_name(video)
        if not video or name in self._videos:
            raise DataError(f"two videos are called {video!r}" if video else "a video has no name", where=str(self.path))
        if not fps > 0:
            raise DataError(f"video {video!r} has a frame rate of {fps}", where=str(self.path))
        facts = {"order": self._count, "subject": subject, "session": session, "fps": float(fps), "digest": digest}
        self._count += 1
        with storage(self.path):
            group = self._videos.create_group(name)
            set_attributes(group, facts)
            return VideoWriter(self, group, video, length)


class VideoWriter:
    """Appends chunks to one video. A context manager: the labels and times are written when it ends well."""

    def __init__(self, store: StoreWriter, group: h5py.Group, video: str, length: int) -> None:
        self.store = store
        self.group = group
        self.video = video
        self.promised = length
        self.length = 0
        self.bytes = 0
        self.offsets = [0]
        self.columns: dict[str, list[NDArray[Any]]] = {}
        if store.encoding == "jpeg":
            self.data = group.create_dataset(
                "jpeg", shape=(0,), maxshape=(None,), chunks=(layout.CHUNK_BYTES,), dtype=np.uint8
            )
        else:
            self.data = _frames(group, length, store.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()

    def append(self, chunk: Chunk) -> None:
        """Write the next frames of the video."""
        columns = self._columns(chunk)
        stop = self.length + len(chunk.frames)
        if self.promised and stop > self.promised:
            raise self._error(f"more frames than the {self.promised} it was said to have")
        with storage(self.store.path):
            if self.store.encoding == "jpeg":
                self._append_jpeg(chunk.frames)
            else:
                if not self.promised:
                    self.data.resize(stop, axis=0)
                self.data[self.length : stop] = chunk.frames
        for name, values in columns.items():
            self.columns.setdefault(name, []).append(values)
        self.length = stop

    def close(self) -> None:
        """Write what is small: labels, times, boxes."""
        if self.length == 0:
            raise self._error("no frames")
        columns = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        if (np.diff(columns["timestamp"]) <= 0).any():
            raise self._error("timestamps do not rise")
        with storage(self.store.path):
            if self.store.encoding == "jpeg":
                columns["offsets"] = np.asarray(self.offsets, np.int64)
            elif self.promised > self.length:
                self._shorten()
            for name, values in columns.items():
                self.group.create_dataset(name, data=values)

    def _columns(self, chunk: Chunk) -> dict[str, NDArray[Any]]:
        """The chunk's small arrays, complete and checked against each other."""
        count = len(chunk.frames)
        if chunk.frames.dtype != np.uint8 or chunk.frames.shape[1:] != (*self.store.size, 3):
            what = f"{chunk.frames.dtype} {chunk.frames.shape[1:]}"
            raise self._error(f"frames are {what}, the store takes uint8 {(*self.store.size, 3)}")
        unknown = np.full((count, 4), np.nan, np.float32)
        columns = {
            "intensity": np.asarray(chunk.intensity, np.float32),
            "timestamp": np.asarray(chunk.timestamp, np.float64),
            "frame_index": np.asarray(chunk.frame_index, np.int64),
            "valid": np.ones(count, bool) if chunk.valid is None else np.asarray(chunk.valid, bool),
            "face_box": unknown if chunk.face_box is None else np.asarray(chunk.face_box, np.float32),
            "face_score": unknown[:, 0] if chunk.face_score is None else np.asarray(chunk.face_score, np.float32),
        }
        widths = {"intensity": (len(self.store.aus),), "face_box": (4,)}
        for name, values in columns.items():
            shape = (count, *widths.get(name, ()))
            if values.shape != shape:
                raise self._error(f"`{name}` is {values.shape}, {shape} was expected")
        labels = columns["intensity"]
        if ((labels < 0) | (labels > 5)).any():
            raise self._error("an intensity outside 0..5", hint="codes such as 9 mean missing: store NaN")
        return columns

    def _append_jpeg(self, frames: NDArray[np.uint8]) -> None:
        blobs = [_encode(frame, self.store.quality) for frame in frames]
        for blob in blobs:
            self.offsets.append(self.offsets[-1] + len(blob))
        self.data.resize(self.offsets[-1], axis=0)
        self.data[self.bytes :] = np.frombuffer(b"".join(blobs), np.uint8)
        self.bytes = self.offsets[-1]

    def _shorten(self) -> None:
        """The source ended early: a contiguous array cannot shrink, so copy what came."""
        del self.group["frames"]
        long, self.data = self.data, _frames(self.group, self.length, self.store.size)
        for start in range(0, self.length, 256):
            stop = min(start + 256, self.length)
            self.data[start:stop] = long[start:stop]

    def _error(self, message: str, *, hint: str = "") -> DataError:
        return DataError(f"video {self.video!r}: {message}", where=str(self.store.path), hint=hint)


@contextlib.contextmanager
def storage(path: Path) -> Iterator[None]:
    """What HDF5 and the system say of a disk, as a `StorageError` that names the file."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        number = getattr(error, "errno", None)
        text = str(error)
        if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "No space left" in text or "errno = 28" in text:
            message, hint = "the disk is full", "free some space; nothing half-written was left"
        else:
            message, hint = f"cannot write: {text}", "check that the folder exists and that you may write there"
        raise StorageError(message, where=str(path), hint=hint) from error


def _remove_orphans(path: Path) -> None:
    """Half-written files that killed writers of this store left behind."""
    for partial in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        process = partial.name.split(".")[-2]
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            partial.unlink(missing_ok=True)
        except (ValueError, PermissionError):
            continue


def set_attributes(where: h5py.Group, values: Mapping[str, Any]) -> None:
    """Attributes with fixed-length text."""
    for name, value in values.items():
        where.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) else value


def _frames(group: h5py.Group, length: int, size: tuple[int, int]) -> h5py.Dataset:
    """The array of raw frames: one block on disk where the length is known, which reads four times as fast."""
    shape = (length, *size, 3)
    if not length:
        chunks = (layout.CHUNK_FRAMES, *size, 3)
        return group.create_dataset("frames", shape=shape, maxshape=(None, *size, 3), chunks=chunks, dtype=np.uint8)
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_layout(h5py.h5d.CONTIGUOUS)
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)  # videos lie in the order they were opened in, whoever writes first
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple(shape)
    h5py.h5d.create(group.id, b"frames", h5py.h5t.NATIVE_UINT8, space, dcpl=plan)
    return group["frames"]


def _encode(frame: NDArray[np.uint8], quality: int) -> bytes:
    """One RGB frame as JPEG, colour at full resolution: faces carry signal there."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
