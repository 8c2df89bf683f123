"""Boxes from CSV files: a row a face, or OpenFace's own output."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aukit.builtin.locators import given
from aukit.builtin.locators.given import Given
from aukit.errors import DataError
from aukit.ingest.reading.lines import read_text

_DELIMITERS = ",;\t"
_BLANK = ("", "nan", "na")
_LANDMARKS = 68
# Of the 68: the rings around the person's right and left eye, the nose tip, the right and left corner of the mouth.
_POINTS = (range(36, 42), range(42, 48), (30,), (48,), (54,))


def read_table(path: Path, base: int | None) -> Iterator[Given]:
    """The rows of a CSV file; its header says in which layout they are.

    A row whose box is blank says that there is no face in its picture. Frames go before times where both are there.
    OpenFace's box is the extent of its 68 points, from eyebrows to chin; its failures (`success` 0) are no faces.

    Raises:
        DataError: with file and line: no text, no header, no such layout, a cell that is no number, no box.
    """
    text = read_text(path)
    first = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(_DELIMITERS, key=lambda one: (first.count(one), -_DELIMITERS.index(one)))
    rows = _records(path, text, delimiter)
    line, header = next(rows, (1, []))
    where = f"{path}:{line}"
    if not header:
        raise DataError("an empty file", where=str(path), hint="its first line names the columns")
    if "x_0" in header or "AU01_r" in header:
        return _openface(path, header, where, rows, 1 if base is None else base)
    return _plain(path, header, where, rows, base or 0)


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """`(line, cells)`; the header comes first, and later rows are as long as it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begin, columns = 1, 0
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                columns = columns or len(stripped)
                if len(stripped) != columns:
                    raise DataError(
                        f"{len(stripped)} cells, but {columns} columns",
                        where=f"{path}:{begin}",
                        hint="a name that holds a comma stands in quotation marks",
                    )
                yield begin, stripped
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"cannot be read as a table: {error}", where=f"{path}:{begin}") from error


def _plain(
    path: Path, header: Sequence[str], where: str, rows: Iterator[tuple[int, list[str]]], base: int
) -> Iterator[Given]:
    columns = _columns([name.casefold() for name in header], where)
    corners = next((names for names in given.CORNERS if columns.keys() >= set(names)), None)
    sizes = next((names for names in given.SIZES if columns.keys() >= set(names)), None)
    names = corners or sizes
    if names is None:
        raise DataError("no columns are a box", where=where, hint=given.LAYOUT_HINT)
    clock = _clock(columns, where)
    score = next((name for name in given.SCORES if name in columns), None)
    for line, cells in rows:
        where = f"{path}:{line}"
        box = [cells[columns[name]] for name in names]
        found = None
        if not all(cell.casefold() in _BLANK for cell in box):
            numbers = [given.number(cell, name, where) for cell, name in zip(box, names, strict=True)]
            sure = given.number(cells[columns[score]], score, where) if score else 1.0
            found = given.face(numbers, sure, where, sized=corners is None)
        place, seconds = _when(cells[columns[clock]], clock, base, where)
        video = cells[columns["video"]] if "video" in columns else ""
        yield Given(where=where, video=video, place=place, seconds=seconds, face=found)


def _openface(
    path: Path, header: Sequence[str], where: str, rows: Iterator[tuple[int, list[str]]], base: int
) -> Iterator[Given]:
    # Case matters here: `x_0` is a point in the picture, `X_0` one in space.
    columns = _columns(header, where)
    xs = [columns.get(f"x_{number}") for number in range(_LANDMARKS)]
    ys = [columns.get(f"y_{number}") for number in range(_LANDMARKS)]
    across, down = [x for x in xs if x is not None], [y for y in ys if y is not None]
    if len(across) != _LANDMARKS or len(down) != _LANDMARKS:
        hint = "let OpenFace write them with -2Dfp"
        raise DataError("OpenFace's file without its 68 points in the picture", where=where, hint=hint)
    clock = _clock(columns, where)
    for line, cells in rows:
        where = f"{path}:{line}"
        found = None
        if "success" not in columns or given.number(cells[columns["success"]], "success", where):
            x = [given.number(cells[column], header[column], where) for column in across]
            y = [given.number(cells[column], header[column], where) for column in down]
            name = "confidence"
            sure = given.number(cells[columns[name]], name, where) if name in columns else 1.0
            points = [
                (sum(x[i] for i in group) / len(group), sum(y[i] for i in group) / len(group))
                for group in _POINTS
            ]
            found = given.face((min(x), min(y), max(x), max(y)), sure, where, points=points)
        place, seconds = _when(cells[columns[clock]], clock, base, where)
        yield Given(where=where, video="", place=place, seconds=seconds, face=found)


def _columns(header: Sequence[str], where: str) -> dict[str, int]:
    columns: dict[str, int] = {}
    for number, name in enumerate(header):
        if name in columns and name:
            raise DataError(f"the column `{name[:40]}` is there twice", where=where)
        columns[name] = number
    return columns


def _clock(columns: Mapping[str, int], where: str) -> str:
    """The column that says which picture a row means."""
    for name in ("frame", *given.TIMES):
        if name in columns:
            return name
    hint = "add one: `frame`, a whole number, or `time`, in seconds"
    raise DataError("neither frames nor times are given", where=where, hint=hint)


def _when(cell: str, clock: str, base: int, where: str) -> tuple[int | None, float | None]:
    """A place or a time."""
    if clock == "frame":
        return given.place(cell, base, where), None
    return None, given.seconds(given.number(cell, clock, where), where)
