"""How far a prediction is, in frames of all its videos."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aukit.contracts.run import Event, Progress
from aukit.errors import DataError
from aukit.ingest.video import probe


class Pace:
    """Frames done of those that the containers promise; a promise is replaced by the truth when a video is left."""

    def __init__(self, videos: Sequence[Path], on_event: Callable[[Event], None]) -> None:
        self._promised = {video: _promise(video) for video in videos}
        self._on_event = on_event
        self._begun = time.monotonic()
        self._before = self._here = 0

    def on_frames(self, frames: int) -> None:
        """So many frames of this video are done."""
        self._here = frames
        done = self._before + frames
        total = max(self._before + sum(self._promised.values()), done)
        pace = done / max(time.monotonic() - self._begun, 1e-9)
        self._on_event(
            Progress(
                task="predict",
                done=done,
                total=total,
                frames_per_second=pace,
                seconds_left=(total - done) / max(pace, 1e-9),
            )
        )

    def leave(self, video: Path) -> None:
        """This video is finished, or given up: the next frames are another's."""
        self._promised.pop(video, None)
        self._before, self._here = self._before + self._here, 0
        if self._before:
            self.on_frames(0)


def _promise(video: Path) -> int:
    try:
        seen = probe(video)
    except DataError:
        return 0  # what is wrong with it is said when its turn comes
    return seen.frames or round(seen.seconds * seen.fps)
