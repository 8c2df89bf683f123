"""The labels of own videos: a row a labelled frame, a column an AU, blank where nothing is known."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aukit.contracts.data import FrameLabels
from aukit.errors import DataError
from aukit.ingest.reading.table import Row, Table, find_columns, read_table
from aukit.ingest.reading.video_names import VideoNames

TIMES = ("time", "seconds", "timestamp")
BLANK = ("", "na", "nan")
AU = re.compile(r"au[ _-]?0*([1-9][0-9]?)", re.IGNORECASE | re.ASCII)
NEARLY_AU = re.compile(r"au[ _-]?[0-9oO].*", re.IGNORECASE | re.ASCII)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"([0-9]{1,15})([.,]0*)?", re.ASCII)
"""Frames, also as a spreadsheet saves a column of them that has gaps: `12.0`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels:
    """The labels of each video that has any, by its name; `aus` in the order of their numbers."""

    aus: tuple[str, ...]
    videos: dict[str, FrameLabels]
    notes: tuple[str, ...]


def read_labels(path: Path, names: VideoNames, *, first_frame: int = 0) -> Labels:
    """A label file. Rows may come in any order. Intensities are 0 to 5, fractions too: a mean of coders is no error.

    Where there are a frame and a time, the frame counts.

    Raises:
        DataError: with file and line: no such column or video, no AU, an AU twice, a cell that is no number or no
            intensity, a frame before the first, one frame of a video twice.
    """
    table = read_table(path)
    columns, unknown = find_columns(
        table,
        ("video", "frame", *TIMES),
        needed=("video",),
        others=lambda name: bool(NEARLY_AU.fullmatch(name)),
    )
    aus = _au_columns(table)
    clock = next((columns[name] for name in ("frame", *TIMES) if name in columns), None)
    if clock is None:
        hint = "add one: `frame`, a whole number, or `time`, in seconds"
        raise DataError("neither frames nor times are given", where=table.where, hint=hint)
    by_frame = clock == columns.get("frame")
    seen: dict[str, dict[float, int]] = defaultdict(dict)
    rows: dict[str, list[tuple[float, list[float]]]] = defaultdict(list)
    for row in table.rows:
        video = names.find(row.cells[columns["video"]], row.where)
        at = _frame(row, clock, first_frame) if by_frame else _seconds(row, clock, table.comma)
        if at in seen[video]:
            what = f"frame {at:g}" if by_frame else f"second {at:g}"
            raise DataError(
                f"{what} of `{video}` is labelled twice, first in line {seen[video][at]}",
                where=row.where,
                hint="a frame has one row; where two people coded it, give their mean",
            )
        seen[video][at] = row.line
        rows[video].append((at, [_intensity(row, column, table.comma) for column in aus.values()]))
    notes = tuple(f"{path.name}: the column `{column}` is not read" for column in unknown)
    found = {video: _labels(sorted(cells), by_frame) for video, cells in sorted(rows.items())}
    return Labels(aus=tuple(aus), videos=found, notes=notes)


def _au_columns(table: Table) -> dict[str, str]:
    """`{AU name: header}`, in order of the AUs' numbers."""
    found: dict[str, str] = {}
    for column in table.columns:
        name = AU.fullmatch(column)
        if not name and NEARLY_AU.fullmatch(column):
            raise DataError(
                f"`{column}` is no AU", where=table.where, hint="AUs are named like `AU04` or `AU4`"
            )
        if name:
            au = f"AU{int(name[1]):02d}"
            if au in found:
                raise DataError(f"`{column}` and `{found[au]}` are both {au}", where=table.where)
            found[au] = column
    if not found:
        raise DataError("no column is an AU", where=table.where, hint="AUs are named like `AU04` or `AU4`")
    return dict(sorted(found.items()))


def _frame(row: Row, column: str, first: int) -> int:
    cell = row.cells[column]
    whole = WHOLE.fullmatch(cell)
    if not whole:
        raise DataError(f"`{cell[:40]}` is no frame", where=row.where, hint="frames are whole numbers")
    if int(whole[1]) < first:
        hint = f"frames are counted from {first}; if the file counts from 0, set first_frame = 0"
        raise DataError(f"there is no frame {cell}", where=row.where, hint=hint)
    return int(whole[1])


def _seconds(row: Row, column: str, comma: bool) -> float:
    value = _number(row, column, comma)
    if not value >= 0:
        raise DataError(
            f"`{row.cells[column][:40]}` is no time", where=row.where, hint="times are seconds, from 0"
        )
    return value


def _intensity(row: Row, column: str, comma: bool) -> float:
    value = _number(row, column, comma)
    if value < 0 or value > 5:
        raise DataError(
            f"{column} is {row.cells[column][:40]}: no intensity",
            where=row.where,
            hint="intensities are 0 to 5; leave the cell blank where it is not known",
        )
    return value


def _number(row: Row, column: str, comma: bool) -> float:
    """A cell as a number; NaN where it is blank. Where no comma parts the cells, it may be the decimal sign."""
    cell = row.cells[column]
    if cell.casefold() in BLANK:
        return math.nan
    text = cell if comma else cell.replace(",", ".")
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise DataError(f"{column} is `{cell[:40]}`: no number", where=row.where)
    return float(text)


def _labels(rows: list[tuple[float, list[float]]], by_frame: bool) -> FrameLabels:
    at = [one for one, _ in rows]
    intensity = np.array([values for _, values in rows], np.float32)
    if by_frame:
        return FrameLabels(intensity=intensity, frame=np.array(at, np.int64))
    return FrameLabels(intensity=intensity, seconds=np.array(at, np.float64))
