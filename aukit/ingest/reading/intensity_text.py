"""Label files of one AU: a line a frame, `frame,intensity`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError
from aukit.ingest.reading.lines import read_lines

GAP = r"(?:[ \t]*[,;][ \t]*|[ \t]+)"
LINE = re.compile(rf"([0-9]{{1,9}}){GAP}([+-]?[0-9]{{1,9}})")
NAMED_LINE = re.compile(rf"(?:[^\s,;]*[^\s,;0-9])?([0-9]{{1,9}})\.[A-Za-z]{{3,4}}{GAP}([+-]?[0-9]{{1,9}})")
LOW, HIGH = 0, 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One AU of one recording: `frame` int64 (L,), rising; `value` float32 (L,), NaN where it is not known."""

    frame: NDArray[np.int64]
    value: NDArray[np.float32]


def read_column(path: Path, *, missing: Collection[int] = (), named: bool = False) -> Column:
    """A label file as it is written; a code in `missing` means "not known" and becomes NaN.

    With `named`, a line begins with the picture's file name in place of the frame: the number before its suffix counts,
    and lines may come in any order, as names do not sort like numbers.

    Raises:
        DataError: with file and line: no text, nothing in it, a line that is not two numbers, an intensity
            that is no whole number of 0 to 5, a frame that is given twice or falls back.
    """
    pattern = NAMED_LINE if named else LINE
    last = -1
    values: dict[int, float] = {}
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        found = pattern.fullmatch(line)
        if not found:
            expected = "`picture.jpg intensity`" if named else "`frame,intensity`"
            hint = f"expected {expected}, an intensity being a whole number of {LOW} to {HIGH}"
            raise DataError(f"cannot be read: `{line[:60]}`", where=where, hint=hint)
        frame, value = int(found[1]), int(found[2])
        if frame in values:
            raise DataError(f"frame {frame} is given twice", where=where, hint="remove one of the two lines")
        if frame < last and not named:
            hint = "frames must rise from line to line"
            raise DataError(f"frame {frame} comes after frame {last}", where=where, hint=hint)
        if value not in missing and not LOW <= value <= HIGH:
            codes = f"; {', '.join(map(str, sorted(missing)))} means not known" if missing else ""
            hint = f"intensities are {LOW} to {HIGH}{codes}; nothing else is guessed at"
            raise DataError(f"{value} is no intensity", where=where, hint=hint)
        values[frame] = np.nan if value in missing else value
        last = frame
    if not values:
        raise DataError("an empty label file", where=str(path), hint="copy it anew from the distribution")
    frames = sorted(values)
    return Column(
        frame=np.array(frames, np.int64), value=np.array([values[one] for one in frames], np.float32)
    )
