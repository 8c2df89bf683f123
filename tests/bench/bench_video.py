"""From video files to squares and from video files to AU tracks: what aukit adds to decoding, detection and the model.

The videos are synthetic people at 640x480 in H.264, encoded here.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from rows import Row, at_least, at_most, in_turns
from torch.utils.flop_counter import FlopCounterMode

from aukit.clips.reader import ClipStore
from aukit.contracts.data import Recording
from aukit.contracts.faces import FaceRules, Framing
from aukit.contracts.params import Choice
from aukit.hosting.build import build
from aukit.hosting.host import load_host
from aukit.ingest.faces import reduced
from aukit.ingest.parts import Job, Plan
from aukit.ingest.prepare import prepare
from aukit.ingest.prepare_video import prepare_video
from aukit.ingest.video import pictures
from aukit.testing.video import face_video
from aukit.training.estimator import AUEstimator
from aukit.training.model import build_model
from aukit.training.saved import ModelFacts
from aukit.training.video import stream_tracks

SIZE = (640, 480)
FRAMES = 200
EVERY = 5
AUS = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26")


def _video(path: Path, subject: str, frames: int) -> Path:
    """A person who fills a third of the picture, 25 frames a second."""
    return face_video(path, subjects=(subject,), frames=frames, fps=25, size=SIZE, face=220)


def _framing(every: int = 1) -> Framing:
    return Framing(faces=FaceRules(every=every))


def _prepare(folder: Path, processes: int) -> None:
    """Prepare a folder of videos."""
    dataset = build("dataset", "videos", origin="synthetic")
    with tempfile.TemporaryDirectory() as place:
        prepare(dataset, Path(place) / "out.h5", root=folder, framing=_framing(), processes=processes)


def prepare_here(video: Path, every: int) -> float:
    """Prepare one video in this process; gives the seconds."""
    registry = load_host(plugins=False)
    recording = Recording(video="one", subject="P001", path=video)
    with tempfile.TemporaryDirectory() as place:
        plan = Plan(
            parts=Path(place),
            store=Path(place) / "out.h5",
            framing=_framing(every),
            locator=registry.find("locator", "yunet"),
            data_set="bench",
            origin="synthetic",
            aus=(),
            fps=25.0,
            encoding="raw",
            quality=90,
        )
        locator = plan.build_locator()
        begun = time.perf_counter()
        for _ in prepare_video(Job(recording=recording, video="one", subject="P001"), plan, locator):
            pass
        return time.perf_counter() - begun


def bench_prepare() -> list[Row]:
    """Whole preparation against its two unavoidable parts, by the time of one process."""
    how = f"640x480 H.264, {FRAMES} frames, YuNet on pictures reduced to 320; medians, in turns"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "videos"
        folder.mkdir()
        video = _video(folder / "one.mp4", "P001", FRAMES)
        locator = build("locator", "yunet")

        def decode_and_detect() -> float:
            begun = time.perf_counter()
            locator.start("one", 0)
            for picture in pictures(Recording(video="one", subject="", path=video)):
                locator.locate(reduced(picture, 320))
            return time.perf_counter() - begun

        # In this process: one of its own may get another share of a busy machine.
        arms: dict[str, Callable[[], float]] = {
            "alone": decode_and_detect,
            "each": functools.partial(prepare_here, video, 1),
            "fifth": functools.partial(prepare_here, video, EVERY),
        }
        taken: dict[str, list[float]] = {name: [] for name in arms}
        for number in range(8):
            for name, arm in arms.items():
                seconds = arm()
                if number:
                    taken[name].append(seconds)
        alone, each, fifth = (float(np.median(taken[name])) for name in arms)
    return [
        at_least("prepare, detection each frame, of decode + detect alone", alone / each, "", 0.85, how),
        at_least("prepare, detection every 5th frame, of the same", alone / fifth, "", 1.6, how),
        Row(name="prepare, detection each frame", value=FRAMES / each, unit="frames/s", how=how),
        Row(name="prepare, detection every 5th frame", value=FRAMES / fifth, unit="frames/s", how=how),
    ]


def bench_prepare_processes() -> list[Row]:
    """Four videos by one process and by two, by the clock, starting them included."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "videos"
        folder.mkdir()
        for number in range(4):
            _video(folder / f"{number}.mp4", f"P00{number + 1}", 2 * FRAMES)
        arms = {
            str(processes): functools.partial(_prepare, folder, processes=processes) for processes in (1, 2)
        }
        seconds = in_turns(arms, rounds=3, warm_up=1)
    how = f"4 videos of {2 * FRAMES} frames, by the clock, starting processes and merging included"
    return [at_least("prepare, two processes against one", seconds["1"] / seconds["2"], "x", 1.7, how)]


@functools.cache
def _estimator() -> AUEstimator:
    """The paper's model at 128x128 with its window, untrained: its speed does not depend on its weights."""
    parts = {
        "backbone": Choice(name="resnet18-256"),
        "temporal": Choice(name="convgru"),
        "head": Choice(name="pool-bn-linear"),
    }
    model = build_model(parts, AUS, 0)
    facts = ModelFacts(
        aus=AUS,
        origin="real",
        size=(128, 128),
        seconds_per_frame=0.08,
        window=15,
        predictor="windowed",
        clip=False,
        parts={},
        providers={},
        crop=_framing().table(),
    )
    return AUEstimator(model, facts, "cpu")


def _squares(video: Path) -> np.ndarray:
    """The video's faces as the model sees them."""
    with tempfile.TemporaryDirectory() as place:
        prepare(
            build("dataset", "videos", origin="synthetic"),
            Path(place) / "out.h5",
            root=video.parent,
            framing=_framing(),
            processes=1,
        )
        store = ClipStore(Path(place) / "out.h5")
        frames = store.frames(store.videos[0].id, 0, store.videos[0].length)
        store.close()
        return frames


def bench_predict() -> list[Row]:
    """Tracks of a video against the model alone on squares that are in memory, and bf16 against fp32."""
    frames = 160
    with tempfile.TemporaryDirectory() as place:
        video = _video(Path(place) / "one.mp4", "P001", frames)
        squares = _squares(video)
        estimator = _estimator()
        times = np.arange(len(squares)) / 25
        stream = functools.partial(_stream, estimator, video)
        seconds = in_turns(
            {
                "model": functools.partial(estimator.predict, squares, times),
                "video": functools.partial(stream, "fp32"),
                "bf16": functools.partial(stream, "bf16"),
            },
            rounds=5,
            warm_up=1,
        )
    how = f"{frames} frames 640x480, detection every 5th, resnet18-256 and convgru at 128x128, window 15"
    fast = "avx512_bf16" in _flags() or "amx_bf16" in _flags()
    ratio = seconds["video"] / seconds["bf16"]
    return [
        at_least(
            "predict a video, of the model's own frames/s", seconds["model"] / seconds["video"], "", 0.8, how
        ),
        Row(name="predict a video", value=frames / seconds["video"], unit="frames/s", how=how),
        at_least("predict a video, bf16 against fp32", ratio, "x", 1.0, how)
        if fast
        else Row(
            name="predict a video, bf16 against fp32 (no bf16 in this processor)", value=ratio, unit="x"
        ),
    ]


def _stream(estimator: AUEstimator, video: Path, precision: str) -> None:
    for _ in stream_tracks(estimator, video, faces={"every": EVERY}, precision=precision):
        pass


def _flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    return set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())


def bench_inference() -> list[Row]:
    """The model's arithmetic a second on squares in memory, against that of one large fp32 matrix product."""
    estimator = _estimator()
    frames = np.zeros((128, 128, 128, 3), np.uint8)
    times = np.arange(len(frames)) / 25
    side = 1024
    left, right = torch.rand(side, side), torch.rand(side, side)
    work = len(frames) * _products(estimator)
    seconds = in_turns(
        {
            "model": functools.partial(estimator.predict, frames, times),
            "matrix": functools.partial(torch.mm, left, right),
        },
        rounds=7,
    )
    rate, best = work / seconds["model"], 2 * side**3 / seconds["matrix"]
    how = f"resnet18-256 and convgru, 128 frames of 128x128; fp32 product of {side}x{side} matrices"
    return [
        at_least("model inference, of the fp32 matrix-product rate", rate / best, "", 0.5, how),
        Row(name="model inference", value=len(frames) / seconds["model"], unit="frames/s", how=how),
        Row(name="model inference, arithmetic", value=rate / 1e9, unit="GFLOP/s", how=how),
    ]


def _products(estimator: AUEstimator) -> float:
    """Arithmetic that one frame's value needs: the backbone, the GRU's input products once, its own once a step."""
    model = estimator.model
    with torch.inference_mode():
        features = model.features(torch.zeros(1, 3, 128, 128))
        with FlopCounterMode(display=False) as backbone:
            model.features(torch.zeros(1, 3, 128, 128))
        with FlopCounterMode(display=False) as window:
            model.temporal(features[:, None].expand(-1, estimator.facts.window, -1, -1, -1))
    steps = float(window.get_total_flops()) / 2  # half are the input's, which the windows share
    return float(backbone.get_total_flops()) + steps + steps / estimator.facts.window


PEAK = """
import json, resource, sys
sys.path.insert(0, {here!r})
import bench_video
bench_video.{function}({path!r})
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
"""


def predict_small(path: str) -> None:
    """Tracks of a video by a small model, in this process."""
    parts = {
        "backbone": Choice(name="resnet18-256", width=8, channels=16, blocks=[1, 1, 1, 1]),
        "temporal": Choice(name="convgru"),
        "head": Choice(name="pool-bn-linear"),
    }
    facts = _estimator().facts
    for _ in stream_tracks(
        AUEstimator(build_model(parts, AUS, 0), facts, "cpu"), path, faces={"every": EVERY}
    ):
        pass


def prepare_one(path: str) -> None:
    """Prepare a video in this process."""
    prepare_here(Path(path), EVERY)


def bench_memory() -> Iterator[Row]:
    """The largest memory of a process that handles a video, and one ten times as long."""
    with tempfile.TemporaryDirectory() as place:
        short, long = (
            _video(Path(place) / f"{frames}.mp4", "P001", frames) for frames in (2 * FRAMES, 20 * FRAMES)
        )
        for name, function in (("predict", "predict_small"), ("prepare", "prepare_one")):
            least, most = (_peak(function, path) for path in (short, long))
            how = f"640x480, {2 * FRAMES} and {20 * FRAMES} frames, a process each: {least:.0f} and {most:.0f} MB"
            yield at_most(f"{name}, memory of a video ten times as long", most / least, "x", 1.1, how)


def _peak(function: str, path: Path) -> float:
    """The largest resident memory of a process that runs it, in MB."""
    code = PEAK.format(here=str(Path(__file__).parent), function=function, path=str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))
