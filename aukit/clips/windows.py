"""Which frames a training step sees. No window crosses a gap; all is a function of the seed and the step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aukit.clips.clipset import Clip, ClipSet
from aukit.errors import DataError

Rng = Callable[..., np.random.Generator]
"""`rng(*key)`: the same generator for the same key, such as `StageContext.rng`."""


@dataclass(frozen=True)
class Window:
    """`frames` frames of clip number `clip`, `stride` apart: `start, start + stride, ..., last`."""

    clip: int
    start: int
    frames: int
    stride: int

    @property
    def last(self) -> int:
        """The last frame."""
        return self.start + (self.frames - 1) * self.stride

    @property
    def rows(self) -> slice:
        """The frames as a slice of the clip."""
        return slice(self.start, self.last + 1, self.stride)


def frame_stride(fps: float, stride: int | float) -> int:
    """A stride in frames: a whole number is frames, any other (`0.1`, `1.0`) is seconds."""
    return stride if isinstance(stride, int) else max(1, round(stride * fps))


def spans(runs: Sequence[tuple[int, int]], frames: int, stride: int) -> NDArray[np.int64]:
    """Every consecutive span of frames*stride frames in runs without a gap.

    That is the paper's count (section 4): 33,509 + 7,164 spans of 15 frames at stride 2 are its 1.2 M frames.
    Returns `(S,3)`: the span's own start, and the earliest and latest start its window may have: half a span
    to either side, inside the run. A run that holds the window but not the whole span counts as one.
    """
    span, needed = frames * stride, (frames - 1) * stride + 1
    rows = [
        (start, max(a, start - span // 2), min(b - needed, start + span // 2))
        for a, b in runs
        if b - a >= needed
        for start in range(a, max(b - span, a) + 1, span)
    ]
    return np.array(rows, np.int64).reshape(-1, 3)


class SpanPlan:
    """Batches of whole windows: each span at most once an epoch, in random order, its start jittered.

    An epoch has `len(plan) // batch` steps; the few spans that do not fill a batch wait, others each epoch.

    Args:
        clips: where the windows lie.
        frames, stride: T, and the step between frames: whole frames (int) or seconds (float).
        batch: windows in a batch (B).
        people: fill a batch from this many people, so that negatives come from few; None takes anybody's.
            More people join a batch only where these have too few spans left.
        labelled: use only runs of labelled frames, for losses at every frame.
        rng: randomness by key; None keeps the clips' order and the spans' starts, as validation wants it.

    Raises:
        DataError: the window is longer than every run.
    """

    def __init__(
        self,
        clips: ClipSet,
        *,
        frames: int,
        stride: int | float,
        batch: int,
        people: int | None = None,
        labelled: bool = False,
        rng: Rng | None = None,
    ) -> None:
        self.frames = frames
        self.batch = batch
        self.people = people
        self.rng = rng
        self.strides = np.array([frame_stride(clip.fps, stride) for clip in clips.clips], np.int64)
        runs = [labelled_runs(clip) if labelled else clip.segments for clip in clips.clips]
        tables = [spans(own, frames, int(step)) for own, step in zip(runs, self.strides, strict=True)]
        self.clip = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
        self.spans = np.concatenate([np.empty((0, 3), np.int64), *tables])
        if not len(self.spans):
            raise _too_long(frames, stride, runs, "labelled run" if labelled else "run without a gap")
        people_in_order = list(dict.fromkeys(clip.person for clip in clips.clips))
        self.person = np.array([people_in_order.index(clip.person) for clip in clips.clips])[self.clip]
        self.steps_per_epoch = max(1, len(self.spans) // batch)
        self._epoch = lru_cache(maxsize=2)(self._draw)

    def __len__(self) -> int:
        """Spans in an epoch."""
        return len(self.spans)

    def __call__(self, step: int) -> tuple[Window, ...]:
        """The windows of a step, counted from 0 over all epochs."""
        epoch, number = divmod(step, self.steps_per_epoch)
        order, starts = self._epoch(epoch)
        chosen = order[number * self.batch : (number + 1) * self.batch]
        return tuple(self._window(int(span), int(starts[span])) for span in chosen)

    def _draw(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """An epoch's order of the spans, and the start of each span's window."""
        if self.rng is None:
            return np.arange(len(self.spans)), self.spans[:, 0]
        rng = self.rng("windows", epoch)
        order = rng.permutation(len(self.spans))
        starts = rng.integers(self.spans[:, 1], self.spans[:, 2], endpoint=True)
        if self.people is not None:
            order = by_people(order, self.person[order], self.batch, self.people, rng)
        return order, starts

    def _window(self, span: int, start: int) -> Window:
        clip = int(self.clip[span])
        return Window(clip, start, self.frames, int(self.strides[clip]))


class LabelPlan:
    """Batches of windows that end at a labelled frame: each labelled frame once an epoch, in random order.

    The window of frame t is t-(L-1)*stride, ..., t with L uniform in 1..min(T, frames there are at that
    stride since the last gap) (paper, section 3.4). Epochs follow each other without a break, so every batch
    is full.

    Args:
        clips: their labels say which frames.
        frames, stride, batch: as for `SpanPlan`.
        shortest: draw L from here on, where that many frames exist.
        rng: randomness by key; None keeps the order and the longest windows.

    Raises:
        DataError: no labelled frame with a face.
    """

    def __init__(
        self,
        clips: ClipSet,
        *,
        frames: int,
        stride: int | float,
        batch: int,
        shortest: int = 1,
        rng: Rng | None = None,
    ) -> None:
        self.frames = frames
        self.batch = batch
        self.shortest = shortest
        self.rng = rng
        self.strides = np.array([frame_stride(clip.fps, stride) for clip in clips.clips], np.int64)
        rows = [
            (number, frame, (frame - start) // int(self.strides[number]) + 1)
            for number, clip in enumerate(clips.clips)
            for start, stop in clip.segments
            for frame in np.flatnonzero(~np.isnan(clip.labels[start:stop]).all(axis=1)) + start
        ]
        if not rows:
            hint = "name a data set with labels of these people, or another split"
            raise DataError("no frame is labelled", hint=hint)
        self.clip, self.frame, there = np.array(rows, np.int64).T
        self.longest = np.minimum(frames, there)
        self.steps_per_epoch = -(-len(rows) // batch)
        self._epoch = lru_cache(maxsize=2)(self._draw)

    def __len__(self) -> int:
        """Labelled frames in an epoch."""
        return len(self.frame)

    def __call__(self, step: int) -> tuple[Window, ...]:
        """The windows of a step, counted from 0 over all epochs."""
        return tuple(self._window(item) for item in range(step * self.batch, (step + 1) * self.batch))

    def _draw(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """An epoch's order of the labelled frames, and the length of each one's window."""
        if self.rng is None:
            return np.arange(len(self)), self.longest
        rng = self.rng("windows", epoch)
        order = rng.permutation(len(self))
        return order, rng.integers(np.minimum(self.shortest, self.longest), self.longest, endpoint=True)

    def _window(self, item: int) -> Window:
        epoch, position = divmod(item, len(self))
        order, lengths = self._epoch(epoch)
        chosen = order[position]
        clip, frames = int(self.clip[chosen]), int(lengths[chosen])
        stride = int(self.strides[clip])
        return Window(clip, int(self.frame[chosen]) - (frames - 1) * stride, frames, stride)


def labelled_runs(clip: Clip) -> tuple[tuple[int, int], ...]:
    """The runs `(start, stop)` without a gap in which every frame has a label."""
    some = np.invert(np.isnan(clip.labels).all(axis=1))
    return tuple(run for start, stop in clip.segments for run in _true_runs(some, start, stop))


def by_people(
    order: NDArray[np.int64], person: NDArray[np.int64], batch: int, people: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Reorder spans so that each `batch` in a row is from `people` people, in equal shares while they last.

    People are drawn in proportion to the spans they have left, so that all run out together.
    """
    left = {int(one): list(order[person == one]) for one in np.unique(person)}
    arranged: list[int] = []
    for _ in range(len(order) // batch):
        filled: list[int] = []
        pool: list[int] = []
        while len(filled) < batch:
            pool = [one for one in pool if left[one]] or _draw_people(left, people if not filled else 1, rng)
            for one in pool[: batch - len(filled)]:
                filled.append(left[one].pop())
        arranged.extend(filled)
    rest = [span for spans_left in left.values() for span in spans_left]
    return np.array(arranged + rest, np.int64)


def _draw_people(left: dict[int, list[int]], count: int, rng: np.random.Generator) -> list[int]:
    able = [one for one, spans_left in left.items() if spans_left]
    share = np.array([len(left[one]) for one in able], np.float64)
    return [int(one) for one in rng.choice(able, min(count, len(able)), replace=False, p=share / share.sum())]


def _true_runs(some: NDArray[np.bool_], start: int, stop: int) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(some[start:stop].astype(np.int8), prepend=0, append=0)) + start
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        yield int(a), int(b)


def _too_long(
    frames: int, stride: int | float, runs: Sequence[Sequence[tuple[int, int]]], what: str
) -> DataError:
    lengths = [b - a for own in runs for a, b in own]
    unit = "frames" if isinstance(stride, int) else "s"
    longest = f"the longest {what} has {max(lengths)} frames" if lengths else f"there is no {what}"
    return DataError(
        f"a window of {frames} frames at stride {stride} {unit} is longer than every video: {longest}",
        hint="ask for fewer frames or a smaller stride",
    )
