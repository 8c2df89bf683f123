"""Boxes from JSON files: objects with names, boxes by frame number, or a list of boxes for each picture in turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from aukit.builtin.locators import given
from aukit.builtin.locators.given import Given
from aukit.errors import DataError
from aukit.ingest.reading.lines import read_text

_HINT = (
    'expected [{"frame": 0, "box": [x0, y0, x1, y1], "score": 0.9}, ...], {"0": [[x0, y0, x1, y1, score], ...]} '
    "or a list of boxes for each picture in turn; any of them under a video's name, too"
)


def read_json(path: Path, base: int | None) -> Iterator[Given]:
    """The boxes of a JSON file. A picture's list may be empty or null: there is no face in it.

    Raises:
        DataError: it is no JSON, or an entry is no box; the message names the entry.
    """
    text = read_text(path)
    try:
        content = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise DataError(f"not JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON that can be read: {error}", where=str(path)) from error
    if isinstance(content, dict) and not _by_frame(content):
        return _videos(content, str(path), base or 0)
    return _video(content, "", str(path), base or 0)


def _videos(content: dict[str, Any], where: str, base: int) -> Iterator[Given]:
    for video, entries in content.items():
        yield from _video(entries, video, f"{where}: `{video[:80]}`", base)


def _video(content: Any, video: str, where: str, base: int) -> Iterator[Given]:
    if isinstance(content, dict) and _by_frame(content):
        for frame, boxes in content.items():
            here = f"{where}: frame {frame}"
            yield from _picture(boxes, video, given.place(frame, base, here), here)
    elif isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
        for number, entry in enumerate(content):
            yield _named(entry, video, f"{where}: entry {number}", base)
    elif isinstance(content, list):
        for number, boxes in enumerate(content):
            yield from _picture(boxes, video, number, f"{where}: entry {number}")
    else:
        raise DataError("no boxes", where=where, hint=_HINT)


def _picture(boxes: Any, video: str, place: int, where: str) -> Iterator[Given]:
    """The boxes of one picture: a list of them, a single one, or none."""
    if isinstance(boxes, list) and boxes and not any(isinstance(box, list | dict) for box in boxes):
        boxes = [boxes]
    if boxes is not None and not isinstance(boxes, list):
        raise DataError("no list of boxes", where=where, hint=_HINT)
    for box in boxes or [None]:
        if isinstance(box, dict):
            found = _face(box, where)
        else:
            found = None if box is None else _listed(box, where)
        yield Given(where=where, video=video, place=place, seconds=None, face=found)


def _named(entry: dict[str, Any], video: str, where: str, base: int) -> Given:
    own = entry.get("video", "")
    if not isinstance(own, str) or (own and video):
        raise DataError("its `video` is no name, or a second one", where=where, hint=_HINT)
    frame = entry.get("frame")
    clock = next((name for name in given.TIMES if name in entry), None)
    if frame is not None:
        if not isinstance(frame, int) or isinstance(frame, bool):
            raise DataError("its `frame` is no whole number", where=where, hint=_HINT)
        place, seconds = given.place(str(frame), base, where), None
    elif clock:
        place, seconds = None, given.seconds(_number(entry[clock], where), where)
    else:
        raise DataError("it says neither frame nor time", where=where, hint=_HINT)
    return Given(where=where, video=video or own, place=place, seconds=seconds, face=_face(entry, where))


def _face(entry: dict[str, Any], where: str) -> Any:
    """The face of an object: its `box` or `bbox`, or its corners by name; None where `box` is null."""
    score = next((entry[name] for name in given.SCORES if name in entry), 1.0)
    for name in ("box", "bbox"):
        if name in entry:
            box = entry[name]
            if box is None:
                return None
            return _listed([*box, score] if isinstance(box, list) and len(box) == 4 else box, where)
    for names in (*given.CORNERS, *given.SIZES):
        if entry.keys() >= set(names):
            box = [_number(entry[name], where) for name in names]
            return given.face(box, _number(score, where), where, sized=names in given.SIZES)
    raise DataError("it has no box", where=where, hint=_HINT)


def _listed(box: Any, where: str) -> Any:
    if not isinstance(box, list) or len(box) not in (4, 5):
        raise DataError("no box of four numbers, and perhaps a score", where=where, hint=_HINT)
    numbers = [_number(value, where) for value in box]
    return given.face(numbers[:4], numbers[4] if len(box) == 5 else 1.0, where)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError("something that is no number", where=where, hint=_HINT)
    try:
        return float(value)
    except OverflowError as error:
        raise DataError("a number that is too large", where=where) from error


def _by_frame(content: dict[str, Any]) -> bool:
    return all(key.isascii() and key.isdigit() for key in content)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON lets a key stand twice, and the last one would win."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key `{next(key for key in keys if keys.count(key) > 1)}` is there twice")
    return made


def _constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is no number")
