"""A table as people save it: comma, semicolon or tab; the header in any order and case."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from aukit.errors import DataError
from aukit.ingest.reading.lines import read_text

DELIMITERS = ",;\t"
CLOSE = 0.75
"""How much a header looks like a known one where it is taken for a misspelling, not for a column of its own."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: `where` is `FILE:LINE`; `cells` maps a column's header, as it is written, to its stripped text."""

    where: str
    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """`columns` are the headers as they are written; `comma` is True where commas part the cells."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    comma: bool

    @property
    def where(self) -> str:
        """The header's place."""
        return f"{self.path}:1"


def read_table(path: Path) -> Table:
    """A CSV file. Blank lines and lines that begin with `#` are left out.

    Raises:
        DataError: with file and line: no text, no header, a column twice, a row with more or fewer cells than columns.
    """
    text = read_text(path)
    first = next((line for line in text.split("\n") if line.strip() and not line.startswith("#")), "")
    delimiter = max(DELIMITERS, key=lambda one: (first.count(one), -DELIMITERS.index(one)))
    header: list[str] = []
    rows: list[Row] = []
    for line, cells in _records(path, text, delimiter):
        where = f"{path}:{line}"
        if not header:
            header = _header(cells, where)
        else:
            rows.append(Row(where=where, line=line, cells=_cells(header, cells, where)))
    if not header:
        raise DataError("an empty table", where=str(path), hint="its first line names the columns")
    columns = tuple(name for name in header if name)
    return Table(path=path, columns=columns, rows=tuple(rows), comma=delimiter == ",")


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begin = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not stripped[0].startswith("#"):
                yield begin, stripped
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"cannot be read as a table: {error}", where=f"{path}:{begin}") from error


def _header(cells: list[str], where: str) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    lower = [cell.casefold() for cell in cells if cell]
    twice = sorted({name for name in lower if lower.count(name) > 1})
    if twice:
        raise DataError(
            f"the column `{twice[0]}` is there twice", where=where, hint="remove or rename one of them"
        )
    return cells


def _cells(header: Sequence[str], cells: list[str], where: str) -> dict[str, str]:
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    if len(cells) != len(header):
        raise DataError(
            f"{len(cells)} cells, but {len(header)} columns",
            where=where,
            hint="a name that holds a comma stands in quotation marks",
        )
    return {name: cell for name, cell in zip(header, cells, strict=True) if name}


def find_columns(
    table: Table,
    wanted: Collection[str],
    *,
    needed: Collection[str] = (),
    others: Callable[[str], bool] = lambda _: False,
) -> tuple[dict[str, str], tuple[str, ...]]:
    """`{wanted name: its header}`, whatever its case, and the headers that mean nothing here.

    `others` says which further headers have a meaning of their own.

    Raises:
        DataError: a needed column is not there, or a header looks like a misspelled one.
    """
    found = {name: column for column in table.columns for name in wanted if column.casefold() == name}
    unknown = tuple(column for column in table.columns if column not in found.values() and not others(column))
    for name in wanted:
        if name in found:
            continue
        close = [
            column for column in unknown if SequenceMatcher(a=column.casefold(), b=name).ratio() >= CLOSE
        ]
        if close:
            hint = f"did you mean `{name}`?"
            raise DataError(f"no column `{close[0]}` is known", where=table.where, hint=hint)
        if name in needed:
            hint = f"its columns are {', '.join(f'`{column}`' for column in table.columns)}"
            raise DataError(f"there is no column `{name}`", where=table.where, hint=hint)
    return found, unknown
