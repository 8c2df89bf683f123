"""A CSV as columns of numbers and words, with the line of each row: whatever is wrong is named by file and line."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError

LARGEST = 1e30
"""What is larger is no number here: it would not fit float32."""
BLOCK = 4096
"""Rows whose text is in memory at once."""

_HINT = "a table of AU tracks: comma-separated, UTF-8, one header line, a row for each frame and face"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The names of the columns that are read, as numbers and as words."""

    numbers: frozenset[str]
    words: frozenset[str]


Choose = Callable[[tuple[str, ...], str], Wanted]
"""From a header, and where it is, to the columns that are wanted."""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The wanted columns of a CSV by name; `lines` is the line of each row."""

    path: Path
    columns: dict[str, NDArray[np.float64]]
    texts: dict[str, list[str]]
    lines: array[int]

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, row: int) -> str:
        """`FILE:LINE` of a row."""
        return f"{self.path}:{self.lines[row]}"

    def words(self, name: str) -> list[str]:
        """A column of words, stripped."""
        return self.texts[name]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of numbers, float64 (N,), NaN where a cell is empty or says NaN."""
        return self.columns[name]


def shortened(text: str, most: int = 40) -> str:
    """Text that may come from anywhere, fit for one line of a message."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: most + 1])
    return shown if len(text) <= most else shown[:most] + "…"


def read_cells(path: Path, choose: Choose) -> Cells:
    """Read the columns of a CSV that `choose` wants; it may raise what it likes.

    Raises:
        DataError: missing, not UTF-8, empty, a name twice, a row that is longer or shorter than the header, a cell in a
            column of numbers that is neither a number nor empty.
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


def _collect(path: Path, rows: Iterator[list[str]], choose: Choose, line: Callable[[], int]) -> Cells:
    header: tuple[str, ...] = ()
    for cells in rows:
        if any(cell.strip() for cell in cells):
            header = tuple(cell.strip() for cell in cells)
            break
    if not header:
        raise DataError("the file is empty", where=str(path), hint=_HINT)
    wanted = choose(header, f"{path}:{line()}")
    names = [name for name in header if name in wanted.numbers | wanted.words]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise DataError(f"two columns are called `{shortened(twice)}`", where=f"{path}:{line()}", hint=_HINT)
    waiting: dict[str, list[str]] = {name: [] for name in names}
    at = [(header.index(name), column) for name, column in waiting.items()]
    numbers: dict[str, array[float]] = {name: array("d") for name in names if name in wanted.numbers}
    words: dict[str, list[str]] = {name: [] for name in names if name in wanted.words}
    known: dict[str, str] = {}
    lines = array("q")

    def settle() -> None:
        """Text becomes numbers; of equal words one is kept."""
        for name, column in waiting.items():
            if name in numbers:
                numbers[name].extend(_floats(path, name, column, lines[len(numbers[name]) :]))
            else:
                words[name].extend(known.setdefault(word, word) for word in column)
            column.clear()

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
        for place, column in at:
            column.append(cells[place].strip())
        if len(lines) % BLOCK == 0:
            settle()
    settle()
    columns = {name: np.array(values, dtype=np.float64) for name, values in numbers.items()}
    return Cells(path=path, columns=columns, texts=words, lines=lines)


def _floats(path: Path, name: str, column: list[str], lines: Iterable[int]) -> list[float]:
    """The numbers of some cells; an empty one is NaN."""
    try:
        # float() also reads 1_000 and the digits of other scripts: neither is meant.
        text = "".join(column)
        if text.isascii() and "_" not in text:
            values = [float(cell) if cell else np.nan for cell in column]
            if not any(abs(value) > LARGEST for value in values):
                return values
    except ValueError:
        pass
    cell, line = next(pair for pair in zip(column, lines, strict=True) if not _is_number(pair[0]))
    raise DataError(
        f"`{shortened(cell)}` is no number",
        where=f"{path}:{line}",
        hint=f"in the column `{name}`; leave a cell empty where there is no value",
    )


def _is_number(cell: str) -> bool:
    if not cell:
        return True
    if not cell.isascii() or "_" in cell:
        return False
    try:
        return not abs(float(cell)) > LARGEST
    except ValueError:
        return False
