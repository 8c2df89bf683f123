"""A table of text cells with the line of each row, so that whatever is wrong can be named by file and line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError

LARGEST = 1e30
"""What is larger is no number here: it would not fit float32."""

_HINT = "a table of AU tracks: comma-separated, UTF-8, one header line, a row for each frame and face"


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The wanted columns of a CSV: `columns` by name, each a list of stripped text; `lines` the line of each row.

    `header` is the whole header, names stripped: OpenFace writes a space after each comma.
    """

    path: Path
    header: tuple[str, ...]
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, row: int) -> str:
        """`FILE:LINE` of a row."""
        return f"{self.path}:{self.lines[row]}"

    def words(self, name: str) -> list[str]:
        """A column as text."""
        return self.columns[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as float64 (N,), NaN where a cell is empty or says NaN.

        Raises:
            DataError: a cell is neither, or infinite or nearly so; with file and line.
        """
        column = self.columns[name]
        try:
            if not "".join(column).replace("_", "\u00a0").isascii():
                raise ValueError  # float() also reads 1_000 and the digits of other scripts
            values = np.array([float(cell) if cell else np.nan for cell in column], dtype=np.float64)
            if not (np.abs(values) > LARGEST).any():
                return values
        except (ValueError, OverflowError):
            pass
        row = next(row for row, cell in enumerate(column) if not _is_number(cell))
        raise DataError(
            f"`{shortened(column[row])}` is no number",
            where=self.where(row),
            hint=f"in the column `{name}`; leave a cell empty where there is no value",
        )


def shortened(text: str, most: int = 40) -> str:
    """Text that may come from anywhere, fit for one line of a message."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: most + 1])
    return shown if len(text) <= most else shown[:most] + "…"


def _is_number(cell: str) -> bool:
    if not cell:
        return True
    if not cell.isascii() or "_" in cell:
        return False
    try:
        return not abs(float(cell)) > LARGEST
    except ValueError:
        return False


Choice = Callable[[tuple[str, ...], str], set[str]]
"""From a header, and where it is, to the names of the columns that are wanted."""


def read_cells(path: Path, choose: Choice) -> Cells:
    """Read the columns of a CSV that `choose` wants; it may raise what it likes.

    Raises:
        DataError: missing, not UTF-8, empty, a name twice, a row that is longer or shorter than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, strict=True)
            return _collect(path, rows, choose, lambda: rows.line_num)
    except FileNotFoundError as error:
        raise DataError("there is no such file", where=str(path), hint="name a table of AU tracks") from error
    except IsADirectoryError as error:
        raise DataError("a folder, not a table", where=str(path), hint="name one of its files") from error
    except PermissionError as error:
        raise DataError("may not be read", where=str(path), hint="check its permissions") from error
    except UnicodeDecodeError as error:
        raise DataError("not a text file in UTF-8", where=str(path), hint=_HINT) from error
    except csv.Error as error:
        raise DataError(f"not a CSV: {error}", where=f"{path}:{rows.line_num}", hint=_HINT) from error


def _collect(path: Path, rows: Iterator[list[str]], choose: Choice, line: Callable[[], int]) -> Cells:
    header: tuple[str, ...] = ()
    for cells in rows:
        if any(cell.strip() for cell in cells):
            header = tuple(cell.strip() for cell in cells)
            break
    if not header:
        raise DataError("the file is empty", where=str(path), hint=_HINT)
    wanted = choose(header, f"{path}:{line()}")
    at = [place for place, name in enumerate(header) if name in wanted]
    names = [header[place] for place in at]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise DataError(f"two columns are called `{shortened(twice)}`", where=f"{path}:{line()}", hint=_HINT)
    columns: list[list[str]] = [[] for _ in at]
    lines: list[int] = []
    for cells in rows:
        if len(cells) != len(header):
            if not any(cell.strip() for cell in cells):
                continue
            raise DataError(
                f"{len(cells)} cells, the header has {len(header)}",
                where=f"{path}:{line()}",
                hint="the row may be cut short, or hold a comma that is not in quotes",
            )
        lines.append(line())
        for column, place in zip(columns, at, strict=True):
            column.append(cells[place].strip())
    return Cells(path=path, header=header, columns=dict(zip(names, columns, strict=True)), lines=lines)
