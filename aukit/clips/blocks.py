"""The same people in every part: videos cut into blocks, a gap between what is trained on and what is tested.

Each video is cut into contiguous blocks of as many frames each. A person's blocks that have labels are shared out,
drawn from the seed, so that each person is in every part where the blocks suffice; blocks without labels train. At a
border between two parts, the frames within `gap` seconds are given up by the side that matters less: training before
validation, validation before test. Those before a test (or validation) block are its lead-in: frames without labels
from which its first frames are predicted, as in use every frame has a past. So no frame is in two parts, and a
training frame is at least `gap` away from each label that selects or tests.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.clipset import Clip, ClipSet
from aukit.errors import DataError

SAME_PEOPLE = "same people"
"""What this protocol is called, wherever a score of it is shown."""

BY_PERSON = "by person"
"""What any other is called: nobody is in two parts."""

_TIE = 1e-6
"""Seconds: times of frames are rounded."""

Rows = NDArray[np.bool_]
Drawn = Mapping[str, tuple[str, ...]]
"""`{video: the part of each of its blocks}`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Videos cut and shared out: the clips of each part, of which the blocks and `gap` (seconds) are told."""

    parts: Mapping[str, ClipSet]
    drawn: Drawn
    gap: float

    def facts(self) -> dict[str, Any]:
        """For data.json: the gap, and by video the part of each of its blocks in order."""
        return {
            "gap_seconds": self.gap,
            "blocks": {video: list(parts) for video, parts in self.drawn.items()},
        }


def cut_blocks(
    clips: ClipSet,
    *,
    blocks: int,
    gap: float,
    validation: float = 0.0,
    test: float = 0.0,
    seed: int = 0,
    where: str = "",
) -> Blocks:
    """Cut every video into `blocks` blocks and share them out.

    Args:
        clips: whole videos.
        blocks: of each video.
        gap: seconds between two parts.
        validation, test: shares of each person's labelled blocks; the rest trains.
        seed: decides which; a person's draw does not depend on the others.
        where: the data's name in errors.

    Raises:
        DataError: the gap leaves nothing of a part.
    """
    edges = {clip.id: _edges(clip, blocks) for clip in clips.clips}
    drawn = _draw(clips, edges, {"test": test, "validation": validation}, seed)
    found: dict[str, list[Clip]] = {"train": [], "validation": [], "test": []}
    for clip in clips.clips:
        for part, stretches in _cut(clip, edges[clip.id], drawn[clip.id], gap).items():
            found[part] += stretches
    for part in ("train", "validation", "test"):
        if not found[part] and any(part in parts for parts in drawn.values()):
            raise _nothing_left(part, clips, blocks, gap, where)
    return Blocks(
        parts={part: replace(clips, clips=tuple(stretches)) for part, stretches in found.items()},
        drawn=drawn,
        gap=gap,
    )


def same_frames(seen: ClipSet, test: ClipSet) -> tuple[str, ...]:
    """The test clips that share frames with clips of the other set, whether they are whole videos or stretches."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for clip in seen.clips:
        spans.setdefault(clip.video, []).append((clip.first, clip.first + clip.length))
    return tuple(
        clip.id
        for clip in test.clips
        if any(a < clip.first + clip.length and clip.first < b for a, b in spans.get(clip.video, ()))
    )


def _edges(clip: Clip, blocks: int) -> NDArray[np.int64]:
    """Where blocks begin, and where the last one ends; a video of few frames has fewer blocks."""
    return np.unique(np.linspace(0, clip.length, blocks + 1).round().astype(np.int64))


def _draw(
    clips: ClipSet, edges: Mapping[str, NDArray[np.int64]], shares: Mapping[str, float], seed: int
) -> dict[str, tuple[str, ...]]:
    """The part of each block. Of a person's few blocks one trains, one is tested, then one validates."""
    drawn = {video: ["train"] * (len(places) - 1) for video, places in edges.items()}
    labelled: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for clip in clips.clips:
        some: Rows = np.invert(np.isnan(clip.usable_labels).all(axis=1))
        for number, (start, stop) in enumerate(zip(edges[clip.id], edges[clip.id][1:], strict=False)):
            if some[start:stop].any():
                labelled.setdefault(clip.person, []).append((clip.id, number))
    wanted = [part for part, share in shares.items() if share > 0]
    for person, theirs in labelled.items():
        rng = np.random.default_rng([seed, zlib.crc32("/".join(person).encode())])
        left = [theirs[index] for index in rng.permutation(len(theirs))]
        for others, part in zip(range(len(wanted) - 1, -1, -1), wanted, strict=True):
            free = max(len(left) - 1 - others, min(len(left) - 1, 1))
            count = min(max(1, round(shares[part] * len(theirs))), free)
            for video, number in left[:count]:
                drawn[video][number] = part
            left = left[count:]
    return {video: tuple(parts) for video, parts in drawn.items()}


def _cut(clip: Clip, edges: NDArray[np.int64], drawn: tuple[str, ...], gap: float) -> dict[str, list[Clip]]:
    """The stretches of one video, by part: a test or validation block each, and runs of training blocks."""
    block = np.repeat(np.arange(len(drawn)), np.diff(edges))
    owner = np.array(drawn)[block] if len(drawn) else np.empty(0, str)
    tested, validated = (_near(clip, edges, drawn, part, gap) for part in ("test", "validation"))
    found: dict[str, list[Clip]] = {"train": [], "validation": [], "test": []}
    for number, part in enumerate(drawn):
        if part == "train":
            continue
        inside = block == number
        if part == "validation":
            inside &= ~tested
        if inside.any():
            begin = clip.timestamps[edges[number]]
            lead = (clip.timestamps > begin - gap + _TIE) & (np.arange(clip.length) < edges[number])
            if part == "validation":
                lead &= ~tested
            found[part].append(_stretch(clip, inside | lead, inside, str(number + 1)))
    for run in _runs((owner == "train") & ~tested & ~validated):
        first, last = block[run][0] + 1, block[run][-1] + 1
        found["train"].append(_stretch(clip, run, run, f"{first}" if first == last else f"{first}-{last}"))
    return found


def _near(clip: Clip, edges: NDArray[np.int64], drawn: tuple[str, ...], part: str, gap: float) -> Rows:
    """The frames `(T,)` in or within `gap` seconds of a part's blocks."""
    times, near = clip.timestamps, np.zeros(clip.length, bool)
    for number, one in enumerate(drawn):
        if one == part:
            begin, end = times[edges[number]], times[edges[number + 1] - 1]
            near |= (times > begin - gap + _TIE) & (times < end + gap - _TIE)
    return near


def _runs(rows: Rows) -> list[Rows]:
    """Each run of True as a mask of its own."""
    edges = np.flatnonzero(np.diff(rows.astype(np.int8), prepend=0, append=0))
    index = np.arange(len(rows))
    return [(index >= a) & (index < b) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _stretch(clip: Clip, frames: Rows, labelled: Rows, name: str) -> Clip:
    """The frames from the first to the last True one, with the labels of those in `labelled`."""
    start, stop = (int(row) for row in np.flatnonzero(frames)[[0, -1]] + (0, 1))
    segments = [(max(a, start) - start, min(b, stop) - start) for a, b in clip.segments]
    return replace(
        clip,
        id=f"{clip.id}#{name}",
        segments=tuple((a, b) for a, b in segments if a < b),
        labels=np.where(labelled[:, None], clip.labels, np.float32(np.nan))[start:stop],
        timestamps=clip.timestamps[start:stop],
        read=partial(_read, clip, start),
        stretch_of=clip.video,
        first=clip.first + start,
    )


def _read(clip: Clip, offset: int, start: int, stop: int, stride: int = 1) -> NDArray[np.uint8]:
    return clip.read(offset + start, offset + stop, stride)


def _nothing_left(part: str, clips: ClipSet, blocks: int, gap: float, where: str) -> DataError:
    seconds = [clip.length / clip.fps / blocks for clip in clips.clips]
    length = f"{min(seconds):.1f} to {max(seconds):.1f}" if len(seconds) > 1 else f"{max(seconds):.1f}"
    return DataError(
        f"a gap of {gap:g} s leaves nothing for {part}: {blocks} blocks a video are {length} s long",
        where=where,
        hint="take fewer blocks, so that each is several gaps long, or longer videos",
        part=part,
    )
