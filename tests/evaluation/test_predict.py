"""Prediction of whole videos: every frame gets a value, the modes agree where they must, frame rates do not
matter.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aukit import build
from aukit.errors import DataError, UsageError
from aukit.evaluation.modes import effective_mode
from aukit.evaluation.predict import predict_video

STEP, WINDOW = 0.1, 6


class Backbone(nn.Module):
    """Counts the frames it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.BatchNorm2d(8))
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return self.layers(x * 2 - 1)


class Recurrent(nn.Module):
    """A recurrence whose state is a nested tuple."""

    causal, lookahead = True, 0

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.keep = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)

    def forward(self, x: Tensor, state=None):
        h, (slow,) = state or (torch.zeros_like(x[:, 0]), (torch.zeros_like(x[:, 0]),))
        out = []
        for frame in x.unbind(1):
            h = torch.tanh(self.mix(frame) + self.keep(h) + slow)
            slow = 0.9 * slow + 0.1 * h
            out.append(h)
        return torch.stack(out, 1), (h, (slow,))


class Memoryless(nn.Module):
    causal, lookahead = True, 0

    def forward(self, x: Tensor, state=None):
        return x.relu(), None


class BothWays(nn.Module):
    """Sees its whole window at once."""

    causal, lookahead = False, 99

    def forward(self, x: Tensor, state=None):
        return x + x.mean(1, keepdim=True) + x.flip(1).cumsum(1), None


class Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.linear = nn.BatchNorm1d(8), nn.Linear(8, 2)

    def forward(self, h: Tensor) -> Tensor:
        return self.linear(self.norm(h.mean((2, 3))))


class Model(nn.Module):
    aus = ("AU01", "AU12")

    def __init__(self, temporal: nn.Module) -> None:
        super().__init__()
        self.backbone, self.temporal, self.head = Backbone(), temporal, Head()


@pytest.fixture(params=[Recurrent, Memoryless, BothWays], ids=lambda kind: kind.__name__)
def model(request) -> Model:
    torch.manual_seed(0)
    return Model(request.param())


@pytest.fixture
def recurrent() -> Model:
    torch.manual_seed(0)
    return Model(Recurrent())


def film(times: np.ndarray) -> np.ndarray:
    """What a camera sees at these times: the same scene whatever its frame rate."""
    t = np.asarray(times)[:, None, None, None]
    y, x, c = np.arange(16)[:, None, None], np.arange(16)[None, :, None], np.arange(3)
    return np.rint(127 + 120 * np.sin(2 * t + 0.3 * x + 0.2 * y * c + 0.5 * np.sin(3 * t))).astype(np.uint8)


def predict(model: Model, times: np.ndarray, mode: str, **more) -> np.ndarray:
    return predict_video(model, film(times), times, seconds_per_frame=STEP, window=WINDOW, mode=mode, **more)


def by_hand(model: Model, times: np.ndarray, stride: int, frames: int | None) -> np.ndarray:
    """One frame at a time: its window (around it, for a module that looks ahead), or all its past."""
    pixels = torch.from_numpy(film(times)).permute(0, 3, 1, 2).float() / 255
    ahead = 0 if model.temporal.causal else (frames - 1) // 2
    model.eval()
    said = []
    with torch.no_grad():
        for i in range(len(times)):
            past = list(range(i, -1, -stride))[: None if frames is None else frames - ahead][::-1]
            window = past + list(range(i + stride, len(times), stride))[:ahead]
            states, _ = model.temporal(model.backbone(pixels[window])[None])
            said.append(model.head(states[:, len(past) - 1])[0])
    return torch.stack(said).numpy()


@pytest.mark.parametrize("batch", [1, 7, 32, 500])
def test_windowed_equals_one_window_at_a_time(model: Model, batch: int) -> None:
    times = np.arange(50) / 20
    expected = by_hand(model, times, 2, WINDOW)
    np.testing.assert_allclose(predict(model, times, "windowed", batch=batch), expected, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 7, 500])
def test_streaming_equals_the_whole_past(recurrent: Model, batch: int) -> None:
    times = np.arange(50) / 20
    expected = by_hand(recurrent, times, 2, None)
    np.testing.assert_allclose(predict(recurrent, times, "streaming", batch=batch), expected, atol=1e-5)


def clocks() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    variable = np.sort(rng.choice(np.arange(1, 240), 150, replace=False)) / 60
    return {
        "20": np.arange(80) / 20,
        "30": np.arange(120) / 30,
        "60": np.arange(240) / 60,
        "25": np.arange(100) / 25,
        "variable": np.append(0.0, variable),
    }


@pytest.mark.parametrize("clock", clocks())
def test_the_modes_agree_while_the_past_is_short(recurrent: Model, clock: str) -> None:
    times = clocks()[clock]
    windowed, streaming = predict(recurrent, times, "windowed"), predict(recurrent, times, "streaming")
    short = times < (WINDOW - 1) * STEP
    np.testing.assert_allclose(windowed[short], streaming[short], atol=1e-5)
    assert np.abs(windowed - streaming)[~short].max() > 1e-4
    assert np.isfinite(windowed).all()
    assert np.isfinite(streaming).all()


@pytest.mark.parametrize("mode", ["windowed", "streaming"])
@pytest.mark.parametrize(("clock", "tolerance"), [("30", 0), ("60", 0), ("25", 0.1), ("variable", 0.1)])
def test_a_copy_at_another_rate_says_the_same(
    recurrent: Model, mode: str, clock: str, tolerance: float
) -> None:
    """Exactly where the rate fits the step; else within a tenth of how much the predictions vary."""
    times = clocks()
    at20 = dict(zip(times["20"].round(4), predict(recurrent, times["20"], mode), strict=True))
    other = dict(zip(times[clock].round(4), predict(recurrent, times[clock], mode), strict=True))
    common = sorted(at20.keys() & other.keys())
    assert len(common) >= 20
    a, b = np.array([at20[t] for t in common]), np.array([other[t] for t in common])
    assert np.abs(a - b).max() <= tolerance * a.std(axis=0).max() + 1e-5
    assert np.abs(a - b)[-1].max() < np.ptp(a, axis=0).max()


def test_the_backbone_sees_each_frame_once(model: Model) -> None:
    for mode in ("windowed", "streaming"):
        for times in clocks().values():
            model.backbone.seen = 0
            predict(model, times, mode, batch=16)
            assert model.backbone.seen == len(times)


def test_frames_are_read_in_order_in_small_blocks(recurrent: Model) -> None:
    times, reads = np.arange(300) / 30, []

    def read(start: int, stop: int) -> np.ndarray:
        reads.append((start, stop))
        return film(times)[start:stop]

    found = predict_video(recurrent, read, times, seconds_per_frame=STEP, window=WINDOW, batch=16)
    np.testing.assert_array_equal(found, predict(recurrent, times, "windowed", batch=16))
    assert [stop for _, stop in reads[:-1]] == [start for start, _ in reads[1:]]
    assert max(stop - start for start, stop in reads) == 16


def test_nothing_crosses_a_gap_and_frames_outside_get_no_value(model: Model) -> None:
    times = np.concatenate([np.arange(30) / 20, 9 + np.arange(20) / 20])
    alone = predict_video(model, film(times[30:]), times[30:], seconds_per_frame=STEP, window=WINDOW)
    found = predict(model, times, "windowed", segments=[(0, 25), (30, 50)])
    np.testing.assert_allclose(found[30:], alone, atol=1e-6)
    assert np.isnan(found[25:30]).all()
    assert np.isfinite(found[:25]).all()
    assert np.isnan(predict(model, times, "streaming", segments=[])).all()


def test_the_model_is_left_as_it_was(recurrent: Model) -> None:
    recurrent.train()
    before = {name: value.clone() for name, value in recurrent.state_dict().items()}
    found = predict(recurrent, np.arange(20) / 20, "windowed")
    assert recurrent.training
    assert recurrent.head.training
    assert all(torch.equal(value, before[name]) for name, value in recurrent.state_dict().items())
    assert found.dtype == np.float32


def test_bf16_is_close(recurrent: Model) -> None:
    times = np.arange(40) / 20
    for mode in ("windowed", "streaming"):
        full, half = predict(recurrent, times, mode), predict(recurrent, times, mode, precision="bf16")
        assert half.dtype == np.float32
        assert 0 < np.abs(full - half).max() < 0.1


def test_a_module_that_looks_ahead_is_predicted_by_windows() -> None:
    torch.manual_seed(0)
    model = Model(BothWays())
    times = np.arange(40) / 20
    assert effective_mode(model, "streaming") == "windowed"
    np.testing.assert_array_equal(predict(model, times, "streaming"), predict(model, times, "windowed"))


def test_bad_requests(recurrent: Model) -> None:
    times = np.arange(10) / 20
    with pytest.raises(UsageError, match="unknown predictor `streamin`") as caught:
        predict(recurrent, times, "streamin")
    assert "`streaming`" in caught.value.hint
    with pytest.raises(UsageError, match="window of 0 frames"):
        predict_video(recurrent, film(times), times, seconds_per_frame=STEP, window=0)
    with pytest.raises(DataError, match="do not increase"):
        predict(recurrent, times[::-1].copy(), "windowed")
    with pytest.raises(DataError, match="segment 0-99 lies outside a video of 10 frames"):
        predict(recurrent, times, "windowed", segments=[(0, 99)])


@pytest.mark.parametrize("mode", ["windowed", "streaming"])
def test_rendered_faces_at_20_30_60_and_a_variable_rate(mode: str) -> None:
    """The same film of a drawn face, filmed at four rates, by the real parts in small."""
    scene = build("dataset", "synthetic", train=1, validation=0, test=0, frames=40, size=48, seed=3)
    torch.manual_seed(0)
    backbone = build("backbone", "resnet18-256", width=8, channels=16, blocks=(1, 1, 1, 1))
    temporal = build("temporal", "convgru", {"channels": 16})
    head = build("head", "pool-bn-linear", {"channels": 16, "aus": Model.aus})
    model = Model(temporal)
    model.backbone, model.head = backbone, head
    rates = clocks()
    said = {}
    for name in ("20", "30", "60", "variable"):
        times = rates[name][rates[name] < 2]
        frames, _ = scene.render("P001-1", times)
        found = predict_video(model, frames, times, seconds_per_frame=STEP, window=WINDOW, mode=mode)
        said[name] = dict(zip(times.round(4), found, strict=True))
    for name, tolerance in (("30", 0.01), ("60", 0.01), ("variable", 0.05)):
        common = sorted(said["20"].keys() & said[name].keys())
        a, b = np.array([said["20"][t] for t in common]), np.array([said[name][t] for t in common])
        assert len(common) >= 10
        assert np.abs(a - b).max() <= tolerance * np.ptp(a, axis=0).max()
