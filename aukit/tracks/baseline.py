"""Person calibration: each AU less the person's own neutral value, beside the raw one.

`median`: the neutral value of a person is the median of the AU over all their rows with success in this video. It is
exact; one AU's column of the video is in memory at a time. It supposes that a person shows nothing most of the time.

A file: the mean of each AU over the rows of a CSV that have success. The file is a prediction of a neutral clip, or
one row of values by AU.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError
from aukit.tracks.spool import Spool

MEDIAN = "median"

_AU = re.compile(r"\s*AU(\d+)(_r)?\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """How a person's neutral value is found. `values`: those of a file, by AU; empty for the median."""

    source: str = MEDIAN
    values: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""

    def facts(self) -> dict[str, Any]:
        """For the sidecar."""
        if not self.values:
            return {"method": MEDIAN, "meaning": "median of a person's rows with success in this video"}
        return {
            "method": "file",
            "meaning": "mean of the file's rows with success",
            "name": self.source,
            "sha256": self.digest,
            "values": dict(self.values),
        }


def load_baseline(asked: str, aus: Sequence[str]) -> Baseline:
    """`median`, or the neutral values in a CSV file.

    Raises:
        DataError: the file is missing, holds no row, more than one face, no number where one is due, or lacks an AU.
    """
    if asked == MEDIAN:
        return Baseline()
    path = Path(asked)
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"the neutral values cannot be read: {error.strerror}",
            where=asked,
            hint="`--baseline` takes `median` or a CSV file",
        ) from error
    except UnicodeDecodeError:
        raise DataError(
            "not a text file", where=asked, hint="`--baseline` takes `median` or a CSV file"
        ) from None
    found = _means(asked, text)
    missing = [au for au in aus if au not in found]
    if missing:
        raise DataError(
            f"no neutral value of {', '.join(missing)}",
            where=asked,
            hint=f"predict the neutral clip with the same model, or add columns such as {missing[0]}",
            aus=tuple(missing),
        )
    return Baseline(
        source=path.name, values={au: found[au] for au in aus}, digest=hashlib.sha256(data).hexdigest()
    )


def neutral_values(baseline: Baseline, spool: Spool, aus: Sequence[str]) -> dict[int, NDArray[np.float32]]:
    """The neutral values (A,) of each face of a video; a face that never had success has none."""
    if baseline.values:
        fixed = np.array([baseline.values[au] for au in aus], np.float32)
        return {face: fixed for face, (_, success) in spool.faces.items() if success}
    found = {face: np.empty(len(aus), np.float32) for face, (_, success) in spool.faces.items() if success}
    for au in range(len(aus)):
        ids, values = spool.column(au)
        for face, neutral in found.items():
            neutral[au] = np.median(values[ids == face])
    return found


def spread(
    neutral: Mapping[int, NDArray[np.float32]], ids: NDArray[np.int64], aus: int
) -> NDArray[np.float32]:
    """Each row's neutral values (N,A): those of its face, NaN where it has none."""
    found = np.full((len(ids), aus), np.nan, np.float32)
    for face, values in neutral.items():
        found[ids == face] = values
    return found


def _means(where: str, text: str) -> dict[str, float]:
    """The mean of each AU over the rows with success of a CSV's text."""
    rows = csv.reader(text.splitlines())
    header = [name.strip() for name in next(rows, [])]
    columns = {
        f"AU{int(match[1]):02}": place
        for place, name in enumerate(header)
        if (match := _AU.fullmatch(name)) is not None
    }
    if not columns:
        raise DataError(
            "no column is an AU", where=f"{where}:1", hint="name the columns AU01, AU12 or AU01_r, AU12_r"
        )
    sums: dict[str, list[float]] = {au: [] for au in columns}
    faces: set[str] = set()
    for row in rows:
        line = f"{where}:{rows.line_num}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise DataError(f"{len(row)} cells under {len(header)} columns", where=line)
        if "success" in header and row[header.index("success")].strip() in ("0", "False", "false"):
            continue
        if "face_id" in header:
            faces.add(row[header.index("face_id")].strip())
        for au, place in columns.items():
            if row[place].strip():
                sums[au].append(_number(row[place], au, line))
    if len(faces) > 1:
        raise DataError(
            f"the neutral values are of {len(faces)} faces",
            where=where,
            hint="keep the rows of one `face_id`: a neutral file is one person's",
        )
    return {au: math.fsum(values) / len(values) for au, values in sums.items() if values}


def _number(cell: str, au: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"`{cell.strip()}` is no intensity of {au}", where=where, hint="give a number")
    return value
