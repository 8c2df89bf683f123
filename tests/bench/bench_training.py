"""Whole training steps, by the stages' own loops on a store on disk; and a whole run."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rows import Row, at_least, at_most, in_turns

from aukit.builtin.params.stages import ContrastiveParams, RegressionParams
from aukit.builtin.stages.contrastive import ContrastiveStage
from aukit.builtin.stages.regression import RegressionStage
from aukit.clips.clipset import ClipSet, open_clips
from aukit.clips.loader import Loader
from aukit.clips.windows import LabelPlan
from aukit.contracts.params import Choice
from aukit.hosting.host import load_host
from aukit.rundir.metrics_log import MetricsLog
from aukit.testing.store import tiny_store
from aukit.training.context import Context
from aukit.training.loop import Loop
from aukit.training.model import build_model

CLIPS, FRAMES, STRIDE, SIZE = 4, 15, 2, 128
STEPS = 1000  # of the stages that are measured: more than are run, few enough that every step writes its row
PARTS = {
    "backbone": Choice(name="resnet18-256"),
    "temporal": Choice(name="convgru"),
    "head": Choice(name="pool-bn-linear"),
}
STAGE: dict[str, Any] = {
    "data": "bench",
    "augmentation": {"name": "fast"},
    "stride": STRIDE,
    "batch": CLIPS,
    "steps": STEPS,
}


@contextmanager
def stage_context() -> Iterator[Context]:
    """The world of a stage: people on disk as raw 128x128 frames, the paper's model on the CPU."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = open_clips([tiny_store(folder / "raw.h5", people=8, frames=120, size=SIZE)])
        registry = load_host(plugins=False)
        yield Context(
            name="bench",
            seed=0,
            device=torch.device("cpu"),
            folder=folder,
            model=build_model(PARTS, clips.aus, 0, registry=registry),
            results={},
            train=clips,
            validation=clips.select(()),
            metrics=MetricsLog(folder / "metrics.jsonl"),
            emit=lambda event: None,
            parts=PARTS,
            registry=registry,
        )


def steps_of(loop: Loop) -> Callable[[], None]:
    """The loop's next step: its batch from the loader, forward, backward, optimiser, a row of metrics."""
    loop.training_mode()
    batches = enumerate(Loader(loop.read, loop.plan, 0, loop.steps))

    def step() -> None:
        loop.step(*next(batches))

    return step


def bare(backbone: torch.nn.Module, layout: torch.memory_format) -> Callable[[], None]:
    """Forward and backward of a backbone alone on as many frames, everything in one memory format."""
    backbone = copy.deepcopy(backbone).to(memory_format=layout)
    frames = torch.rand(CLIPS * FRAMES, 3, SIZE, SIZE).contiguous(memory_format=layout)
    like = torch.randn_like(backbone(frames))

    def step() -> None:
        backbone.zero_grad(set_to_none=True)
        backbone(frames).backward(like)

    return step


def bench_pretraining_step() -> list[Row]:
    """A whole step of stage 1 against the bare backbone in the memory format that is best for it."""
    with stage_context() as ctx:
        params = ContrastiveParams(**STAGE, validate_every=0)
        formats = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}
        arms = {name: bare(ctx.model.backbone, layout) for name, layout in formats.items()}
        arms["step"] = steps_of(ContrastiveStage(params).loop(ctx))
        seconds = in_turns(arms)
    best = min(formats, key=seconds.__getitem__)
    how = (
        f"B={CLIPS}, T={FRAMES}, {SIZE}x{SIZE}, resnet18-256, convgru, dpc-nce, fast, Adam, "
        f"{torch.get_num_threads()} threads; step {seconds['step']:.3f} s; bare "
        + ", ".join(f"{name} {seconds[name]:.3f} s" for name in formats)
    )
    share = 100 * seconds[best] / seconds["step"]
    return [at_least("stage-1 step against the bare backbone", share, "% frames/s", 85, how)]


def bench_regression_step() -> list[Row]:
    """A step of stage 2 where all windows are short against one where all are long."""
    with stage_context() as ctx:
        loop = RegressionStage(RegressionParams(**STAGE, select="last", evaluate_every=0)).loop(ctx)
        loop.training_mode()
        clips = far_from_the_start(ctx.clips("train"))
        seconds = in_turns({f"at {length}": steps_at(loop, clips, length) for length in (5, FRAMES)})
    how = f"B={CLIPS}, sparse, {SIZE}x{SIZE}, resnet18-256, convgru, fast, Adam; read to optimiser"
    ratio = seconds["at 5"] / seconds[f"at {FRAMES}"]
    return [at_most("stage-2 step, label position 5 against 15", ratio, "x", 0.45, how)]


def far_from_the_start(clips: ClipSet) -> ClipSet:
    """Labels only where a whole window fits before them."""
    first = (FRAMES - 1) * STRIDE
    return clips.masked({clip.id: np.arange(clip.length)[:, None] >= first for clip in clips.clips})


def steps_at(loop: Loop, clips: ClipSet, length: int) -> Callable[[], int]:
    """The loop's steps on windows whose label is their frame number `length`."""
    rng = partial(loop.ctx.rng, length)
    plan = LabelPlan(clips, frames=length, stride=STRIDE, batch=CLIPS, shortest=length, rng=rng)
    batches = enumerate(Loader(loop.read, plan, 0, STEPS))
    return lambda: loop.step(*next(batches))


def bench_quickstart() -> list[Row]:
    """Minutes and memory of the quickstart from nothing: data made, both stages trained, report written."""
    command = [sys.executable, "-m", "aukit", "run", "quickstart", "--out", "run", "--device", "cpu"]
    # without a data root, so that the data is made anew
    environment = {name: value for name, value in os.environ.items() if name != "AUKIT_DATA"}
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
            peak = 0
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(0.1)
        minutes = (time.perf_counter() - begun) / 60
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    how = f"one whole run on the CPU, {os.cpu_count()} cores, data made and report written"
    return [
        at_most("quickstart", minutes, "min", 5.0, how),
        at_most("quickstart's memory", peak / 2**30, "GiB", 4.0, f"{how}; all its processes together"),
    ]


def resident(process: int) -> int:
    """Bytes in memory of a process and all it started, from Linux's own count; shared pages count for each."""
    folder = Path(f"/proc/{process}")
    try:
        pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
        children = [child for file in folder.glob("task/*/children") for child in file.read_text().split()]
    except OSError:  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident(int(child)) for child in children)
