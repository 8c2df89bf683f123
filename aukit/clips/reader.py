"""Reading a clip store. Facts are read at once; the file is opened again, lazily, in each process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aukit.clips import format as layout
from aukit.contracts.schema import Schema
from aukit.errors import DataError, did_you_mean

_OPENING = threading.Lock()
"""Two threads that open one file at once would each close what the other reads."""

_MAKE = "make a store with `aukit data make synthetic --out FILE.h5`"


@dataclass(frozen=True, kw_only=True)
class StoredVideo:
    """What is known of one video. `segments` are the runs `(start, stop)` without a gap; `fps` is nominal.

    `data_set` is the one it is of, where a store holds several; `people_of` names the data set whose people it shows,
    where that is another.
    """

    id: str
    subject: str
    session: str
    fps: float
    length: int
    segments: tuple[tuple[int, int], ...]
    digest: str
    data_set: str
    people_of: str


class ClipStore:
    """One store, open for reading. May be pickled and used from several threads and processes.

    Args:
        path: the .h5 file.

    Raises:
        DataError: missing, not HDF5, truncated, no clip store, or written by a newer version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._handle: tuple[int, h5py.File] | None = None
        with readable(self.path):
            facts = self._open_checked()
            self.aus: tuple[str, ...] = tuple(json.loads(facts["aus"]))
            self.size: tuple[int, int] = (int(facts["size"][0]), int(facts["size"][1]))
            self.data_set: str = facts["data_set"]
            self.origin: str = facts["origin"]
            self.terms: str = facts["terms"]
            self.crop: Mapping[str, Any] = json.loads(facts["crop"])
            self.locator: str = facts["locator"]
            self.encoding: str = facts["encoding"]

    @cached_property
    def schema(self) -> Schema | None:
        """The schema that travels with the store."""
        with readable(self.path):
            file = self.file
            if layout.SCHEMA not in file:
                return None
            return layout.schema_from_json(bytes(file[layout.SCHEMA][()]).decode())

    @cached_property
    def videos(self) -> tuple[StoredVideo, ...]:
        """The videos in the order they were added."""
        whose = self.schema.people_of if self.schema else ""
        with readable(self.path):
            groups = self.file[layout.VIDEOS]
            found = []
            for name in groups:
                group = groups[name]
                facts = attributes(group)
                time, index, valid = (group[key][()] for key in ("timestamp", "frame_index", "valid"))
                fps = float(facts["fps"])
                video = StoredVideo(
                    id=layout.video_name(name),
                    subject=facts["subject"],
                    session=facts["session"],
                    fps=fps,
                    length=len(time),
                    segments=layout.segments(time, index, valid, fps),
                    digest=facts["digest"],
                    data_set=facts.get("data_set", self.data_set),
                    people_of=facts.get("people_of", whose),
                )
                found.append((int(facts["order"]), video))
            return tuple(video for _, video in sorted(found, key=lambda pair: pair[0]))

    def frames(self, video: str, start: int, stop: int, stride: int = 1) -> NDArray[np.uint8]:
        """Frames `start, start+stride, ... < stop` of a video: uint8 (T,H,W,3)."""
        with readable(self.path):
            group = self._group(video)
            data = group["frames" if self.encoding == "raw" else "offsets"]
            length = len(data) if self.encoding == "raw" else len(data) - 1
            if not (0 <= start < stop <= length and stride >= 1):
                raise IndexError(f"frames {start}:{stop}:{stride} of {video!r}, which has {length}")
            if self.encoding == "jpeg":
                return _decode(group["jpeg"], data[start : stop + 1], stride)
            # Read the whole span and stride in memory: a strided read in HDF5 is a hundred times slower.
            span: NDArray[np.uint8] = data[start:stop]
            return span[::stride]

    def labels(self, video: str) -> NDArray[np.float32]:
        """Intensities: float32 (T,A), NaN where unlabelled."""
        return self.column(video, "intensity")

    def timestamps(self, video: str) -> NDArray[np.float64]:
        """Seconds: float64 (T,)."""
        return self.column(video, "timestamp")

    def column(self, video: str, name: str) -> NDArray[Any]:
        """One of the small arrays of a video: see `aukit.clips.format`."""
        with readable(self.path):
            values: NDArray[Any] = self._group(video)[name][()]
            return values

    @property
    def file(self) -> h5py.File:
        """The open file of this process. A handle that a fork inherited is left alone."""
        with _OPENING:
            if self._handle is None or self._handle[0] != os.getpid():
                self._handle = (os.getpid(), h5py.File(self.path, "r"))
            return self._handle[1]

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        if self._handle is not None and self._handle[0] == os.getpid():
            self._handle[1].close()
        self._handle = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None}

    def __repr__(self) -> str:
        return f"ClipStore({str(self.path)!r})"

    def _group(self, video: str) -> h5py.Group:
        name = f"{layout.VIDEOS}/{layout.group_name(video)}"
        if name not in self.file:
            hint = did_you_mean(video, (known.id for known in self.videos))
            raise DataError(f"no video {video!r}", where=str(self.path), hint=hint)
        return self.file[name]

    def _open_checked(self) -> dict[str, Any]:
        facts = attributes(self.file)
        where = str(self.path)
        if facts.get("format") != layout.FORMAT:
            raise DataError("an HDF5 file, but no clip store of aukit", where=where, hint=_MAKE)
        if facts["version"] > layout.VERSION:
            versions = f"store version {facts['version']}, this one reads up to {layout.VERSION}"
            raise DataError(f"written by a newer aukit ({versions})", where=where, hint="upgrade aukit")
        return facts


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """What HDF5 says of a file it cannot read, as a `DataError` that names the file."""
    try:
        yield
    except IndexError:
        raise
    except FileNotFoundError as error:
        hint = f"{_MAKE}, or try the recipe on synthetic faces with --stand-in"
        raise DataError("there is no such file", where=str(path), hint=hint) from error
    except (OSError, RuntimeError, LookupError, ValueError) as error:
        text = str(error)
        if path.is_dir():
            message, hint = "a folder, not a clip store", "name the .h5 file"
        elif isinstance(error, PermissionError):
            message, hint = "may not be read", "check its permissions"
        elif "signature not found" in text:
            message, hint = "not an HDF5 file", _MAKE
        elif "truncated" in text:
            message, hint = "truncated: the file is shorter than it says", "copy or make it again"
        else:
            message, hint = f"damaged: {text}", "`aukit data check` says what is wrong; copy or make it again"
        raise DataError(message, where=str(path), hint=hint) from error


def attributes(where: h5py.Group) -> dict[str, Any]:
    """Attributes as text, numbers and arrays."""
    values = {name: where.attrs[name] for name in where.attrs}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}


def _decode(jpeg: h5py.Dataset, offsets: NDArray[np.int64], stride: int) -> NDArray[np.uint8]:
    """The frames between `offsets`, every `stride`-th: one read, then only the frames that are wanted."""
    blob = jpeg[offsets[0] : offsets[-1]].tobytes()
    edges = offsets - offsets[0]
    wanted = zip(edges[:-1:stride], edges[1::stride], strict=True)
    return np.stack([np.asarray(Image.open(io.BytesIO(blob[start:stop]))) for start, stop in wanted])
