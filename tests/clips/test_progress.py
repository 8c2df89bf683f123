"""How far, how fast, how long still."""

from __future__ import annotations

from aukit.clips.progress import FrameProgress
from aukit.contracts.run import Progress


def test_the_reporter_needs_no_total() -> None:
    seen: list[Progress] = []
    FrameProgress("x", 0, seen.append).add(3)
    assert (seen[0].done, seen[0].total, seen[0].seconds_left) == (3, 0, 0)


def test_what_was_done_before_is_not_counted_as_fast() -> None:
    seen: list[Progress] = []
    progress = FrameProgress("x", 100, seen.append)
    progress.add(50, before=True)
    assert (seen[0].done, seen[0].frames_per_second, seen[0].seconds_left) == (50, 0, 0)
    progress.add(10)
    assert seen[1].frames_per_second > 0
    assert abs(seen[1].seconds_left * seen[1].frames_per_second - 40) < 1e-6


def test_nobody_need_listen() -> None:
    FrameProgress("x", 1, None).add(1)
