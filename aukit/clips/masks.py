"""Which labels shaped a model: drawn by a sampler, kept as an index list, counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.clipset import Clip, ClipSet
from aukit.contracts.data import Draw, KeyFrames, Sampler
from aukit.errors import ComponentError, DataError

FORMAT = "aukit label list"
VERSION = 1
LEVELS = 6
"""FACS intensities 0 to 5."""


@dataclass(frozen=True)
class LabelCounts:
    """Labels in use: frames that have one, (frame, AU) cells; by AU the labels, those above 0, and how many lie at each
    intensity 0..5 (rounded).
    """

    frames: int
    cells: int
    labels: Mapping[str, int]
    positives: Mapping[str, int]
    levels: Mapping[str, tuple[int, ...]]

    def table(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


def count_labels(clips: ClipSet) -> LabelCounts:
    """Count the labels of a set, as they stand after masking."""
    labels = np.concatenate(
        [np.empty((0, len(clips.aus)), np.float32), *(clip.labels for clip in clips.clips)]
    )
    known = ~np.isnan(labels)
    positive = labels > 0
    rounded = np.clip(np.rint(labels), 0, LEVELS - 1)
    at = np.stack([(rounded == level).sum(axis=0) for level in range(LEVELS)], axis=1)
    return LabelCounts(
        frames=int(known.any(axis=1).sum()),
        cells=int(known.sum()),
        labels={au: int(n) for au, n in zip(clips.aus, known.sum(axis=0), strict=True)},
        positives={au: int(n) for au, n in zip(clips.aus, positive.sum(axis=0), strict=True)},
        levels={au: tuple(map(int, row)) for au, row in zip(clips.aus, at, strict=True)},
    )


def draw_mask(clips: ClipSet, sampler: Sampler, rng: np.random.Generator) -> Draw:
    """Let a sampler choose among the labelled frames that have a face: `{clip id: bool (T,A)}`, and what it says of it.

    Raises:
        ComponentError: the sampler's answer has a wrong shape, or a label that does not exist.
        DataError: the sampler cannot give what it was asked for.
    """
    breaks = {clip.id: _breaks(clip) for clip in clips.clips}
    offered = {
        clip.id: np.insert(clip.usable_labels, breaks[clip.id], np.nan, axis=0) for clip in clips.clips
    }
    drawn = sampler(offered, rng)
    said = drawn if isinstance(drawn, Draw) else Draw()
    name = type(sampler).__name__
    mask, key_frames = {}, {}
    for video, labels in offered.items():
        chosen = np.asarray(drawn.get(video, np.zeros(labels.shape, bool)))
        if chosen.shape != labels.shape or chosen.dtype != np.bool_:
            got, due = f"{chosen.dtype} {chosen.shape}", f"bool {labels.shape}"
            raise ComponentError(f"sampler {name} returned {got} for {video}, {due} was due")
        if (chosen & np.isnan(labels)).any():
            raise ComponentError(f"sampler {name} chose a label of {video} that does not exist")
        extra = breaks[video] + np.arange(len(breaks[video]))
        mask[video] = np.delete(chosen, extra, axis=0)
        if video in said.key_frames:
            key_frames[video] = tuple(_without(extra, found) for found in said.key_frames[video])
    return Draw(mask, facts=said.facts, by_au=said.by_au, asked=said.asked, key_frames=key_frames)


def _breaks(clip: Clip) -> NDArray[np.int64]:
    """The rows before which time jumps though the row before has a face, too: a sampler sees no times."""
    return np.array([stop for (_, stop), (start, _) in pairwise(clip.segments) if start == stop], np.int64)


def _without(extra: NDArray[np.int64], found: KeyFrames) -> KeyFrames:
    def row(offered: int) -> int:
        return int(offered - np.searchsorted(extra, offered))

    return KeyFrames(
        peaks=tuple(map(row, found.peaks)),
        valleys=tuple(map(row, found.valleys)),
        segments=tuple((row(first), row(last)) for first, last in found.segments),
    )


def draw_facts(draw: Draw, aus: tuple[str, ...]) -> dict[str, Any]:
    """What a sampler said of its draw, as plain JSON: of the whole, and of each AU with the labels it is `short` of."""
    facts = dict(draw.facts)
    counts = sum((chosen.sum(axis=0) for chosen in draw.values()), np.zeros(len(aus), np.int64))
    by_au = {}
    for column, au in enumerate(aus):
        own = dict(draw.by_au[column]) if draw.by_au else {}
        if draw.asked:
            asked, drawn = draw.asked[column], int(counts[column])
            own = {"asked": asked, "drawn": drawn, "short": max(asked - drawn, 0), **own}
        if own:
            by_au[au] = own
    return {**facts, "aus": by_au} if by_au else facts


def shortfall(draw: Draw, aus: tuple[str, ...]) -> str:
    """The AUs of which fewer labels were found than asked for, in words; empty where none is short."""
    facts = draw_facts(draw, aus).get("aus", {})
    return ", ".join(
        f"{au} {own['drawn']} of {own['asked']}" for au, own in facts.items() if own.get("short")
    )


def mask_to_table(mask: Mapping[str, NDArray[np.bool_]], aus: tuple[str, ...]) -> dict[str, Any]:
    """A mask as plain JSON: for each video, groups of AUs and the frames (rows of the store) they share.

    Where a `Draw` has key frames, they follow by video and AU.
    """
    videos: dict[str, list[dict[str, Any]]] = {}
    for video, chosen in mask.items():
        frames = np.flatnonzero(chosen.any(axis=1))
        patterns, group = np.unique(chosen[frames], axis=0, return_inverse=True)
        videos[video] = [
            {
                "aus": [au for au, used in zip(aus, pattern, strict=True) if used],
                "frames": frames[group.ravel() == number].tolist(),
            }
            for number, pattern in enumerate(patterns)
        ]
    lengths = {video: len(chosen) for video, chosen in mask.items()}
    table = {"format": FORMAT, "version": VERSION, "aus": list(aus), "lengths": lengths, "videos": videos}
    if isinstance(mask, Draw) and mask.key_frames:
        table["key_frames"] = {
            video: {au: asdict(own) for au, own in zip(aus, found, strict=True)}
            for video, found in mask.key_frames.items()
        }
    return table


def mask_from_table(
    table: Mapping[str, Any], clips: ClipSet, *, where: str = ""
) -> dict[str, NDArray[np.bool_]]:
    """The mask that `mask_to_table` wrote, for clips it fits.

    Raises:
        DataError: not such a list, or its videos, lengths, AUs or labelled frames are not those of `clips`.
    """
    if table.get("format") != FORMAT or table.get("version") != VERSION:
        raise DataError("not a list of labels of this version of aukit", where=where)
    by_id = {clip.id: clip for clip in clips.clips}
    mask = {clip.id: np.zeros(clip.labels.shape, bool) for clip in clips.clips}
    hint = "use it with the data and the split it was drawn from"
    for video, groups in table["videos"].items():
        clip = by_id.get(video)
        if clip is None:
            raise DataError(
                f"it names {video!r}, which is not among the training videos", where=where, hint=hint
            )
        if table["lengths"][video] != clip.length:
            raise DataError(
                f"{video!r} had {table['lengths'][video]} frames and has {clip.length}",
                where=where,
                hint=hint,
            )
        for group in groups:
            unknown = [au for au in group["aus"] if au not in clips.aus]
            if unknown:
                raise DataError(f"it names {unknown[0]}, which has no labels here", where=where, hint=hint)
            columns = [clips.aus.index(au) for au in group["aus"]]
            mask[video][np.ix_(group["frames"], columns)] = True
        if (mask[video] & np.isnan(clip.labels)).any():
            raise DataError(f"it names frames of {video!r} that have no label", where=where, hint=hint)
    return mask


def load_mask(path: str | Path, clips: ClipSet) -> dict[str, NDArray[np.bool_]]:
    """Read an index list.

    Raises:
        DataError: missing, no such list, or it does not fit `clips`.
    """
    where = str(path)
    try:
        table = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError("the list of labels cannot be read", where=where, hint=str(error.strerror)) from error
    except ValueError as error:
        raise DataError("not a list of labels", where=where) from error
    if not isinstance(table, dict):
        raise DataError("not a list of labels", where=where)
    return mask_from_table(table, clips, where=where)
