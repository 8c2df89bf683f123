"""What a clip store holds, in numbers: people, gaps, labels by AU and level, positives in each part of a split.

A label counts as positive from 1 on; levels are labels rounded to 0..5. Frames without a face count as frames, not as
labels: no stage sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aukit.clips.clipset import ClipSet, open_clips
from aukit.clips.reader import ClipStore
from aukit.clips.splits import SplitTable, resolve_split, split_clips
from aukit.evaluation.baselines import label_statistics


def inspect_store(
    path: str | Path, *, split: SplitTable = None, fold: int = 1, seed: int = 0
) -> dict[str, Any]:
    """A store's facts as plain JSON; `parts` holds each part of the split where one is asked for.

    Raises:
        DataError: the store cannot be read, or the split does not fit it.
    """
    store = ClipStore(path)
    clips = open_clips([store])
    found: dict[str, Any] = {
        "store": str(path),
        "data_set": store.data_set,
        "origin": store.origin,
        "terms": store.terms,
        "frame_hw": list(store.size),
        "encoding": store.encoding,
        "megabytes": round(Path(path).stat().st_size / 1e6, 1),
        "locator": store.locator,
        "crop": dict(store.crop),
        "splits": {name: len(folds) for name, folds in (store.schema.splits if store.schema else {}).items()},
        **amounts(clips),
        "by_person": by_person(clips),
        "aus": label_table(clips),
    }
    if split is not None:
        parts = split_clips(
            clips, resolve_split(clips, split, schema=store.schema, fold=fold, seed=seed, where=str(path))
        )
        found["parts"] = {part: {**amounts(some), "aus": label_table(some)} for part, some in parts.items()}
    return found


def amounts(clips: ClipSet) -> dict[str, Any]:
    """People, videos, frames, those outside every segment, gaps between segments, and seconds inside them."""
    inside = [stop - start for clip in clips.clips for start, stop in clip.segments]
    seconds = sum(
        clip.timestamps[stop - 1] - clip.timestamps[start] + 1 / clip.fps
        for clip in clips.clips
        for start, stop in clip.segments
    )
    unknown = sum(not clip.subject for clip in clips.clips)
    return {
        "people": len(clips.people),
        "videos_without_subject": unknown,
        "videos": len(clips),
        "frames": clips.frames,
        "frames_without_face": clips.frames - sum(inside),
        "gaps": sum(max(len(clip.segments) - 1, 0) for clip in clips.clips),
        "seconds": round(float(seconds), 1),
        "labelled_frames": sum(
            int((~np.isnan(clip.usable_labels)).any(axis=1).sum()) for clip in clips.clips
        ),
    }


def by_person(clips: ClipSet) -> dict[str, dict[str, int]]:
    """Videos, frames and labelled frames of each person, in order of name."""
    found: dict[str, dict[str, int]] = {}
    for clip in sorted(clips.clips, key=lambda clip: clip.person[1]):
        row = found.setdefault(clip.person[1], {"videos": 0, "frames": 0, "labelled_frames": 0})
        row["videos"] += 1
        row["frames"] += clip.length
        row["labelled_frames"] += int((~np.isnan(clip.usable_labels)).any(axis=1).sum())
    return found


def label_table(clips: ClipSet) -> Mapping[str, Mapping[str, Any]]:
    """For each AU: labelled frames, positives, counts at the levels 0..5, people with labels and with positives."""
    inside = [clip.usable_labels for clip in clips.clips]
    statistics = label_statistics(inside, clips.aus)
    found = {}
    for column, au in enumerate(clips.aus):
        labelled = {
            clip.person
            for clip, labels in zip(clips.clips, inside, strict=True)
            if not np.isnan(labels[:, column]).all()
        }
        showing = {
            clip.person
            for clip, labels in zip(clips.clips, inside, strict=True)
            if (labels[:, column] >= 1).any()
        }
        found[au] = {
            "labelled": int(statistics.labelled[column]),
            "positives": int(statistics.positives[column]),
            "levels": [int(count) for count in statistics.histogram[column]],
            "people": len(labelled),
            "people_with_positives": len(showing),
        }
    return found
