"""The loader: in order, whole, and gone when the loop is."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from aukit.clips.clipset import Clip, ClipSet, open_clips
from aukit.clips.loader import Batch, Loader, read_batch
from aukit.clips.windows import LabelPlan, SpanPlan, Window

Write = Callable[..., Path]


def numbers(windows: Sequence[Window]) -> int:
    return windows[0].clip


def plan(step: int) -> list[Window]:
    return [Window(step, 0, 1, 1)]


def loader_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("aukit-loader")]


def test_a_batch_holds_frames_lengths_and_labels(
    clip: Callable[..., Clip], clipset: Callable[..., ClipSet]
) -> None:
    labels = np.arange(40, dtype=np.float32)[:, None] % 6
    clips = clipset(clip("a", "a", ((0, 40),), labels=labels), clip("b", "b", ((0, 9),)))
    batch = read_batch(clips, [Window(0, 3, 4, 5), Window(1, 2, 2, 1)])
    assert batch.frames.shape == (2, 4, 4, 4, 3)
    assert batch.frames.dtype == np.uint8
    assert batch.frames[0, :, 0, 0, 0].tolist() == [3, 8, 13, 18]
    assert batch.frames[1, :, 3, 3, 2].tolist() == [2, 3, 0, 0]
    assert batch.lengths.tolist() == [4, 2]
    assert batch.labels[0, :, 0].tolist() == [3, 2, 1, 0]
    assert np.isnan(batch.labels[1]).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("prefetch", [0, 3])
def test_steps_come_in_order_however_long_each_takes(threads: int, prefetch: int) -> None:
    def read(windows: Sequence[Window]) -> int:
        time.sleep(0.003 if numbers(windows) % 3 == 0 else 0)
        return numbers(windows)

    loader = Loader(read, plan, 5, 30, threads=threads, prefetch=prefetch)
    assert len(loader) == 25
    assert list(loader) == list(range(5, 30))
    assert list(loader) == list(range(5, 30))  # and once more
    assert loader_threads() == []


def test_no_steps() -> None:
    assert list(Loader(numbers, plan, 3, 3)) == []


def test_memory_is_bounded() -> None:
    begun: list[int] = []

    def read(windows: Sequence[Window]) -> int:
        begun.append(numbers(windows))
        return numbers(windows)

    batches = iter(Loader(read, plan, 0, 1000, threads=2, prefetch=2))
    for expected in range(5):
        assert next(batches) == expected
        time.sleep(0.02)
        assert len(begun) <= expected + 4
    batches.close()


def test_an_error_comes_where_its_batch_would_have() -> None:
    def read(windows: Sequence[Window]) -> int:
        if numbers(windows) == 7:
            raise OSError("the seventh")
        return numbers(windows)

    batches = iter(Loader(read, plan, 0, 1000))
    assert [next(batches) for _ in range(7)] == list(range(7))
    with pytest.raises(OSError, match="the seventh"):
        next(batches)
    assert loader_threads() == []


def test_leaving_the_loop_ends_the_threads() -> None:
    for number in Loader(numbers, plan, 0, 1000):
        if number == 3:
            break
    assert loader_threads() == []


def test_batches_do_not_depend_on_the_number_of_threads(write: Write, rng: Callable[..., object]) -> None:
    clips = open_clips([write(videos={"a": ("s1", 90), "b": ("s2", 70)})])
    for make in (SpanPlan, LabelPlan):
        windows = make(clips, frames=5, stride=2, batch=3, rng=rng(0))
        one, many = (
            list(Loader(partial(read_batch, clips), windows, 2, 12, threads=count)) for count in (1, 4)
        )
        assert all(same(first, second) for first, second in zip(one, many, strict=True))
        frames = one[0].frames[:, 0, 0, 0, 0].tolist()
        assert frames == [window.start for window in one[0].windows]


def same(first: Batch, second: Batch) -> bool:
    return (
        first.windows == second.windows
        and np.array_equal(first.frames, second.frames)
        and np.array_equal(first.labels, second.labels, equal_nan=True)
    )


SLOW = """
import time
from aukit.clips.loader import Loader
def read(windows):
    time.sleep(0.05)
    return windows
loader = Loader(read, lambda step: step, 0, 10**9, threads=3)
"""


@pytest.mark.parametrize("end", ["next(iter(loader))", "batches = iter(loader); next(batches)"])
def test_a_program_ends_while_a_loader_is_open(end: str) -> None:
    assert subprocess.run([sys.executable, "-c", SLOW + end], check=False, timeout=30).returncode == 0


def test_ctrl_c_ends_the_threads() -> None:
    code = f"""{SLOW}
import threading
print("ready", flush=True)
try:
    for batch in loader:
        pass
except KeyboardInterrupt:
    left = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    print(len(left))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert out == "0\n"
    assert process.returncode == 0
