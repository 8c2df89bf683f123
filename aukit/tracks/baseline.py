"""Person calibration: each AU less the person's own neutral value, beside the raw one.

`median`: the neutral value of a person is the median of the AU over all their rows with success in this video. It is
exact; one AU's column of the video is in memory at a time. It supposes that a person shows nothing most of the time.

A file: the mean of each AU over the rows of a CSV that have success. The file is a prediction of a neutral clip, or
one row of values by AU.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.errors import DataError
from aukit.tracks.cells import Wanted, read_cells
from aukit.tracks.sidecar import file_digest
from aukit.tracks.spool import Section, Spool

MEDIAN = "median"

_AU = re.compile(r"AU(\d{1,2})(_r)?", re.IGNORECASE)


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
    found = _means(path)
    missing = [au for au in aus if au not in found]
    if missing:
        raise DataError(
            f"no neutral value of {', '.join(missing)}",
            where=asked,
            hint=f"predict the neutral clip with the same model, or add columns such as {missing[0]}",
            aus=tuple(missing),
        )
    return Baseline(source=path.name, values={au: found[au] for au in aus}, digest=file_digest(path))


def neutral_values(
    baseline: Baseline, spool: Spool, section: Section, aus: Sequence[str]
) -> dict[int, NDArray[np.float32]]:
    """The neutral values (A,) of each face of a video; a face that never had success has none."""
    faces = [face for face, (_, success) in section.faces.items() if success]
    if baseline.values:
        fixed = np.array([baseline.values[au] for au in aus], np.float32)
        return dict.fromkeys(faces, fixed)
    found = {face: np.empty(len(aus), np.float32) for face in faces}
    for au in range(len(aus)):
        ids, values = spool.column(section, au)
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


def _means(path: Path) -> dict[str, float]:
    """The mean of each AU over the rows with success of a CSV."""
    columns: dict[str, str] = {}

    def choose(header: tuple[str, ...], where: str) -> Wanted:
        for name in header:
            if match := _AU.fullmatch(name):
                au = f"AU{int(match[1]):02}"
                if au in columns:
                    raise DataError(
                        f"two columns are {au}: `{columns[au]}`, `{name}`", where=where, hint="keep one"
                    )
                columns[au] = name
        if not columns:
            raise DataError(
                "no column is an AU", where=where, hint="name the columns AU01_r or AU01, and so on"
            )
        return Wanted(numbers=frozenset({*columns.values(), "success"}), words=frozenset({"face_id"}))

    cells = read_cells(path, choose)
    good = np.ones(len(cells), bool)
    if "success" in cells.columns:
        good = cells.numbers("success") > 0
    if "face_id" in cells.texts:
        faces = set(np.array(cells.words("face_id"))[good].tolist())
        if len(faces) > 1:
            raise DataError(
                f"the neutral values are of {len(faces)} faces",
                where=str(path),
                hint="keep the rows of one `face_id`: a neutral file is one person's",
            )
    values = {au: cells.numbers(name)[good] for au, name in columns.items()}
    return {au: float(np.nanmean(found)) for au, found in values.items() if np.isfinite(found).any()}
