"""A box that somebody else found, and the checks that any file of such boxes must pass."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aukit.contracts.data import Face
from aukit.errors import DataError

CORNERS = (
    ("x0", "y0", "x1", "y1"),
    ("x1", "y1", "x2", "y2"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("left", "top", "right", "bottom"),
)
"""Names for two corners of a box, the most telling first."""
SIZES = (("x", "y", "w", "h"), ("x", "y", "width", "height"), ("left", "top", "width", "height"))
"""Names for a box's corner, width and height."""
TIMES = ("timestamp", "time", "seconds")
"""Names for seconds since the first picture."""
SCORES = ("score", "confidence")
"""Names for the locator's certainty, 0 to 1."""
LAYOUT_HINT = "a box is x0,y0,x1,y1 or left,top,right,bottom or x,y,w,h, in pixels of the upright picture"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE | re.ASCII)
_FRAME = re.compile(r"[0-9]{1,15}(\.0*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A row of a box file. `video` is empty where the file does not say; `face` is None where there is none.

    Which picture: its `place`, counted from 0, or else its `seconds` since the first one. `where` is for errors.
    """

    where: str
    video: str
    place: int | None
    seconds: float | None
    face: Face | None


def number(text: str, name: str, where: str) -> float:
    """A finite number as people write it."""
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise DataError(f"`{text[:40]}` is no number for `{name}`", where=where)
    return float(text)


def place(text: str, base: int, where: str) -> int:
    """A frame's number as a place counted from 0."""
    if not _FRAME.fullmatch(text):
        raise DataError(f"`{text[:40]}` is no frame", where=where, hint="frames are whole numbers")
    frame = int(text.partition(".")[0])
    if frame < base:
        hint = "set the locator's `base` to the number that the file gives to a video's first picture"
        raise DataError(f"there is no frame {frame} where frames count from {base}", where=where, hint=hint)
    return frame - base


def seconds(value: float, where: str) -> float:
    """A time since the first picture."""
    if value < 0:
        raise DataError(f"a time before the first picture: {value:g} s", where=where)
    return value


def face(
    box: Sequence[float],
    score: float,
    where: str,
    *,
    sized: bool = False,
    points: Sequence[tuple[float, float]] = (),
) -> Face:
    """A box by its corners, or by corner and size where it is `sized`, checked."""
    left, top, right, bottom = box
    if sized:
        right, bottom = left + right, top + bottom
    if not (left < right and top < bottom and all(map(math.isfinite, (left, top, right, bottom)))):
        given = ", ".join(f"{value:g}" for value in box)
        raise DataError(f"no box: {given}", where=where, hint=LAYOUT_HINT)
    if not 0 <= score <= 1:
        raise DataError(f"{score:g} is no score", where=where, hint="scores are 0 to 1")
    return Face(box=(left, top, right, bottom), score=score, points=tuple(points))
