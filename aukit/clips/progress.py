"""Progress of work that is counted in frames: how fast, and how long still."""

from __future__ import annotations

import time
from collections.abc import Callable

from aukit.contracts.run import Event, Progress

OnEvent = Callable[[Event], object]


class FrameProgress:
    """Tells `on_event` of frames that are done, with speed and time left. `total` may be corrected on the way."""

    def __init__(self, task: str, total: int, on_event: OnEvent | None) -> None:
        self.task = task
        self.total = total
        self.on_event = on_event
        self.done = 0
        self.worked = 0
        self.begun = time.monotonic()

    def add(self, frames: int, *, before: bool = False) -> None:
        """So many more are done; `before`: without any work now, so that they do not count as fast."""
        self.done += frames
        self.worked += 0 if before else frames
        if self.on_event is None:
            return
        speed = self.worked / max(time.monotonic() - self.begun, 1e-9)
        left = max(self.total - self.done, 0)
        self.on_event(
            Progress(
                task=self.task,
                done=self.done,
                total=self.total,
                frames_per_second=speed,
                seconds_left=left / speed if speed else 0.0,
            )
        )
