"""predictions.h5: what a model said of each frame, with labels and times, so that every number can be
computed again.

A group a video, named by its id, holds `prediction` (float32 T A), `labels` (float32 T A, NaN where not
labelled) and `timestamp` (float64 T, seconds), and the attributes `subject` and `fold`. The root's attributes
are `format`, `version`, `aus`, `origin`, `model`, and what else the writer was told.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError, StorageError

FORMAT = "aukit predictions"
VERSION = 1

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class VideoPrediction:
    """One video: predictions and labels `(T,A)`, NaN where missing or not labelled, and times `(T,)` in
    seconds.
    """

    id: str
    subject: str
    timestamps: NDArray[np.float64]
    predictions: Floats
    labels: Floats
    fold: int = 1


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """A whole file. `facts` are further attributes: the predictor's mode, window, seconds per frame and so
    on.
    """

    aus: tuple[str, ...]
    origin: str
    model: str
    videos: tuple[VideoPrediction, ...]
    facts: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def video(self, id: str) -> VideoPrediction:
        """The video of that id; KeyError where there is none."""
        for video in self.videos:
            if video.id == id:
                return video
        raise KeyError(id)


def write_predictions(
    path: Path,
    videos: Iterable[VideoPrediction],
    *,
    aus: Iterable[str],
    origin: str,
    model: str,
    facts: Mapping[str, str | int | float | bool] | None = None,
) -> None:
    """Write predictions.h5 under a temporary name that is renamed when whole.

    The file is laid out in memory first (a float for each frame and AU is little): HDF5 cannot let go of a file on
    a disk that is full, and crashes when the program ends.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    part, laid_out = path.with_name(path.name + ".part"), io.BytesIO()
    try:
        with h5py.File(laid_out, "w") as file:
            file.attrs.update(
                {"format": FORMAT, "version": VERSION, "aus": list(aus), "origin": origin, "model": model}
            )
            file.attrs.update(facts or {})
            for video in videos:
                group = file.create_group(video.id)
                group.attrs.update({"subject": video.subject, "fold": video.fold})
                for name, values in (("prediction", video.predictions), ("labels", video.labels)):
                    group.create_dataset(
                        name, data=np.asarray(values, dtype=np.float32), compression="gzip", shuffle=True
                    )
                group.create_dataset("timestamp", data=np.asarray(video.timestamps, dtype=np.float64))
        part.write_bytes(laid_out.getbuffer())
        os.replace(part, path)
    except OSError as error:
        raise StorageError(
            f"cannot write predictions: {error}", where=str(path), hint="free some space"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def read_predictions(path: Path, known: dict[bytes, Floats] | None = None) -> Predictions:
    """Read a predictions file whole: a float for each frame and AU, so even a large test set is a few
    megabytes.

    known: labels read before, by a digest of how they are stored. What is there is neither unpacked nor kept again: the
    files of runs with the same test people share their labels.

    Raises:
        DataError: the file is missing, damaged, newer, or no predictions file.
    """
    if not path.exists():
        raise DataError(
            "there is no predictions file", where=str(path), hint="a run writes it when it evaluates"
        )
    try:
        with h5py.File(path, "r") as file:
            facts = {name: _plain(value) for name, value in file.attrs.items()}
            if facts.pop("format", "") != FORMAT:
                raise DataError(
                    "not a file of aukit's predictions", where=str(path), hint="give a run's predictions.h5"
                )
            version = facts.pop("version")
            if version > VERSION:
                raise DataError(
                    f"predictions of version {version}, this aukit reads {VERSION}",
                    where=str(path),
                    hint="update aukit",
                )
            found: list[VideoPrediction] = []
            file.visititems(lambda name, item: _collect(found, name, item, {} if known is None else known))
            return Predictions(
                aus=tuple(facts.pop("aus")),
                origin=facts.pop("origin"),
                model=facts.pop("model"),
                videos=tuple(found),
                facts=facts,
            )
    except (OSError, KeyError) as error:
        raise DataError(
            f"cannot read predictions: {error}", where=str(path), hint="it may be cut short; evaluate again"
        ) from error


def _collect(found: list[VideoPrediction], name: str, item: Any, known: dict[bytes, Floats]) -> None:
    if isinstance(item, h5py.Group) and "prediction" in item:
        found.append(
            VideoPrediction(
                id=name,
                subject=str(item.attrs["subject"]),
                fold=int(item.attrs["fold"]),
                timestamps=item["timestamp"][:],
                predictions=item["prediction"][:],
                labels=_labels(item["labels"], known),
            )
        )


def _labels(stored: Any, known: dict[bytes, Floats]) -> Floats:
    digest = hashlib.sha256(str((stored.shape, stored.chunks)).encode())
    for number in range(stored.id.get_num_chunks()):
        place = stored.id.get_chunk_info(number).chunk_offset
        digest.update(str(place).encode() + stored.id.read_direct_chunk(place)[1])
    key = digest.digest()
    if key not in known:
        known[key] = stored[:]
    return known[key]


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
