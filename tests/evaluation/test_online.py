"""Frames that come in blocks get the values that the whole video would give them, at once and with constant memory."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from aukit import build
from aukit.errors import DataError, UsageError
from aukit.evaluation.online import OnlinePredictor
from aukit.evaluation.predict import predict_video

STEP = 0.1


class Backbone(nn.Module):
    """Means over a coarse grid; counts the frames and the batches it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 6, 4, 4)
        self.batches: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.batches.append(len(x))
        return self.layer(x * 2 - 1)


class Slow(nn.Module):
    """A recurrence as a plugin may write it: forward alone, the state a nested tuple with None in it."""

    causal, lookahead = True, 0

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.keep = nn.Conv2d(6, 6, 1), nn.Conv2d(6, 6, 1)

    def forward(self, x: Tensor, state=None):
        h, (slow, _) = state or (torch.zeros_like(x[:, 0]), (torch.zeros_like(x[:, 0]), None))
        out = []
        for frame in x.unbind(1):
            h = torch.tanh(self.mix(frame) + self.keep(h) + slow)
            slow = 0.9 * slow + 0.1 * h
            out.append(h)
        return torch.stack(out, 1), (h, (slow, None))


class BothWays(nn.Module):
    """Sees its whole window at once; two places ahead at most."""

    causal, lookahead = False, 2

    def forward(self, x: Tensor, state=None):
        return x + x.mean(1, keepdim=True) + x.flip(1).cumsum(1), None


class Model(nn.Module):
    aus = ("AU01", "AU12")

    def __init__(self, temporal: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        wiring = {"channels": 6}
        self.backbone = Backbone()
        self.temporal = {
            "slow": Slow,
            "both": BothWays,
            "convgru": lambda: build("temporal", "convgru", wiring),
            "gru": lambda: build("temporal", "gru", wiring),
            "tcn": lambda: build("temporal", "tcn", wiring),
            "transformer": lambda: build("temporal", "transformer", wiring, heads=3),
        }[temporal]()
        self.head = build("head", "pool-bn-linear", {"channels": 6, "aus": self.aus})


MODELS = {name: Model(name) for name in ("slow", "both", "convgru", "gru", "tcn", "transformer")}
KINDS = [("convgru", "windowed"), ("convgru", "streaming"), ("slow", "windowed"), ("slow", "streaming")]
KINDS += [(name, mode) for name in ("gru", "tcn", "transformer") for mode in ("windowed", "streaming")]
KINDS += [("both", "windowed")]


def film(times: np.ndarray) -> np.ndarray:
    t = np.asarray(times)[:, None, None, None]
    y, x, c = np.arange(8)[:, None, None], np.arange(8)[None, :, None], np.arange(3)
    return np.rint(127 + 120 * np.sin(2 * t + 0.3 * x + 0.2 * y * c + 0.5 * np.sin(3 * t))).astype(np.uint8)


def online(model: Model, mode: str, *, window: int = 5, batch: int = 4) -> OnlinePredictor:
    return OnlinePredictor(model, seconds_per_frame=STEP, window=window, mode=mode, batch=batch)


def stream(predictor: OnlinePredictor, times: np.ndarray, blocks: list[int]) -> list[np.ndarray]:
    """The values that leave after each block of frames, and at the end."""
    edges = np.cumsum([0, *blocks]).clip(max=len(times))
    cuts = [*edges, len(times)]
    found = [predictor.push(film(times[a:b]), times[a:b]) for a, b in pairwise(cuts)]
    return [values.get(0, np.empty((0, 2))) for values in [*found, predictor.finish()]]


def clocks() -> st.SearchStrategy[np.ndarray]:
    """Constant rates that fit the step or not, and times with jitter, holes, and frames that lie close together."""
    constant = st.builds(
        lambda fps, frames: np.arange(frames) / fps,
        st.sampled_from([4, 10, 25, 29.97, 60]),
        st.integers(1, 40),
    )
    gaps = st.lists(st.integers(1, 250), min_size=1, max_size=40)
    return constant | gaps.map(lambda steps: 3 + np.cumsum(steps) / 1000)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    times=clocks(),
    blocks=st.lists(st.integers(0, 9), max_size=12),
    window=st.integers(1, 7),
    batch=st.sampled_from([1, 3, 8, 64]),
)
def test_any_blocks_give_what_the_whole_video_gives(kind, times, blocks, window, batch) -> None:
    model, mode = MODELS[kind[0]], kind[1]
    expected = predict_video(model, film(times), times, seconds_per_frame=STEP, window=window, mode=mode)
    found = np.concatenate(stream(online(model, mode, window=window, batch=batch), times, blocks))
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize(("name", "mode"), KINDS)
def test_blocks_change_not_one_bit(name: str, mode: str) -> None:
    """The batches of the backbone are the same whatever the blocks are."""
    times = np.arange(60) / 30
    whole = predict_video(
        MODELS[name], film(times), times, seconds_per_frame=STEP, window=5, mode=mode, batch=8
    )
    for blocks in ([1] * 60, [7] * 9, [60]):
        found = np.concatenate(stream(online(MODELS[name], mode, batch=8), times, blocks))
        np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize(("name", "mode"), KINDS[:-1])
def test_a_causal_model_answers_at_once(name: str, mode: str) -> None:
    times = np.arange(20) / 30
    found = stream(online(MODELS[name], mode, batch=1), times, [1] * 20)
    assert [len(values) for values in found] == [1] * 20 + [0, 0]


def test_a_model_that_looks_ahead_answers_two_steps_later() -> None:
    times = np.arange(20) / 20
    found = stream(online(MODELS["both"], "windowed", batch=1), times, [1] * 20)
    assert [len(values) for values in found] == [0] * 4 + [1] * 16 + [0, 4]


def test_a_batch_waits_until_it_is_full_or_flushed() -> None:
    model, times = Model("convgru"), np.arange(20) / 30
    predictor = online(model, "windowed", batch=8)
    assert [len(v) for v in stream(predictor, times, [1] * 20)] == [0] * 7 + [8] + [0] * 7 + [8] + [0] * 5 + [
        4
    ]
    assert model.backbone.batches == [8, 8, 4]
    predictor.push(film(times[:3]), times[:3])
    assert predictor.waiting == 3
    assert len(predictor.flush()[0]) == 3
    assert predictor.waiting == 0
    assert predictor.flush() == {}
    assert len(predictor.push(film(times[3:20]), times[3:20])[0]) == 16


@pytest.mark.parametrize(("name", "mode"), KINDS)
def test_no_state_crosses_a_gap(name: str, mode: str) -> None:
    times = np.concatenate([np.arange(20) / 20, 5 + np.arange(15) / 20])
    predictor = online(MODELS[name], mode, batch=8)
    found = []
    for start, stop in ((0, 20), (20, 35)):
        found += [predictor.push(film(times[start:stop]), times[start:stop]), predictor.gap()]
    found = np.concatenate([values[0] for values in [*found, predictor.finish()] if values])
    for start, stop in ((0, 20), (20, 35)):
        alone = predict_video(
            MODELS[name],
            film(times[start:stop]),
            times[start:stop],
            seconds_per_frame=STEP,
            window=5,
            mode=mode,
        )
        np.testing.assert_allclose(found[start:stop], alone, atol=2e-6)


@pytest.mark.parametrize(("name", "mode"), KINDS)
def test_several_faces_share_batches_and_nothing_else(name: str, mode: str) -> None:
    """Faces come and go; each gets what it would get alone, and the backbone's batches stay full."""
    model = Model(name)
    times = np.arange(60) / 25
    there = {"anna": slice(0, 60), "ben": slice(7, 41), "carla": slice(30, 44)}
    pixels = {key: np.roll(film(times), number, axis=2) for number, key in enumerate(there)}
    predictor = online(model, mode, batch=8)
    found: dict[str, list[np.ndarray]] = {key: [] for key in there}

    def keep(values) -> None:
        for key, new in values.items():
            found[key].append(new)

    for frame in range(60):
        for key, span in there.items():
            if span.start <= frame < span.stop:
                keep(predictor.push(pixels[key][frame : frame + 1], times[frame : frame + 1], key))
            elif frame == span.stop:
                keep(predictor.gap(key))
    keep(predictor.finish())
    assert set(model.backbone.batches[:-1]) == {8}
    for key, span in there.items():
        alone = predict_video(
            model, pixels[key][span], times[span], seconds_per_frame=STEP, window=5, mode=mode
        )
        np.testing.assert_allclose(np.concatenate(found[key]), alone, atol=2e-6)


@pytest.mark.parametrize(("name", "mode"), KINDS)
def test_memory_does_not_grow_with_the_video(name: str, mode: str) -> None:
    """A window of 5 places at 0.1 s and its neighbours are about 20 frames of 30 a second, and one batch."""
    predictor = online(MODELS[name], mode, batch=8)
    most, rng = 0, np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.02, 0.05, 600))
    blocks = film(times)
    for start in range(0, 600, 5):
        predictor.push(blocks[start : start + 5], times[start : start + 5])
        most = max(most, len(predictor._kept))
    assert most <= 40
    predictor.finish()
    assert len(predictor._kept) == 0


def test_the_number_of_threads_changes_nothing_and_is_left_as_it_was() -> None:
    times = np.arange(70) / 30
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found += [
                predict_video(
                    MODELS["convgru"], film(times), times, seconds_per_frame=STEP, window=5, batch=40
                )
            ]
            assert torch.get_num_threads() == threads
            assert not [one for one in threading.enumerate() if one.name.startswith("aukit")]
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_an_error_in_a_piece_is_raised() -> None:
    model, before = Model("convgru"), torch.get_num_threads()
    model.backbone.forward = lambda x: x.no_such_thing
    try:
        torch.set_num_threads(2)
        with pytest.raises(AttributeError, match="no_such_thing"):
            online(model, "windowed", batch=16).push(film(np.arange(16) / 30), np.arange(16) / 30)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_buffer_may_be_used_again() -> None:
    times = np.arange(10) / 30
    expected = predict_video(MODELS["convgru"], film(times), times, seconds_per_frame=STEP, window=5)
    predictor, buffer = online(MODELS["convgru"], "windowed", batch=8), np.empty((1, 8, 8, 3), np.uint8)
    found = []
    for time in times:
        buffer[:] = film(time[None])
        found += [predictor.push(buffer, [time])]
    found = np.concatenate([values[0] for values in [*found, predictor.finish()] if values])
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_bad_requests() -> None:
    with pytest.raises(UsageError, match="window of 0 frames"):
        online(MODELS["slow"], "windowed", window=0)
    with pytest.raises(UsageError, match="batch of 0 frames"):
        online(MODELS["slow"], "windowed", batch=0)
    with pytest.raises(UsageError, match="unknown predictor `live`"):
        online(MODELS["slow"], "live")
    with pytest.raises(UsageError, match="unknown precision `fp8`"):
        OnlinePredictor(MODELS["slow"], seconds_per_frame=STEP, window=5, precision="fp8")
    predictor = online(MODELS["slow"], "windowed")
    with pytest.raises(DataError, match="2 timestamps for 1 frames"):
        predictor.push(film(np.zeros(1)), [0.0, 0.1])
    predictor.push(film(np.zeros(1)), [0.1])
    with pytest.raises(DataError, match="do not increase"):
        predictor.push(film(np.zeros(1)), [0.1])
    assert len(predictor.finish()[0]) == 1  # what was refused left no trace
    with pytest.raises(DataError, match="seconds between frames are 0"):
        OnlinePredictor(MODELS["slow"], seconds_per_frame=0, window=5).push(film(np.zeros(1)), [0.0])
    assert predictor.gap("nobody") == {}
