"""The names and the layout of a clip store, version 1.

One HDF5 file. Its attributes say what it holds; `schema` keeps the data set's schema, so that protocols
travel along. Each video is a group under `videos`, in the order of its attribute `order`:

    frames        uint8 (T,H,W,3)   raw: contiguous, or whole frames a chunk where the length was not known
    jpeg, offsets uint8 (bytes,), int64 (T+1,)   instead of `frames`: frame t is jpeg[offsets[t]:offsets[t+1]]
    intensity     float32 (T,A)     FACS 0-5, NaN where unlabelled
    timestamp     float64 (T,)      seconds
    frame_index   int64 (T,)        the source's own counting
    valid         bool (T,)         False where no face was found
    face_box      float32 (T,4)     x0 y0 x1 y1 in source pixels, NaN where no locator was at work
    face_score    float32 (T,)      the same

A video's attributes are `order`, `subject`, `session`, `fps`, `digest`; in a file that holds several data sets, also
`data_set`, which then stands before the file's, and `people_of`, likewise before the schema's; in one that `aukit
prepare` wrote, also `prepared`, JSON with what was found in the video and a digest of all that made it so.

Text is stored with a fixed length: reading variable-length text from several threads crashes in HDF5 2.0.0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.schema import Schema, Split, SplitSizes

FORMAT = "aukit clip store"
VERSION = 1
ENCODINGS = ("raw", "jpeg")
VIDEOS = "videos"
SCHEMA = "schema"
CHUNK_FRAMES = 16
"""Whole frames in a chunk, where the length of a video is not known before writing."""
CHUNK_BYTES = 1 << 18
"""Bytes in a chunk of a JPEG blob."""
GAP = 1.5
"""A step in time longer than this many frame intervals is a gap."""


def group_name(video: str) -> str:
    """A video's name as an HDF5 link: no slash, never `.` or `..`."""
    return quote(video, safe=" ").replace(".", "%2E")


def video_name(group: str) -> str:
    """The inverse of `group_name`."""
    return unquote(group)


def segments(
    timestamp: NDArray[np.float64], frame_index: NDArray[np.int64], valid: NDArray[np.bool_], fps: float
) -> tuple[tuple[int, int], ...]:
    """The runs `(start, stop)` without a gap: every frame valid, consecutive in the source and in time."""
    length = len(timestamp)
    if length == 0:
        return ()
    joined = (np.diff(frame_index) == 1) & (np.diff(timestamp) <= GAP / fps) & valid[1:] & valid[:-1]
    edges = np.flatnonzero(~joined) + 1
    starts = np.concatenate(([0], edges))
    stops = np.concatenate((edges, [length]))
    return tuple((int(a), int(b)) for a, b in zip(starts, stops, strict=True) if valid[a])


def schema_to_json(schema: Schema) -> str:
    """A schema as text; `schema_from_json` reads it back equal."""
    table = {name: getattr(schema, name) for name in Schema.__dataclass_fields__}
    table["splits"] = {name: [_fold_table(fold) for fold in folds] for name, folds in schema.splits.items()}
    return json.dumps(table)


def schema_from_json(text: str) -> Schema:
    """The schema a store carries."""
    table: dict[str, Any] = json.loads(text)
    table["aus"] = tuple(table["aus"])
    table["subjects"] = tuple(table["subjects"])
    table["splits"] = {name: tuple(_fold(fold) for fold in folds) for name, folds in table["splits"].items()}
    # A later aukit may have written facts that this one does not know.
    return Schema(**{name: value for name, value in table.items() if name in Schema.__dataclass_fields__})


def _fold_table(fold: Split | SplitSizes) -> dict[str, Any]:
    return {part: getattr(fold, part) for part in ("train", "validation", "test")}


def _fold(table: Mapping[str, Any]) -> Split | SplitSizes:
    if isinstance(table["train"], int):
        return SplitSizes(**table)
    return Split(**{part: tuple(people) for part, people in table.items()})
