"""The locator `boxes`: faces that were found elsewhere, looked up by frame or by time."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from statistics import median

from aukit.builtin.locators.box_json import read_json
from aukit.builtin.locators.box_table import read_table
from aukit.builtin.locators.given import Given
from aukit.contracts.data import Face
from aukit.contracts.faces import Picture
from aukit.errors import DataError, did_you_mean
from aukit.ingest.video import VIDEO_SUFFIXES

_SUFFIXES = (".csv", ".json")
_NEAR = 0.02
"""A time means the nearest picture, at most so many seconds away: half a frame at 25 frames a second."""


class Boxes:
    """S3FD's boxes, or anybody's, from CSV or JSON; boxes and five points from OpenFace's CSV.

    A picture that the file does not name has no face. A file that does not say which video its boxes are of is named
    like the video, so that no video gets another's boxes.

    Args:
        file: a file, or a folder with a file for each video, named like it.
        base: the number that the file gives to a video's first picture; None: 1 for OpenFace, else 0.

    Raises:
        DataError: here or in `start`, with file and line: it is missing or says something that is no box.
    """

    whole = True

    def __init__(self, *, file: str, base: int | None = None) -> None:
        self._path = Path(file).expanduser()
        self._base = base
        self._first = 0
        self._track = _Track()
        if not self._path.exists():
            raise DataError("there is no such file or folder", where=file)
        self._videos = {} if self._path.is_dir() else _read(self._path, base)

    def start(self, video: str = "", first: int = 0) -> None:
        """Take the boxes of this video."""
        self._first = first
        self._track = self._in_folder(video) if self._path.is_dir() else self._in_file(video)

    def locate(self, picture: Picture) -> list[Face]:
        """The boxes of this picture, best first."""
        height, width = picture.pixels.shape[:2]
        rows = self._track.find(picture.index - self._first, picture.seconds)
        for row in rows:
            left, top, right, bottom = row.face.box if row.face else (0, 0, 1, 1)
            if left >= width or top >= height or right <= 0 or bottom <= 0:
                hint = "boxes are in pixels of the whole, upright picture"
                message = f"a box outside the picture of {width} × {height} pixels"
                raise DataError(message, where=row.where, hint=hint)
        return sorted((row.face for row in rows if row.face), key=lambda face: -face.score)

    def _in_file(self, video: str) -> _Track:
        if "" in self._videos:
            if video and _tail(self._path.stem) != _tail(video):
                raise DataError(
                    f"the file does not say that its boxes are of `{video}`",
                    where=str(self._path),
                    hint=f"name it like the video, or give it a column `video` that says `{video}`",
                )
            return self._videos[""]
        names = [name for name in self._videos if _same(name, video)]
        exact = [name for name in names if _parts(name) == _parts(video)]
        found = exact or names
        if len(found) != 1:
            what = f"several videos may be `{video}`" if found else f"no boxes of the video `{video}`"
            hint = (
                "write names as they are below the videos' folder" if found else _nearest(video, self._videos)
            )
            raise DataError(what, where=str(self._path), hint=hint)
        return self._videos[found[0]]

    def _in_folder(self, video: str) -> _Track:
        name = PurePosixPath(*_parts(video))
        for stem in dict.fromkeys((str(name), name.name)):
            for suffix in _SUFFIXES:
                file = self._path / f"{stem}{suffix}"
                if stem and file.is_file():
                    return Boxes(file=str(file), base=self._base)._in_file(video)
        files = (path.stem for path in self._path.iterdir() if path.suffix.lower() in _SUFFIXES)
        raise DataError(
            f"no boxes of the video `{video}`", where=str(self._path), hint=_nearest(str(name), files)
        )


class _Track:
    """The boxes of one video: by place, counted from 0, or by time."""

    def __init__(self, rows: Iterable[Given] = ()) -> None:
        self._places: dict[int, list[Given]] = defaultdict(list)
        by_time: dict[float, list[Given]] = defaultdict(list)
        for row in rows:
            if row.place is not None:
                self._places[row.place].append(row)
            elif row.seconds is not None:
                by_time[row.seconds].append(row)
            if self._places and by_time:
                raise DataError("frames and times are mixed", where=row.where, hint="use either")
        self._times = sorted(by_time)
        self._at = [by_time[time] for time in self._times]
        steps = [after - before for before, after in zip(self._times, self._times[1:], strict=False)]
        self._near = min(median(steps) / 2, _NEAR) if steps else _NEAR

    def find(self, place: int, seconds: float) -> list[Given]:
        """The rows of one picture."""
        if not self._times:
            return self._places.get(place, [])
        after = bisect_left(self._times, seconds)
        near = min(
            range(max(after - 1, 0), min(after + 1, len(self._times))),
            key=lambda i: abs(self._times[i] - seconds),
        )
        return self._at[near] if abs(self._times[near] - seconds) <= self._near else []


def _read(path: Path, base: int | None) -> dict[str, _Track]:
    """The boxes of each video in a file; the name is empty where the file has none."""
    readers = {".csv": read_table, ".json": read_json}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError("neither .csv nor .json", where=str(path), hint="its ending says how it is read")
    videos: dict[str, list[Given]] = defaultdict(list)
    for row in reader(path, base):
        videos[row.video].append(row)
    if "" in videos and len(videos) > 1:
        row = videos[""][0]
        raise DataError("this row names no video, others do", where=row.where)
    return {name: _Track(rows) for name, rows in videos.items()} or {"": _Track()}


def _parts(video: str) -> tuple[str, ...]:
    """A video's name below its folder, without a video's suffix."""
    path = PurePosixPath(video.strip().replace("\\", "/").lstrip("/"))
    return (path.with_suffix("") if path.suffix.lower() in VIDEO_SUFFIXES else path).parts


def _tail(video: str) -> str:
    return (_parts(video) or ("",))[-1].casefold()


def _same(one: str, other: str) -> bool:
    """Whether one name is the other, or its end."""
    first, second = ([part.casefold() for part in _parts(name)] for name in (one, other))
    length = min(len(first), len(second))
    return length > 0 and first[-length:] == second[-length:]


def _nearest(video: str, names: Iterable[str]) -> str:
    known = sorted(names)
    hint = did_you_mean(video, known) if len(known) < 1000 else ""
    return f"{hint}; a video without any face has a row without a box" if hint else ""
