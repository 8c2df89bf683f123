"""Is a clip store whole? Its structure, shapes, times, labels and every frame, and what it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aukit.clips import format as layout
from aukit.clips.reader import ClipStore, attributes
from aukit.contracts.schema import ORIGINS
from aukit.errors import DataError

BLOCK = 256
"""Frames read at once."""


@dataclass(frozen=True)
class StoreReport:
    """What is wrong with a store, one sentence each, and what it holds (plain JSON)."""

    problems: tuple[str, ...]
    facts: dict[str, Any]


def check_store(path: str | Path) -> StoreReport:
    """Read a whole store and report on it.

    Raises:
        DataError: it cannot be opened as a clip store at all.
    """
    store = ClipStore(path)
    file = store.file
    problems: list[str] = []
    if store.origin not in ORIGINS:
        problems.append(f"unknown origin {store.origin!r}")
    if len(set(store.aus)) < len(store.aus):
        problems.append("two columns have one AU name")
    if layout.VIDEOS not in file or not len(file[layout.VIDEOS]):
        problems.append("no videos")
    groups = file.get(layout.VIDEOS, {})
    for name in groups:
        found = list(_video_problems(store, groups[name], layout.video_name(name)))
        problems += [f"video {layout.video_name(name)!r}: {text}" for text in found]
    return StoreReport(tuple(problems), _facts(store) if not problems else {})


def _video_problems(store: ClipStore, group: h5py.Group, video: str) -> Iterator[str]:
    facts = attributes(group)
    missing = [name for name in ("order", "subject", "session", "fps", "digest") if name not in facts]
    missing += [name for name in _columns(len(store.aus)) if name not in group]
    missing += [
        name
        for name in (("jpeg", "offsets") if store.encoding == "jpeg" else ("frames",))
        if name not in group
    ]
    if missing:
        yield f"lacks {', '.join(missing)}"
        return
    length = len(group["timestamp"])
    if not facts["fps"] > 0:
        yield f"a frame rate of {facts['fps']}"
    for name, (kind, width) in _columns(len(store.aus)).items():
        values = group[name]
        if values.shape != (length, *width) or values.dtype.kind != kind:
            yield f"`{name}` is {values.dtype} {values.shape}, {length} frames were due"
            return
    if not (np.diff(group["timestamp"][()]) > 0).all():
        yield "timestamps do not rise"
    if not (np.diff(group["frame_index"][()]) > 0).all():
        yield "frame indices do not rise"
    labels = group["intensity"][()]
    if ((labels < 0) | (labels > 5)).any():
        yield "an intensity outside 0..5"
    yield from (
        _jpeg_problems(group, length) if store.encoding == "jpeg" else _raw_problems(store, group, length)
    )
    for start in range(0, length, BLOCK):
        try:
            frames = store.frames(video, start, min(start + BLOCK, length))
        except (DataError, IndexError) as error:
            yield f"frames {start} to {min(start + BLOCK, length) - 1} cannot be read: {error}"
            return
        if frames.shape[1:] != (*store.size, 3):
            yield f"frames are {frames.shape[1:]}, not {(*store.size, 3)}"
            return


def _raw_problems(store: ClipStore, group: h5py.Group, length: int) -> Iterator[str]:
    frames = group["frames"]
    if frames.shape != (length, *store.size, 3) or frames.dtype != np.uint8:
        yield f"`frames` is {frames.dtype} {frames.shape}, uint8 {(length, *store.size, 3)} was due"


def _jpeg_problems(group: h5py.Group, length: int) -> Iterator[str]:
    offsets = group["offsets"][()]
    if offsets.shape != (length + 1,):
        yield f"`offsets` has {len(offsets)} entries, {length + 1} were due"
    elif offsets[0] != 0 or offsets[-1] != len(group["jpeg"]) or (np.diff(offsets) <= 0).any():
        yield "`offsets` do not divide `jpeg` into frames"


def _columns(aus: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Each small array: its kind of number and its width."""
    return {
        "intensity": ("f", (aus,)),
        "timestamp": ("f", ()),
        "frame_index": ("i", ()),
        "valid": ("b", ()),
        "face_box": ("f", (4,)),
        "face_score": ("f", ()),
    }


def _facts(store: ClipStore) -> dict[str, Any]:
    videos = store.videos
    labels = np.concatenate([store.labels(video.id) for video in videos])
    return {
        "data_set": store.data_set,
        "origin": store.origin,
        "format": int(attributes(store.file)["version"]),
        "people": len({video.subject for video in videos if video.subject}),
        "videos": len(videos),
        "videos_without_subject": sum(not video.subject for video in videos),
        "frames": sum(video.length for video in videos),
        "frames_without_face": sum(int((~store.column(video.id, "valid")).sum()) for video in videos),
        "gaps": sum(max(0, len(video.segments) - 1) for video in videos),
        "size": list(store.size),
        "encoding": store.encoding,
        "crop": json.dumps(store.crop) if store.crop else "",
        "locator": store.locator,
        "terms": store.terms,
        "splits": sorted(store.schema.splits) if store.schema else [],
        "labels": {au: int(n) for au, n in zip(store.aus, (~np.isnan(labels)).sum(axis=0), strict=True)},
        "positives": {au: int(n) for au, n in zip(store.aus, (labels > 0).sum(axis=0), strict=True)},
    }
