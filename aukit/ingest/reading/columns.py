"""Columns of single AUs side by side as the labels of one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aukit.contracts.data import FrameLabels
from aukit.ingest.reading.intensity_text import Column


def side_by_side(
    columns: Mapping[str, Column], aus: Sequence[str], *, notes: Sequence[str] = ()
) -> FrameLabels:
    """The labels of `aus`, in this order: a row for each frame that any column names, NaN where one does not.

    An AU without a column is NaN everywhere, and a note says so; so does one where columns name different frames.
    """
    notes = list(notes)
    absent = [au for au in aus if au not in columns]
    if absent and columns:
        notes.append(f"no label file of {', '.join(absent)}: not labelled")
    given = {au: columns[au] for au in aus if au in columns}
    empty = np.empty(0, np.int64)
    frame = np.unique(np.concatenate([empty, *(column.frame for column in given.values())]))
    intensity = np.full((len(frame), len(aus)), np.nan, np.float32)
    for number, au in enumerate(aus):
        if au in given:
            intensity[np.searchsorted(frame, given[au].frame), number] = given[au].value
    short = {au: len(frame) - len(column.frame) for au, column in given.items()}
    uneven = [f"{au} {count}" for au, count in short.items() if count]
    if uneven:
        notes.append(f"frames that other AUs have and this one lacks: {', '.join(uneven)}: not labelled")
    return FrameLabels(intensity=intensity, frame=frame, notes=tuple(notes))
