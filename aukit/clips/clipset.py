"""What a stage sees: clips with their labels, selected by people and masked by a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aukit.clips.reader import ClipStore
from aukit.contracts.schema import ORIGINS
from aukit.errors import DataError, did_you_mean


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """One video, or a stretch of one. Frames stay on disk until `read`.

    id: `data set/video`. subject: empty where unknown. fps: nominal.
    segments: runs `(start, stop)` without a gap.
    labels: float32 (T,A), NaN where unlabelled or masked. timestamps: float64 seconds (T,), the video's own.
    read: `read(start, stop, stride=1)` gives uint8 (T,H,W,3).
    people_of: the data set whose people these are, where that is another.
    stretch_of: of a stretch, the id of its video, in which it begins at frame `first`.
    """

    id: str
    data_set: str
    subject: str
    fps: float
    segments: tuple[tuple[int, int], ...]
    labels: NDArray[np.float32]
    timestamps: NDArray[np.float64]
    read: Callable[..., NDArray[np.uint8]]
    people_of: str = ""
    stretch_of: str = ""
    first: int = 0

    @property
    def length(self) -> int:
        """Frames in the video, or in the stretch."""
        return len(self.timestamps)

    @property
    def video(self) -> str:
        """The id of the whole video."""
        return self.stretch_of or self.id

    @property
    def usable_labels(self) -> NDArray[np.float32]:
        """The labels `(T,A)` of frames inside a segment; no stage sees another frame, so elsewhere they are NaN."""
        inside = np.zeros((self.length, 1), bool)
        for start, stop in self.segments:
            inside[start:stop] = True
        return np.where(inside, self.labels, np.float32(np.nan))

    @property
    def person(self) -> tuple[str, str]:
        """Who it is: a subject of the data set whose people these are. Where none is known, the video is a person."""
        return (self.people_of or self.data_set, self.subject or self.video)


@dataclass(frozen=True, kw_only=True, eq=False)
class ClipSet:
    """Clips of one frame size. `aus` names the columns of their labels; `size` is (H, W)."""

    clips: tuple[Clip, ...]
    aus: tuple[str, ...]
    size: tuple[int, int]
    origin: str

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The known subjects, sorted."""
        return tuple(sorted({clip.subject for clip in self.clips if clip.subject}))

    @property
    def people(self) -> frozenset[tuple[str, str]]:
        """Everyone in the set, as `Clip.person`."""
        return frozenset(clip.person for clip in self.clips)

    @property
    def frames(self) -> int:
        """Frames in all clips together."""
        return sum(clip.length for clip in self.clips)

    @property
    def labels(self) -> dict[str, NDArray[np.float32]]:
        """`{clip id: (T,A)}`: what a sampler is given."""
        return {clip.id: clip.labels for clip in self.clips}

    def select(self, subjects: Collection[str]) -> ClipSet:
        """The clips of these subjects; a video whose subject is unknown goes by its id."""
        wanted = set(subjects)
        return replace(self, clips=tuple(clip for clip in self.clips if clip.person[1] in wanted))

    def first(self, count: int) -> ClipSet:
        """The first `count` clips."""
        return replace(self, clips=self.clips[:count])

    def masked(self, mask: Mapping[str, NDArray[np.bool_]]) -> ClipSet:
        """Only the labels where the mask is True; a clip that the mask does not name has none."""

        def apply(clip: Clip) -> Clip:
            keep = mask.get(clip.id)
            if keep is None:
                return _unlabelled(clip)
            return replace(clip, labels=np.where(keep, clip.labels, np.float32(np.nan)))

        return replace(self, clips=tuple(map(apply, self.clips)))

    def relabelled(self, labels: Mapping[str, NDArray[np.float32]]) -> ClipSet:
        """Other labels `{clip id: (T,A)}` in place of its own; a clip that they do not name has none."""

        def apply(clip: Clip) -> Clip:
            return replace(clip, labels=labels[clip.id]) if clip.id in labels else _unlabelled(clip)

        return replace(self, clips=tuple(map(apply, self.clips)))

    def unlabelled(self) -> ClipSet:
        """The same frames without any label."""
        return replace(self, clips=tuple(map(_unlabelled, self.clips)))

    def for_aus(self, aus: Sequence[str]) -> ClipSet:
        """Labels of these AUs, in this order.

        Raises:
            DataError: where the set knows none of that name.
        """
        for au in aus:
            if au not in self.aus:
                raise DataError(f"the data has no labels of {au}", hint=did_you_mean(au, self.aus), au=au)
        columns = [self.aus.index(au) for au in aus]
        clips = tuple(replace(clip, labels=clip.labels[:, columns]) for clip in self.clips)
        return replace(self, clips=clips, aus=tuple(aus))

    def require_labels(self) -> None:
        """Every AU needs a labelled frame before anything can be learnt of it.

        Raises:
            DataError: no labels at all, or none of some AUs, which are named.
        """
        found = np.zeros(len(self.aus), bool)
        for clip in self.clips:
            found |= ~np.isnan(clip.labels).all(axis=0)
        if not found.any():
            what = "no frame is labelled" if self.clips else "there are no clips"
            raise DataError(what, hint="name a data set with labels of these people, or another split")
        missing = [au for au, some in zip(self.aus, found, strict=True) if not some]
        if missing:
            hint = "take more labels (the sampler's `fraction` or `count`), or leave these out of model.aus"
            raise DataError(f"no labelled frame for {', '.join(missing)}", hint=hint, aus=tuple(missing))


def open_clips(stores: Iterable[ClipStore | str | Path]) -> ClipSet:
    """All videos of one data set, which may lie in several stores.

    Raises:
        DataError: as `ClipStore`; the stores differ in frame size; two videos have one name.
    """
    opened = [store if isinstance(store, ClipStore) else ClipStore(store) for store in stores]
    return join([_open(store) for store in opened], names=[str(store.path) for store in opened])


def join(sets: Sequence[ClipSet], *, names: Sequence[str] = ()) -> ClipSet:
    """Several sets as one. A set that lacks an AU is unlabelled there; the origin is the least real one.

    Raises:
        DataError: no set, sets of different frame size, or two clips of one id.
    """
    if not sets:
        raise DataError("no data is named")
    called = names or [f"set {number + 1}" for number in range(len(sets))]
    for other, name in zip(sets, called, strict=True):
        if other.size != sets[0].size:
            first, second = ("x".join(map(str, one.size)) for one in (sets[0], other))
            raise DataError(
                f"frames of {second} beside frames of {first} in {called[0]}",
                where=name,
                hint="prepare both with the same size",
            )
    aus = tuple(dict.fromkeys(au for one in sets for au in one.aus))
    clips = tuple(clip for one in sets for clip in _spread(one, aus))
    twice = [video for video, count in Counter(clip.id for clip in clips).items() if count > 1]
    if twice:
        hint = "name each store once"
        raise DataError(f"two videos are called {twice[0]!r}", where=", ".join(called), hint=hint)
    origin = max((one.origin for one in sets), key=ORIGINS.index)
    return ClipSet(clips=clips, aus=aus, size=sets[0].size, origin=origin)


def _open(store: ClipStore) -> ClipSet:
    clips = tuple(
        Clip(
            id=f"{video.data_set}/{video.id}",
            data_set=video.data_set,
            people_of=video.people_of,
            subject=video.subject,
            fps=video.fps,
            segments=video.segments,
            labels=store.labels(video.id),
            timestamps=store.timestamps(video.id),
            read=partial(store.frames, video.id),
        )
        for video in store.videos
    )
    return ClipSet(clips=clips, aus=store.aus, size=store.size, origin=store.origin)


def _spread(one: ClipSet, aus: tuple[str, ...]) -> tuple[Clip, ...]:
    """The set's clips with a column for each of `aus`."""
    if one.aus == aus:
        return one.clips
    columns = [aus.index(au) for au in one.aus]

    def wide(clip: Clip) -> Clip:
        labels = np.full((clip.length, len(aus)), np.nan, np.float32)
        labels[:, columns] = clip.labels
        return replace(clip, labels=labels)

    return tuple(map(wide, one.clips))


def _unlabelled(clip: Clip) -> Clip:
    return replace(clip, labels=np.full_like(clip.labels, np.nan))
