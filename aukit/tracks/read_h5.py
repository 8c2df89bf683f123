"""An HDF5 file of AU tracks as a table of columns, and a run's predictions as tracks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.evaluation import predictions
from aukit.tracks.cells import LARGEST
from aukit.tracks.columns import FORMAT, ORIGIN, VERSION

_HINT = "it may be cut short; predict again"


@dataclass(frozen=True, kw_only=True)
class H5Table:
    """The columns of an HDF5 file of tracks; words that are the same in each row are in `constant`."""

    path: Path
    columns: dict[str, NDArray[Any]]
    constant: dict[str, str]
    count: int

    def __len__(self) -> int:
        return self.count

    def where(self, row: int) -> str:
        """`FILE, row N`, from 1."""
        return f"{self.path}, row {row + 1}"

    def words(self, name: str) -> list[str]:
        """A column as text."""
        if name in self.constant:
            return [self.constant[name]] * self.count
        values = self.columns[name].tolist()
        return [
            value.decode("utf-8", "replace")
            if isinstance(value, bytes)
            else str(int(value))
            if isinstance(value, bool)
            else str(value)
            for value in values
        ]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as float64 (N,).

        Raises:
            DataError: it holds something else, or a number is infinite.
        """
        try:
            found = self.columns[name].astype(np.float64).reshape(self.count)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the column `{name}` does not hold numbers", where=str(self.path)) from error
        wrong = np.flatnonzero(np.abs(found) > LARGEST)
        if len(wrong):
            raise DataError(f"`{name}` is infinite", where=self.where(int(wrong[0])))
        return found


def is_predictions(path: Path) -> bool:
    """Whether an HDF5 file is a run's predictions, not a table of tracks.

    Raises:
        DataError: missing, or no HDF5 file.
    """
    with _open(path) as file:
        return bool(_text(file.attrs.get("format")) == predictions.FORMAT)


def read_h5(path: Path) -> tuple[tuple[str, ...], H5Table, dict[str, Any]]:
    """The names of the columns, the table, and the facts inside.

    Raises:
        DataError: missing, damaged, newer, or no tracks.
    """
    with _open(path) as file:
        if _text(file.attrs.get("format")) != FORMAT:
            raise DataError(
                "an HDF5 file, but no AU tracks", where=str(path), hint="what `aukit predict` writes"
            )
        if int(file.attrs.get("version", 0)) > VERSION:
            raise DataError("tracks of a newer aukit", where=str(path), hint="update aukit")
        try:
            columns = {name: file[name][()] for name in file if name != "facts"}
            facts = json.loads(bytes(file["facts"][()])) if "facts" in file else {}
            constant = {name: _text(file.attrs[name]) for name in ORIGIN if name in file.attrs}
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise DataError(f"damaged: {error}", where=str(path), hint=_HINT) from error
    columns = {name: values for name, values in columns.items() if getattr(values, "ndim", 0) == 1}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise DataError("its columns are of different lengths", where=str(path), hint=_HINT)
    table = H5Table(path=path, columns=columns, constant=constant, count=lengths.pop())
    return (*columns, *constant), table, facts


def predicted_tracks(path: Path) -> tuple[predictions.Predictions, dict[str, Tracks]]:
    """A run's predictions.h5, and its videos as tracks: one face a frame, without boxes.

    Raises:
        DataError: missing, damaged or newer.
    """
    found = predictions.read_predictions(path)
    videos = {}
    for video in found.videos:
        count = len(video.timestamps)
        videos[video.id] = Tracks(
            frame=np.arange(count),
            face_id=np.zeros(count, dtype=np.int64),
            timestamp=video.timestamps,
            confidence=np.full(count, np.nan, np.float32),
            success=np.asarray(np.isfinite(video.predictions).all(axis=1)),
            box=np.full((count, 4), np.nan, np.float32),
            pose=np.full((count, 3), np.nan, np.float32),
            intensity=video.predictions,
        )
    return found, videos


def _open(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except FileNotFoundError as error:
        raise DataError("there is no such file", where=str(path), hint="name a table of AU tracks") from error
    except OSError as error:
        raise DataError("not an HDF5 file, or cut short", where=str(path), hint=_HINT) from error


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
