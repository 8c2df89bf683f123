"""How fast frames come off the disk: the loader that training uses, on a raw store."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rows import Row, at_least, in_turns

from aukit.clips.clipset import open_clips
from aukit.clips.loader import Loader, read_batch
from aukit.clips.windows import SpanPlan
from aukit.testing.store import tiny_store
from aukit.training.seeding import rng

BATCH, FRAMES, STRIDE, STEPS = 20, 15, 2, 20
"""The paper's windows and batch; each round reads this many new batches."""


def bench_loader() -> list[Row]:
    """Frames a second of random windows at 128x128, the file in the page cache as after a first epoch."""
    with tempfile.TemporaryDirectory() as folder:
        read = _reader(tiny_store(Path(folder) / "raw.h5", people=16, frames=200, size=128))
        frames = STEPS * BATCH * FRAMES
        seconds = {
            "a core": in_turns({"read": partial(read, 1)}, clock=time.process_time)["read"],
            "one thread": in_turns({"read": partial(read, 1)})["read"],
        }
    how = (
        f"raw 128x128 store, {BATCH} random windows of {FRAMES} frames at stride {STRIDE} a batch, one thread"
    )
    return [
        at_least(
            "loader, a core's time", frames / seconds["a core"], "frames/s", 1e4, f"{how}; processor time"
        ),
        Row(name="loader, by the clock", value=frames / seconds["one thread"], unit="frames/s", how=how),
    ]


def _reader(store: Path) -> Callable[[int], None]:
    """Reads the next steps of the plan with this many threads."""
    clips = open_clips([store])
    plan = SpanPlan(clips, frames=FRAMES, stride=STRIDE, batch=BATCH, rng=partial(rng, 0, "bench"))
    done = 0

    def read(threads: int) -> None:
        nonlocal done
        for _ in Loader(partial(read_batch, clips), plan, done, done + STEPS, threads=threads):
            pass
        done += STEPS

    return read
