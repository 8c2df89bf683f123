"""Writing a clip store: under a temporary name, renamed when whole. A store that has its name is complete."""

from __future__ import annotations

import contextlib
import glob
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from aukit.clips import format as layout
from aukit.clips.video_writer import VideoWriter, storage
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
            hint = "choose another name, or remove it first"
            raise DataError("exists already", where=str(self.path), hint=hint)
        with storage(self.path), contextlib.ExitStack() as undo:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _remove_orphans(self.path)
            undo.callback(self.partial.unlink, missing_ok=True)
            self._file = _create(self.partial)
            set_attributes(self._file, self._attributes)
            self._videos = self._file.create_group(layout.VIDEOS)
            if self.schema is not None:
                text = layout.schema_to_json(self.schema).encode()
                self._file.create_dataset(layout.SCHEMA, data=np.frombuffer(text, np.uint8))
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with storage(self.path):
                self._file.close()
                if kind is None:
                    with self.partial.open("rb+") as file:
                        os.fsync(file.fileno())
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
        """Write one video from arrays: frames uint8 (T,H,W,3). No labels: unlabelled. No times: even."""
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
        facts = {"subject": subject, "session": session, "digest": digest}
        with self.video(video, fps=fps, length=length, **facts) as writer:
            writer.append(chunk)

    def video(
        self, video: str, *, subject: str, fps: float, length: int = 0, session: str = "", digest: str = ""
    ) -> VideoWriter:
        """A writer of one video; several may be open at once. `length` is exact, or 0: not known yet."""
        if not fps > 0:
            raise DataError(f"video {video!r} has a frame rate of {fps}", where=str(self.path))
        facts = {"subject": subject, "session": session, "digest": digest, "fps": float(fps)}
        group = self.group(video, facts)
        with storage(self.path):
            return VideoWriter(
                group,
                path=self.path,
                video=video,
                length=length,
                aus=len(self.aus),
                size=self.size,
                encoding=self.encoding,
                quality=self.quality,
            )

    def group(self, video: str, facts: Mapping[str, Any]) -> h5py.Group:
        """The empty group of the next video, with its attributes: to be filled as `aukit.clips.format` says.

        Raises:
            DataError: the video has no name, or one that is taken.
        """
        name = layout.group_name(video)
        if not video:
            raise DataError("a video has no name", where=str(self.path))
        if name in self._videos:
            raise DataError(f"two videos are called {video!r}", where=str(self.path))
        with storage(self.path):
            group = self._videos.create_group(name)
            set_attributes(group, {**facts, "order": self._count})
        self._count += 1
        return group


def _create(path: Path) -> h5py.File:
    """A new file that keeps nothing back: what a full disk refuses must fail where it is written, not at the end."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_cache(0, 0, 0, 0.0)
    access.set_sieve_buf_size(0)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)  # the same videos make the same bytes
    return h5py.File(h5py.h5f.create(os.fsencode(path), h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access))


def _remove_orphans(path: Path) -> None:
    """Half-written files that killed writers of this store left behind."""
    if os.name != "posix":  # elsewhere signal 0 is not a question
        return
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
