"""What a run would read, train and write, without doing it: for `--dry-run`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aukit.clips.clipset import ClipSet
from aukit.clips.masks import count_labels
from aukit.contracts.run import StageResult
from aukit.evaluation.predict import predict_video
from aukit.hosting.build import build, construct
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import MetricsLog
from aukit.training.context import Context
from aukit.training.data import RunData, has_labels, open_data
from aukit.training.device import choose_device, settings
from aukit.training.loop import Loop
from aukit.training.model import PARTS, AUModel, build_model
from aukit.training.steps import seconds_between
from aukit.training.tables import Table

CLIPS = 4
"""Windows in the batch that is timed; the time is scaled to the real batch by its frames."""


def plan(recipe: Recipe, *, registry: Registry, out: Path | None = None) -> dict[str, Any]:
    """Facts of a run. Nothing is written; two small steps of each stage are computed to time them.

    Raises:
        AukitError: all that a run would refuse before it trains.
    """
    if out is not None:
        RunFolder.refuse(out)
    device = choose_device(recipe.compute.device)
    with settings(device, threads=recipe.compute.threads, deterministic=recipe.compute.deterministic):
        data = open_data(recipe, registry=registry, emit=lambda event: None, make=False)
        parts = {part: getattr(recipe.model, part) for part in PARTS}
        model = build_model(parts, data.aus, recipe.seed, registry=registry)
        if data.weights:
            data.weights.load_into(model)
        model = model.to(device)
        speed = _prediction_speed(model, data, device)
        stages: dict[str, dict[str, Any]] = {}
        results: dict[str, StageResult] = {}
        for name in recipe.stages:
            stages[name] = _stage(recipe, name, data, model, results, device, registry, speed)
        making = sum(_making(recipe, name, table, registry) for name, table in data.tables.items())
        weights = sum(value.numel() * value.element_size() for value in model.state_dict().values())
        return {
            "recipe": recipe.name,
            "folder": str(out) if out else f"runs/{recipe.name}/TIME_DIGEST",
            "writes": _writes(recipe),
            "device": str(device),
            "data": {name: _table(table) for name, table in data.tables.items()},
            "model": _shapes(model, data, device),
            "stages": stages,
            "evaluation": _evaluation(recipe, data, speed),
            "disk_mb": {
                "data_to_make": round(sum(_bytes(t) for t in data.tables.values() if not t.made) / 1e6, 1),
                # a checkpoint: weights, two moments, an average, the best ones
                "run": round((weights * (5 + len(stages)) + data.test.frames * len(data.aus) * 8) / 1e6, 1),
            },
            "seconds_to_make_data": round(making, 1),
            "seconds_estimated": round(
                making
                + sum(stage.get("seconds_estimated", 0.0) for stage in stages.values())
                + data.test.frames / speed
            ),
        }


def _table(table: Table) -> dict[str, Any]:
    return {
        "files": [str(path) for path in table.files],
        "made": table.made,
        "origin": table.origin,
        "aus": list(table.aus),
        "frame_hw": list(table.parts["train"].size),
        **{
            part: {"people": len(clips.people), "videos": len(clips), "frames": clips.frames}
            for part, clips in table.parts.items()
        },
    }


def _writes(recipe: Recipe) -> list[str]:
    """What a run folder will hold; a folder ends with a slash."""
    folder = RunFolder(Path())
    files = [folder.recipe, folder.resolved, folder.environment, folder.data, folder.metrics, folder.log]
    folders = [*(folder.stage(name) for name in recipe.stages), folder.model]
    results = [folder.predictions, folder.results, folder.report, folder.summary]
    return [*map(str, files), *(f"{path}/" for path in folders), *map(str, results)]


def _making(recipe: Recipe, name: str, table: Table, registry: Registry) -> float:
    """Seconds to make a generated table that is not there, from the pace of its first frames; 0 where it is."""
    choice = recipe.data[name].dataset
    if table.made or choice is None:
        return 0.0
    dataset = build("dataset", choice.name, registry=registry, **choice.params)
    started = time.perf_counter()
    made = len(next(next(iter(dataset.videos())).read()).frames)
    a_frame = (time.perf_counter() - started) / made
    videos = sum(len(clips) for clips in table.parts.values())
    frames = sum(clips.frames for clips in table.parts.values())
    return frames * a_frame / min(os.cpu_count() or 1, videos)


def _bytes(table: Table) -> int:
    height, width = table.parts["train"].size
    return int(sum(clips.frames for clips in table.parts.values()) * height * width * 3)


@torch.no_grad()
def _shapes(model: AUModel, data: RunData, device: torch.device) -> dict[str, Any]:
    """Parameters of each part, and what one clip of two frames turns into on its way."""
    model.eval()
    frames = torch.zeros(2, 3, *data.size, device=device)
    features = model.features(frames)
    states, _ = model.temporal(features.unsqueeze(0))
    sizes = {part: sum(p.numel() for p in getattr(model, part).parameters()) for part in PARTS}
    return {
        "parameters": {**sizes, "all": sum(sizes.values())},
        "frame_chw": [3, *data.size],
        "features_chw": list(features.shape[1:]),
        "state_chw": list(states.shape[2:]),
        "aus": list(data.aus),
    }


def _stage(
    recipe: Recipe,
    name: str,
    data: RunData,
    model: AUModel,
    results: dict[str, StageResult],
    device: torch.device,
    registry: Registry,
    speed: float,
) -> dict[str, Any]:
    """Facts of a stage; what it will leave is added to `results`."""
    provided, params, own = (
        recipe.components[f"stages.{name}"],
        recipe.params(f"stages.{name}"),
        data.stages[name],
    )
    facts: dict[str, Any] = {"component": provided.name, "data": list(own.tables)}
    for part, clips in (("train", own.train), ("validation", own.validation)):
        facts[part] = {"people": len(clips.people), "frames": clips.frames}
        if has_labels(params):
            counts = count_labels(clips)
            facts[part] |= {"labelled_frames": counts.frames, "labels": counts.cells}
    with tempfile.TemporaryDirectory() as place:
        metrics = MetricsLog(Path(place) / "metrics.jsonl")
        ctx = Context(
            name=name,
            seed=recipe.seed,
            device=device,
            folder=Path(place),
            model=model,
            results=dict(results),
            train=own.train,
            validation=own.validation,
            metrics=metrics,
            emit=lambda event: None,
            parts={part: getattr(recipe.model, part) for part in PARTS},
            registry=registry,
            runs=data.used_by(name),
            precision=recipe.compute.precision,
        )
        stage = construct(provided, params, {})
        if hasattr(stage, "check"):
            stage.check(ctx)
        results[name] = stage.preview(ctx) if hasattr(stage, "preview") else StageResult(model=model)
        if results[name].labels:
            facts["seconds_estimated"] = round(own.train.frames / speed, 1)
        if not hasattr(stage, "loop"):
            return facts
        loop = stage.loop(ctx)
        batch = getattr(params, "batch", CLIPS)
        frames = float(
            np.mean([sum(w.frames for w in loop.plan(step)) for step in range(min(loop.steps, 8))])
        )
        longest = max(window.frames for step in range(min(loop.steps, 8)) for window in loop.plan(step))
        seconds = seconds_between(params, own.train)
        facts |= {
            "steps": loop.steps,
            "clips_bthwc": [batch, longest, *own.train.size, 3],
            "frames_a_step": round(frames, 1),
            "seconds_between_frames": round(seconds, 4),
            "seconds_a_window": round((longest - 1) * seconds, 3),
        }
        small = construct(provided, params.model_copy(update={"batch": min(batch, CLIPS)}), {}).loop(ctx)
        a_step = _time_step(small) * frames
        looks = (loop.steps // loop.look_every if loop.look_every else 1) if loop.look else 0
        looked = looks * own.validation.frames / speed if has_labels(params) else 0.0
        facts |= {
            "seconds_a_step": round(a_step, 3),
            "seconds_estimated": round(loop.steps * a_step + looked, 1),
        }
    return facts


def _time_step(loop: Loop) -> float:
    """Seconds a frame of one step, reading included; the first step warms up."""
    loop.training_mode()
    loop.step(0, loop.read(loop.plan(0)))
    started = time.perf_counter()
    frames = loop.step(1, loop.read(loop.plan(1)))
    return (time.perf_counter() - started) / frames


def _prediction_speed(model: AUModel, data: RunData, device: torch.device) -> float:
    """Frames a second of prediction, measured on a few frames."""
    clip = next(clips for clips in _all(data) if clips.clips).clips[0]
    count = min(clip.length, 24)
    started = time.perf_counter()
    predict_video(
        model,
        clip.read(0, count),
        clip.timestamps[:count],
        seconds_per_frame=2 / clip.fps,
        window=15,
        device=device,
    )
    return count / (time.perf_counter() - started)


def _all(data: RunData) -> list[ClipSet]:
    return [data.test, *(stage.train for stage in data.stages.values())]


def _evaluation(recipe: Recipe, data: RunData, speed: float) -> Mapping[str, Any]:
    return {
        "split": recipe.evaluation.split,
        "predictor": recipe.evaluation.predictor,
        "people": len(data.test.people),
        "frames": data.test.frames,
        "labelled_frames": count_labels(data.test).frames,
        "seconds_estimated": round(data.test.frames / speed, 1),
    }
