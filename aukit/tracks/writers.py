"""Writing a tracks file as CSV, Parquet or HDF5: row after row, under a temporary name that is renamed when whole."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aukit.errors import MissingExtraError, UsageError, did_you_mean
from aukit.rundir.atomic import plain, storage
from aukit.tracks.columns import FORMAT, VERSION, Column, Layout

Append = Callable[[Mapping[str, Any]], None]
"""Adds rows: what `Layout.values` gives."""


@contextmanager
def open_writer(path: Path, layout: Layout, facts: Mapping[str, Any], *, rows: int) -> Iterator[Append]:
    """A new file, in the format that its name's end says; it appears when the block ends well.

    Args:
        path: ends in .csv, .parquet or .h5. A file that is there is replaced.
        layout: the columns.
        facts: the sidecar's document; Parquet and HDF5 carry it inside, too.
        rows: the most that will be written.

    Raises:
        UsageError: another suffix.
        MissingExtraError: Parquet without pyarrow.
        StorageError: the disk is full or the folder cannot be written; an old file is untouched.
    """
    write = _FORMATS[format_of(path)]
    part = path.with_name(f".{path.name}.part")
    with storage(path):
        try:
            with write(part, layout, json.dumps(plain(facts), ensure_ascii=False), rows) as append:
                yield append
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def format_of(path: Path) -> str:
    """`csv`, `parquet` or `h5`: what a file's name says.

    Raises:
        UsageError: something else.
        MissingExtraError: Parquet without pyarrow.
    """
    name = path.suffix.lower().lstrip(".")
    if name not in _FORMATS:
        known = ", ".join(f".{one}" for one in _FORMATS)
        raise UsageError(
            f"cannot write tracks as `{path.suffix}`" if name else "the file's name does not say its format",
            where=str(path),
            hint=f"{did_you_mean(name, _FORMATS)} ({known})" if name else f"let it end in one of {known}",
        )
    if name == "parquet":
        _pyarrow()
    return name


@contextmanager
def _csv(part: Path, layout: Layout, facts: str, rows: int) -> Iterator[Append]:
    """Commas without spaces, LF, empty where there is no value; the facts are in the sidecar alone."""
    del facts, rows
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(layout.names)

        def append(values: Mapping[str, Any]) -> None:
            count = len(values["frame"])
            writer.writerows(
                zip(*(_texts(column, values[column.name], count) for column in layout.columns), strict=True)
            )

        yield append


def _texts(column: Column, values: Any, count: int) -> list[str]:
    if isinstance(values, str):
        return [values] * count
    if column.type == "bool":
        return ["1" if value else "0" for value in values]
    if column.type == "int64":
        return [str(value) for value in values.tolist()]
    # `z`: no minus sign before what is rounded to zero.
    shape = f"{{:z.{column.digits}f}}".format
    whole = np.isfinite(values)
    return [shape(value) if ok else "" for value, ok in zip(values.tolist(), whole, strict=True)]


@contextmanager
def _parquet(part: Path, layout: Layout, facts: str, rows: int) -> Iterator[Append]:
    """A row group a block; a missing value is null; the facts are under the key `aukit` of the file's metadata."""
    del rows
    pa, pq = _pyarrow()
    types = {"text": pa.string(), "bool": pa.bool_()}
    fields = [
        pa.field(
            column.name,
            types[column.type] if column.type in types else pa.from_numpy_dtype(np.dtype(column.type)),
            metadata={"meaning": column.meaning},
        )
        for column in layout.columns
    ]
    schema = pa.schema(fields, metadata={"aukit": facts})
    with pq.ParquetWriter(part, schema) as writer:

        def append(values: Mapping[str, Any]) -> None:
            count = len(values["frame"])
            arrays = [
                pa.array([value] * count, field.type)
                if isinstance(value := values[field.name], str)
                else pa.array(np.ascontiguousarray(value), field.type, from_pandas=True)
                for field in fields
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield append


@contextmanager
def _hdf5(part: Path, layout: Layout, facts: str, rows: int) -> Iterator[Append]:
    """A data set a column, with its meaning as attribute; a word that is the same in each row is an attribute of the
    file. The facts are JSON (UTF-8) in the data set `facts`.
    """
    columns = [column for column in layout.columns if column.type != "text"]
    _reserve(part, len(facts) + sum(np.dtype(column.type).itemsize for column in columns) * rows)
    with h5py.File(part, "w") as file:
        file.attrs.update({"format": FORMAT, "version": VERSION, "aus": list(layout.aus)})
        file.attrs.update({"origin": layout.origin, "model_origin": layout.model_origin})
        file.create_dataset("facts", data=np.frombuffer(facts.encode(), np.uint8))
        for column in columns:
            made = file.create_dataset(
                column.name,
                shape=(0,),
                maxshape=(None,),
                dtype=column.type,
                chunks=(4096,),
                compression="gzip",
                shuffle=True,
            )
            made.attrs["meaning"] = column.meaning

        def append(values: Mapping[str, Any]) -> None:
            for column in columns:
                data = file[column.name]
                start = len(data)
                data.resize((start + len(values["frame"]),))
                data[start:] = values[column.name]

        yield append


def _reserve(part: Path, size: int) -> None:
    """Fail here if there is no room: HDF5 cannot let go of a file on a full disk, and crashes when the program ends."""
    block = bytes(1 << 20)
    with part.open("wb") as file:
        for _ in range(size // len(block) + 1):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError(
            "Parquet files need pyarrow", hint="pip install 'aukit[parquet]', or write .csv"
        ) from None
    return pyarrow, pyarrow.parquet


_FORMATS: Mapping[str, Callable[[Path, Layout, str, int], AbstractContextManager[Append]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "h5": _hdf5,
}
FORMATS = tuple(_FORMATS)
