"""Boxes are averaged over time: without lag, never across a loss, the same at any frame rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import at, faces_of, middles, points_of, steps

from aukit.ingest.smooth import average

times = st.lists(st.floats(0.01, 0.3), min_size=1, max_size=30).map(lambda gaps: list(np.cumsum(gaps)))


@given(
    seconds=times,
    window=st.floats(0.05, 2),
    speed=st.floats(-300, 300),
    growth=st.floats(-5, 5),
    every=st.integers(1, 4),
)
def test_steady_motion_stays_as_it_is(
    seconds: list[float], window: float, speed: float, growth: float, every: int
) -> None:
    """At any frame rate, however uneven: so there is no lag."""

    def script(now: float) -> list[Any]:
        return [at(320 + speed * (now - 4) / 20, side=100 + growth * (now - 4))]

    for now, face in zip(seconds, faces_of(script, seconds, smooth=window, every=every), strict=True):
        (seen,) = face.values()
        np.testing.assert_allclose(seen.box, script(now)[0], atol=1e-8)
        np.testing.assert_allclose(seen.points, points_of(script(now)[0]), atol=1e-8)


def test_trembling_gets_less() -> None:
    noise = np.random.default_rng(0).normal(0, 3, 200)
    seconds = steps(200)
    faces = faces_of(lambda now: [at(320 + noise[round(now * 25)])], seconds, smooth=0.2)
    left = np.array(middles(faces, 0), float)[5:-5] - 320
    assert left.std() < 0.5 * noise.std()
    # 0.2 s are five steps at 25 frames a second: half a step of the path at either end.
    knots = np.array([0.125, 0.875, 1, 1, 1, 0.875, 0.125]) / 5
    np.testing.assert_allclose(left, np.convolve(noise, knots, "valid")[2:-2], atol=1e-9)


@given(seconds=times, data=st.data(), half=st.floats(0.01, 0.5))
def test_the_average_is_that_of_the_path_drawn_finely(
    seconds: list[float], data: st.DataObject, half: float
) -> None:
    values = np.array(data.draw(st.lists(st.floats(-100, 100), min_size=len(seconds), max_size=len(seconds))))
    moment = data.draw(st.integers(0, len(seconds) - 1))
    now = seconds[moment]
    reach = min(half, now - seconds[0], seconds[-1] - now)
    fine = now + reach * (np.arange(20_000) + 0.5 - 10_000) / 10_000
    expected = np.interp(fine, seconds, values).mean()
    found = average(np.array(seconds), values[:, None], now, half)
    assert found == pytest.approx([expected], abs=0.02)


@given(data=st.data(), count=st.integers(1, 25))
def test_time_may_run_backwards(data: st.DataObject, count: int) -> None:
    places = data.draw(st.lists(st.floats(300, 320), min_size=count, max_size=count))
    ahead = middles(faces_of(lambda now: [at(places[round(now * 25)])], steps(count), smooth=0.3), 0)
    back = middles(faces_of(lambda now: [at(places[-1 - round(now * 25)])], steps(count), smooth=0.3), 0)
    np.testing.assert_allclose(ahead, back[::-1])


def test_nothing_is_averaged_across_a_loss() -> None:
    """The face comes back elsewhere: no box lies between the two places."""

    def script(now: float) -> list[Any]:
        return [at(300)] if now < 0.4 else [] if now < 0.6 else [at(330)]

    found = middles(faces_of(script, steps(30), smooth=0.4), 0)
    assert [where and round(where, 6) for where in found] == [300] * 10 + [None] * 5 + [330] * 15


def test_each_person_is_averaged_alone() -> None:
    together = faces_of(
        lambda now: [at(100 + 9 * (now % 0.1)), at(500 - 7 * (now % 0.15))], steps(40), smooth=0.3
    )
    for id_, script in (
        (0, lambda now: [at(100 + 9 * (now % 0.1))]),
        (1, lambda now: [at(500 - 7 * (now % 0.15))]),
    ):
        alone = faces_of(script, steps(40), smooth=0.3)
        assert middles(together, id_) == middles(alone, 0)
