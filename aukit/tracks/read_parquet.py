"""A Parquet file of AU tracks as a table of columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError, MissingExtraError
from aukit.tracks.cells import LARGEST


@dataclass(frozen=True, kw_only=True)
class ParquetTable:
    """The columns of a Parquet file; nulls are NaN, or empty text."""

    path: Path
    file: Any

    def __len__(self) -> int:
        return int(self.file.num_rows)

    def where(self, row: int) -> str:
        """`FILE, row N`, from 1."""
        return f"{self.path}, row {row + 1}"

    def words(self, name: str) -> list[str]:
        """A column as text."""
        return ["" if value is None else _word(value) for value in self.file.column(name).to_pylist()]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as float64 (N,), NaN where there is none.

        Raises:
            DataError: the column holds something else, or a number is infinite.
        """
        values = [np.nan if value is None else value for value in self.file.column(name).to_pylist()]
        try:
            found = np.array(values, dtype=np.float64).reshape(len(self))
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"the column `{name}` does not hold numbers", where=str(self.path)) from error
        wrong = np.flatnonzero(np.abs(found) > LARGEST)
        if len(wrong):
            raise DataError(f"`{name}` is infinite", where=self.where(int(wrong[0])))
        return found


def _word(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def read_parquet(path: Path) -> tuple[tuple[str, ...], ParquetTable, dict[str, Any]]:
    """The names of the columns, the table, and the facts inside.

    Raises:
        DataError: the file is missing or no Parquet file.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError(
            "reading Parquet needs pyarrow", hint="pip install 'aukit[parquet]'"
        ) from error
    try:
        file = pyarrow.parquet.read_table(path)
    except FileNotFoundError as error:
        raise DataError("there is no such file", where=str(path), hint="name a table of AU tracks") from error
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"not a Parquet file: {error}", where=str(path), hint="it may be cut short"
        ) from error
    try:
        facts = json.loads((file.schema.metadata or {}).get(b"aukit", b"{}"))
    except ValueError as error:
        raise DataError("its facts are no JSON", where=str(path), hint="predict again") from error
    return tuple(file.column_names), ParquetTable(path=path, file=file), facts
