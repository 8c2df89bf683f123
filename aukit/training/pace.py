"""How fast a stage goes, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any


class Pace:
    """Tells how fast it goes and how long it still takes, a few times a second at most.

    The clock starts after the first step, which is slower than all others; until then nothing is known.
    """

    def __init__(self, progress: Callable[..., Any], task: str, total: int) -> None:
        self.progress = progress
        self.task = task
        self.total = total
        self.first = 0
        self.started = self.told = 0.0
        self.frames = 0

    def step(self, done: int, frames: int, values: Mapping[str, float]) -> None:
        """A step is done that took in `frames` frames."""
        now = time.monotonic()
        if not self.started:
            self.started, self.first = now, done
        else:
            self.frames += frames
            if done < self.total and now - self.told < 0.25:
                return
        self.told = now
        seconds, steps = max(now - self.started, 1e-9), done - self.first
        self.progress(
            self.task,
            done,
            self.total,
            frames_per_second=self.frames / seconds,
            seconds_left=seconds / steps * (self.total - done) if steps else 0.0,
            values=values,
        )
