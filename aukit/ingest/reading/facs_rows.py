"""Label files of one frame: a row an active AU, `AU intensity side1 side2`, in scientific notation."""

from __future__ import annotations

import re
from pathlib import Path

from aukit.errors import DataError
from aukit.ingest.reading.lines import read_lines

NUMBER = r"[+-]?[0-9]{1,9}(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
ROW = re.compile(rf"({NUMBER})[ \t,]+({NUMBER})(?:[ \t,]+{NUMBER}){{0,2}}")
LOW, HIGH = 0, 5


def read_rows(path: Path) -> dict[int, int]:
    """`{AU: intensity}` of the AUs that a file lists; of an empty one, nothing: the frame was coded and shows none.

    Raises:
        DataError: with file and line: no text, a row that is not two to four numbers, an intensity that is no
            whole number of 0 to 5, an AU that is listed twice with two intensities.
    """
    found: dict[int, int] = {}
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        row = ROW.fullmatch(line)
        if not row:
            hint = "expected `AU intensity side1 side2`"
            raise DataError(f"cannot be read: `{line[:60]}`", where=where, hint=hint)
        au, value = float(row[1]), float(row[2])
        if not (1 <= au <= 99 and au.is_integer()):
            raise DataError(f"{row[1]} is no AU", where=where, hint="AUs are whole numbers of 1 to 99")
        if not (LOW <= value <= HIGH and value.is_integer()):
            hint = f"intensities are whole numbers of {LOW} to {HIGH}; nothing else is guessed at"
            raise DataError(f"{row[2]} is no intensity", where=where, hint=hint)
        if found.setdefault(int(au), int(value)) != int(value):
            hint = "which of the two holds is not known: mend the file"
            raise DataError(f"AU{int(au)} has two intensities", where=where, hint=hint)
    return found
