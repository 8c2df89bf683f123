"""Key frames: the peaks and valleys of each AU's intensity, as the few-label methods before the paper ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.samplers.frames import LabelledFrames
from aukit.builtin.samplers.key_points import key_frames
from aukit.contracts.data import Draw, KeyFrames

Labels = Mapping[str, NDArray[np.float32]]
Masks = Mapping[str, NDArray[np.bool_]]
Found = dict[str, KeyFrames]
Place = tuple[str, int]


class Segment(NamedTuple):
    """From one key frame to the next."""

    first: Place
    last: Place
    flat: bool


class KeyFrameSampler:
    """Labels at peaks and valleys, chosen for each AU by itself, so each frame has labels of few AUs.

    To know where they are, it reads whole tracks: an annotator would have watched every frame. Its draw says so, and
    counts labels that it was asked for and could not find; it never fills up with other frames.

    Args:
        fraction: share of an AU's labelled frames over the whole training set, rounded; or of its key frames.
        of: what `fraction` is a share of: "frames" (KBSS, KJRE, CFLF) or "key-frames" (BORMIR).
        count: an exact number of labels of each AU instead.
        extra: share of an AU's labelled frames drawn at random besides, which are no key frames.
        min_length: frames below which a plateau joins its neighbour.
        delta: least difference between a peak and the valley next to it.
        flat_length: frames from which a plateau gives its first and last frame.
    """

    def __init__(
        self,
        fraction: float = 0.01,
        of: Literal["frames", "key-frames"] = "frames",
        count: int | None = None,
        extra: float = 0.0,
        min_length: int = 3,
        delta: float = 1.0,
        flat_length: int = 50,
    ) -> None:
        self.fraction = fraction
        self.of = of
        self.count = count
        self.extra = extra
        self.shape: dict[str, Any] = {"min_length": min_length, "delta": delta, "flat_length": flat_length}
        self._known: dict[bytes, KeyFrames] = {}

    def __call__(self, labels: Labels, rng: np.random.Generator) -> Draw:
        """`{video: (T,A) with NaN}` to `{video: bool (T,A)}`: an AU's key frames, all of them or whole segments."""
        names = sorted(labels)
        mask = {name: np.zeros(labels[name].shape, bool) for name in labels}
        asked: list[int] = []
        by_au: list[dict[str, int]] = []
        chosen: list[Found] = []
        for column in range(labels[names[0]].shape[1] if names else 0):
            tracks = {name: labels[name][:, column] for name in names}
            found = {name: self._key_frames(track) for name, track in tracks.items()}
            frames = sum(int((~np.isnan(track)).sum()) for track in tracks.values())
            there = sum(len(own.peaks) + len(own.valleys) for own in found.values())
            share = round(self.fraction * (frames if self.of == "frames" else there))
            budget = share if self.count is None else self.count
            kept = found if there <= budget else _drawn(found, budget, rng)
            for name, own in kept.items():
                mask[name][[*own.peaks, *own.valleys], column] = True
            extra = round(self.extra * frames)
            others = _random_others(tracks, {name: mask[name][:, column] for name in names}, extra, rng)
            for name in names:
                mask[name][:, column] |= others[name][:, 0]
            asked.append(budget + extra)
            chosen.append(kept)
            by_au.append(_counts(kept, others) | {"key_frames_there": there})
        return Draw(
            mask,
            facts={"reads": "whole tracks of the labels it chooses from"},
            by_au=by_au,
            asked=asked,
            key_frames={name: tuple(own[name] for own in chosen) for name in names},
        )

    def _key_frames(self, track: NDArray[np.float32]) -> KeyFrames:
        """Those of a track; a forecast draws from the same tracks again and again."""
        key = track.tobytes()
        if key not in self._known:
            self._known[key] = key_frames(track, **self.shape)
        return self._known[key]


def _counts(kept: Found, others: Masks) -> dict[str, int]:
    parts = ("peaks", "valleys", "segments")
    counts = {part: sum(len(getattr(own, part)) for own in kept.values()) for part in parts}
    return counts | {"extra": sum(int(own.sum()) for own in others.values())}


def _drawn(found: Found, budget: int, rng: np.random.Generator) -> Found:
    """At most `budget` key frames: both ends of segments drawn at random, those that change before those that rest.

    A segment that shares an end with one that is drawn costs a label less. Lone key frames fill what is left.
    """
    chosen: set[Place] = set()
    drawn: set[Segment] = set()
    segments = _segments(found)
    for flat in (False, True):
        some = [segment for segment in segments if segment.flat == flat]
        for number in rng.permutation(len(some)):
            ends = {some[number].first, some[number].last}
            if len(chosen) + len(ends - chosen) <= budget:
                chosen |= ends
                drawn.add(some[number])
    ends = {end for segment in segments for end in (segment.first, segment.last)}
    lone = [
        (name, row)
        for name, own in found.items()
        for row in (*own.peaks, *own.valleys)
        if (name, row) not in ends
    ]
    for number in rng.permutation(len(lone))[: budget - len(chosen)]:
        chosen.add(lone[number])
    return {
        name: KeyFrames(
            peaks=tuple(row for row in own.peaks if (name, row) in chosen),
            valleys=tuple(row for row in own.valleys if (name, row) in chosen),
            segments=tuple(
                (one.first[1], one.last[1]) for one in segments if one.first[0] == name and one in drawn
            ),
        )
        for name, own in found.items()
    }


def _segments(found: Found) -> list[Segment]:
    segments = []
    for name, own in found.items():
        peaks = set(own.peaks)
        segments += [
            Segment((name, first), (name, last), flat=(first in peaks) == (last in peaks))
            for first, last in own.segments
        ]
    return segments


def _random_others(tracks: Labels, mask: Masks, count: int, rng: np.random.Generator) -> Masks:
    """`{video: bool (T,1)}`: `count` more labels of one AU at random, or all that `mask` (T,) leaves."""
    free = LabelledFrames(
        {name: np.where(mask[name], np.float32(np.nan), track)[:, None] for name, track in tracks.items()}
    )
    return free.mask(rng.permutation(len(free))[:count])
