"""A run folder as a run leaves it, made in a second: random faces, tracks with noise, two stages of curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aukit.evaluation.baselines import label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.examples import save_examples
from aukit.evaluation.predictions import VideoPrediction, read_predictions, write_predictions
from aukit.rundir.atomic import write_json, write_text
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import MetricsLog

AUS = ("AU04", "AU12", "AU25")
SETTINGS = """
name = "little <run>"
summary = "two stages & three AUs"
seed = 7
[model.backbone]
name = "resnet18-256"
[model.temporal]
name = "convgru"
[model.head]
name = "pool-bn-linear"
[stages.pretrain]
name = "contrastive"
[stages.finetune]
name = "regression"
[evaluation]
split = "test"
"""


def videos(people: int) -> list[VideoPrediction]:
    rng = np.random.default_rng(0)
    found = []
    for i in range(people):
        labels = np.repeat(rng.choice(6, (20, 3), p=[0.6, 0.1, 0.1, 0.1, 0.05, 0.05]), 10, axis=0).astype(
            np.float32
        )
        said = labels * np.array([0.9, 0.22, 0.0]) + rng.normal(0, [0.3, 0.4, 0.8], labels.shape)
        found.append(
            VideoPrediction(
                id=f"set/P{i}",
                subject=f"P{i}",
                timestamps=np.arange(200) / 20,
                predictions=said.astype(np.float32),
                labels=labels,
            )
        )
    return found


def make_run(
    path: Path, *, origin: str = "synthetic", people: int = 8, overlap: tuple[str, ...] = ()
) -> Path:
    folder = RunFolder.create(path)
    write_text(folder.resolved, SETTINGS)
    said = videos(people)
    facts = {"predictor": "windowed", "window": 15, "seconds_per_frame": 0.1, "split": "test"}
    write_predictions(folder.predictions, said, aus=AUS, origin=origin, model="little", facts=facts)
    training = label_statistics([video.labels[::20] for video in said], AUS)
    result = evaluate(
        {video.id: video.predictions for video in said},
        {video.id: video.labels for video in said},
        {video.id: video.subject for video in said},
        training=training,
        origin=origin,
        resamples=200,
    )
    write_json(folder.results, result.to_json())
    rng = np.random.default_rng(1)
    save_examples(
        path, read_predictions(folder.predictions), lambda id, i: rng.integers(0, 255, (24, 24, 3), np.uint8)
    )
    log = MetricsLog(folder.metrics)
    for step in range(1, 60):
        log.write(
            "pretrain",
            step,
            {"loss": 5 / step, "top1": step / 99, "top5": step / 60, "copy_top1": 0.2, "lr": 1e-3},
        )
        if step % 20 == 0:
            log.write("pretrain", step, {"validation_loss": 6 / step, "validation_top1": step / 120})
    for step in range(1, 30):
        log.write("finetune", step, {"loss": 2 / step, "lr": 1e-4})
    log.write("finetune", 29, {"validation_icc": 0.4, "validation_mse": 0.5})
    log.write("finetune", 29, {"recalibrated_validation_icc": 0.5})
    for stage, seconds in (("pretrain", 70.0), ("finetune", 35.0)):
        folder.stage(stage).mkdir(parents=True)
        write_json(folder.stage(stage) / "state.json", {"rows": 1, "seconds": seconds, "metrics": {}})
    table = {
        "files": [{"path": "/data/faces.h5", "bytes": 9, "digest": "c0ffee" * 5}],
        "data_sets": ["little set"],
        "cite": "Little 2021",
        "origin": origin,
        "terms": "for tests",
        "split": {"train": ["T0", "T1"], "validation": [], "test": [f"P{i}" for i in range(people)]},
        "frames": {"train": 400, "validation": 0, "test": 200 * people},
    }
    data = {
        "origin": origin,
        "tables": {"faces": table},
        "stages": {
            "finetune": {"labels": {"train": {"frames": 80, "cells": 240, "labels": {}, "positives": {}}}}
        },
        "overlap_with_test": {"pretrain": list(overlap), "finetune": []},
    }
    write_json(folder.data, data)
    components = {
        "model.backbone": ("resnet18-256", "backbone", "He 2016"),
        "stages.pretrain": ("contrastive", "stage", "Sanchez 2020"),
        "stages.pretrain.objective": ("dpc-nce", "objective", "Sanchez 2020; Han 2019"),
        "stages.finetune.sampler": ("random", "sampler", ""),
    }
    write_json(
        folder.environment,
        {
            "aukit": "0.1.0",
            "torch": "2.13.0",
            "python": "3.11.9",
            "device": "cpu",
            "cpu": "a fast one",
            "git": {"aukit": {"commit": "abc123", "dirty": True}, "cwd": None},
            "components": {
                place: {"name": name, "kind": kind, "provider": "aukit", "version": "0.1.0", "cite": cite}
                for place, (name, kind, cite) in components.items()
            },
        },
    )
    return path


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on eight people. Tests must not change it."""
    return make_run(tmp_path_factory.mktemp("runs") / "little")


@pytest.fixture
def make(tmp_path: Path):
    """Make a run folder with other people, origin or overlap."""
    return lambda **how: make_run(tmp_path / "run", **how)
