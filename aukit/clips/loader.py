"""From windows to arrays: batches are read ahead by threads and come out in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from aukit.clips.clipset import ClipSet
from aukit.clips.windows import Window

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Batch:
    """The frames and labels of some windows.

    frames: uint8 (B,T,H,W,3), T the longest window; a shorter one is followed by black frames.
    lengths: int64 (B,), the frames of each window.
    labels: float32 (B,T,A), NaN where unlabelled and after the window's end.
    """

    windows: tuple[Window, ...]
    frames: NDArray[np.uint8]
    lengths: NDArray[np.int64]
    labels: NDArray[np.float32]


def read_batch(clips: ClipSet, windows: Sequence[Window]) -> Batch:
    """Read windows of `clips` into one batch.

    Raises:
        DataError: a store is damaged.
    """
    lengths = np.array([window.frames for window in windows], np.int64)
    longest = int(lengths.max())
    frames = np.empty((len(windows), longest, *clips.size, 3), np.uint8)
    labels = np.full((len(windows), longest, len(clips.aus)), np.nan, np.float32)
    for row, window in enumerate(windows):
        clip = clips.clips[window.clip]
        frames[row, : window.frames] = clip.read(window.start, window.last + 1, window.stride)
        frames[row, window.frames :] = 0
        labels[row, : window.frames] = clip.labels[window.rows]
    return Batch(tuple(windows), frames, lengths, labels)


class Loader(Generic[T]):
    """Reads the batches of steps `first_step <= step < last_step` in background threads, gives them in order.

    What a step holds depends on the step alone, never on the number of threads. At most `threads + prefetch`
    batches are in memory beside the one in use. An error in a thread is raised where its batch would have
    come. When the loop over it ends, by its end, an error, `break` or Ctrl-C, its threads end too.

    Args:
        read: what makes a batch of a plan's windows, such as `partial(read_batch, clips)`.
        plan: the windows of a step, such as `SpanPlan`.
    """

    def __init__(
        self,
        read: Callable[[Sequence[Window]], T],
        plan: Callable[[int], Sequence[Window]],
        first_step: int,
        last_step: int,
        *,
        threads: int = 2,
        prefetch: int = 2,
    ) -> None:
        self.read = read
        self.plan = plan
        self.steps = range(first_step, last_step)
        self.threads = threads
        self.prefetch = prefetch

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[T]:
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="aukit-loader")
        waiting: deque[Future[T]] = deque()
        todo = iter(self.steps)
        try:
            for step in todo:
                waiting.append(pool.submit(self._load, step))
                if len(waiting) >= self.threads + self.prefetch:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _load(self, step: int) -> T:
        return self.read(self.plan(step))
