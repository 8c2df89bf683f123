"""The contract of data sets."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from aukit.contracts.data import Chunk, Source
from aukit.contracts.schema import ORIGINS, Schema
from aukit.testing.checks.recorded import check_recorded_dataset
from aukit.testing.contract import Make, require


def check_dataset(make: Make, *, root: Path | None = None, videos: int = 2) -> None:
    """A schema, and source videos that fit it. The first `videos` of them are read, twice.

    A data set of recordings, one with `recordings`, is tried on the files under `root`.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    dataset = make()
    if hasattr(dataset, "recordings"):
        require(root is not None, "it reads files: say where some are, options={'root': folder}")
        _check_schema(check_recorded_dataset(make, root=Path(root or "."), recordings=videos))
        return
    schema = dataset.schema
    require(
        isinstance(schema, Schema), f"its `schema` is a {type(schema).__name__}, expected an aukit.Schema"
    )
    _check_schema(schema)
    sources = list(dataset.videos(root))
    require(sources, "it has no videos")
    strange = [type(source).__name__ for source in sources if not isinstance(source, Source)]
    require(not strange, f"its videos are a {strange[:1]}, expected Source")
    names = [source.video for source in sources]
    require(len(set(names)) == len(names), "two videos have one name")
    again = [source.video for source in make().videos(root)]
    require(again == names, "asked again it gives other videos, or another order")
    for source in sources:
        require(
            source.subject, f"video `{source.video}` has no subject: without people there is no honest split"
        )
        known = not schema.subjects or source.subject in schema.subjects
        require(known, f"the subject `{source.subject}` is not in its schema")
        require(
            source.fps > 0 and np.isfinite(source.fps),
            f"video `{source.video}` has a frame rate of {source.fps}",
        )
    for source in islice(sources, videos):
        _check_video(source, schema)


def _check_schema(schema: Schema) -> None:
    require(
        schema.origin in ORIGINS, f"its origin is `{schema.origin}`, expected one of {', '.join(ORIGINS)}"
    )
    require(schema.fps > 0, f"its frame rate is {schema.fps}")
    require(len(set(schema.aus)) == len(schema.aus), "an AU is named twice")
    for au in schema.aus:
        require(len(au) >= 4 and au[:2] == "AU" and au[2:].isdigit(), f"`{au}` is no AU name such as `AU04`")


def _check_video(source: Source, schema: Schema) -> None:
    name = f"video `{source.video}`"
    chunks = list(source.read())
    require(chunks, f"{name} has no frames")
    for chunk in chunks:
        _check_chunk(chunk, name, len(schema.aus))
    frames = np.concatenate([chunk.frames for chunk in chunks])
    require(
        source.length in (0, len(frames)),
        f"{name} says it has {source.length} frames and gives {len(frames)}",
    )
    times = np.concatenate([chunk.timestamp for chunk in chunks])
    index = np.concatenate([chunk.frame_index for chunk in chunks])
    require(
        (np.diff(times) > 0).all() and (np.diff(index) > 0).all(),
        f"the times or numbers of {name} do not rise",
    )
    labels = np.concatenate([chunk.intensity for chunk in chunks])
    require(
        not ((labels < 0) | (labels > 5)).any(),
        f"an intensity of {name} is outside 0..5; NaN is not labelled",
    )
    second = list(source.read())
    same = np.array_equal(np.concatenate([chunk.frames for chunk in second]), frames) and np.array_equal(
        np.concatenate([chunk.intensity for chunk in second]), labels, equal_nan=True
    )
    require(same, f"{name} is another one when it is read again")


def _check_chunk(chunk: Any, name: str, aus: int) -> None:
    require(isinstance(chunk, Chunk), f"{name} yields a {type(chunk).__name__}, expected a Chunk")
    frames = chunk.frames
    pictures = frames.dtype == np.uint8 and frames.ndim == 4 and frames.shape[3] == 3
    require(pictures, f"frames of {name} are {frames.dtype} {frames.shape}, expected uint8 (T,H,W,3)")
    count = len(frames)
    expected: dict[str, tuple[Any, type, tuple[int, ...]]] = {
        "timestamp": (chunk.timestamp, np.float64, (count,)),
        "frame_index": (chunk.frame_index, np.int64, (count,)),
        "intensity": (chunk.intensity, np.float32, (count, aus)),
    }
    for column, (values, dtype, shape) in expected.items():
        fits = values.dtype == dtype and values.shape == shape
        found = f"{values.dtype} {values.shape}"
        require(fits, f"`{column}` of {name} is {found}, expected {np.dtype(dtype)} {shape}")
