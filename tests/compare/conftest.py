"""Run folders as runs leave them, made in milliseconds through the code that writes them; and a suite of such."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from aukit.clips.masks import mask_to_table
from aukit.evaluation.baselines import label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.predictions import VideoPrediction, write_predictions
from aukit.rundir.atomic import write_json, write_text
from aukit.rundir.layout import RunFolder
from aukit.rundir.suite import PlannedRun, SuitePlan, Variant, run_digest, write_plan

AUS = ("AU04", "AU12", "AU25")
FRAMES = 60


def settings(variant: str, fold: int, seed: int) -> dict[str, Any]:
    """A recipe as it is dumped, as far as a comparison looks: `scratch` has no pre-training."""
    pretrain = {
        "name": "contrastive",
        "data": ["faces"],
        "steps": 9,
        "objective": {"name": "dpc-nce", "frames": 5},
    }
    rate = {"base": 1.0, "scratch": 1.0}.get(variant, 0.5)
    finetune = {"name": "regression", "data": ["faces"], "optimizer": {"name": "Adam", "lr": rate}}
    finetune["sampler"] = {"name": "random", "fraction": 0.1}
    stages = {"finetune": finetune} if variant == "scratch" else {"pretrain": pretrain, "finetune": finetune}
    return {
        "name": "little",
        "summary": "",
        "seed": seed,
        "trackers": [],
        "data": {"faces": {"path": "faces.h5", "schema": "", "split": "default", "fold": fold}},
        "model": {"backbone": {"name": "resnet18-256"}},
        "stages": stages,
        "evaluation": {"data": "faces", "split": "test", "resamples": 20},
        "compute": {"device": "cpu", "precision": "fp32"},
    }


def labels_of(person: int, aus: int = len(AUS), frames: int = FRAMES) -> np.ndarray:
    """One person's labels `(T,A)`: some show an AU, some do not."""
    rng = np.random.default_rng([7, person])
    shows = rng.random(aus) < 0.85
    steps = rng.choice(6, (frames // 6 + 1, aus), p=[0.5, 0.1, 0.1, 0.1, 0.1, 0.1]) * shows
    return np.repeat(steps, 6, axis=0)[:frames].astype(np.float32)


NOISE = {"base": 0.4, "scratch": 1.2}


def write_run(
    path: Path,
    variant: str = "base",
    *,
    fold: int = 1,
    seed: int = 0,
    people: int = 6,
    origin: str = "synthetic",
    aus: Sequence[str] = AUS,
    labels: int | None = None,
    change: Callable[[np.ndarray], np.ndarray] = lambda labels: labels,
    frames: int = FRAMES,
    tables: dict[str, Any] | None = None,
    protocol: str = "by person",
    clip: bool = False,
    missing: bool = False,
    data_set: str = "little",
) -> Path:
    """A finished run. `labels`: the seed of the list of training labels; `change`: what becomes of test labels."""
    folder = RunFolder.create(path)
    tables = tables or settings(variant, fold, seed)
    write_text(folder.resolved, tomli_w.dumps(tables))
    rng = np.random.default_rng([len(variant), fold, seed])
    videos = []
    for number in range(people):
        person = 100 * fold + number
        truth = change(labels_of(person, len(aus), frames))
        gain = rng.normal(0.8, 0.1)
        said = gain * labels_of(person, len(aus), frames) + rng.normal(
            0, NOISE.get(variant, 0.7), truth.shape
        )
        if missing:
            said[:3] = np.nan
        videos.append(
            VideoPrediction(
                id=f"little/P{person}",
                subject=f"P{person}",
                timestamps=np.arange(frames) / 20,
                predictions=said.astype(np.float32),
                labels=truth.astype(np.float32),
            )
        )
    write_predictions(
        folder.predictions, videos, aus=aus, origin=origin, model="little", facts={"protocol": protocol}
    )
    drawn = np.random.default_rng([fold, seed if labels is None else labels])
    train = {f"little/T{n}": labels_of(1000 * fold + n, len(aus), frames) for n in range(3)}
    mask = {id: np.repeat(drawn.random((frames, 1)) < 0.2, len(aus), axis=1) for id in train}
    shown = [np.where(mask[id], train[id], np.nan) for id in train]
    result = evaluate(
        {video.id: video.predictions for video in videos},
        {video.id: video.labels for video in videos},
        {video.id: f"little/{video.subject}" for video in videos},
        training=label_statistics(shown, aus),
        origin=origin,
        clip=clip,
        same_people=protocol != "by person",
        resamples=20,
    )
    write_json(folder.results, result.to_json())
    folder.stage("finetune").mkdir(parents=True)
    write_text(folder.stage("finetune") / "labels-train.json", json.dumps(mask_to_table(mask, tuple(aus))))
    used = int(sum(part[:, 0].sum() for part in mask.values()))
    statistics = label_statistics(shown, aus)
    levels = {au: [int(n) for n in row] for au, row in zip(aus, statistics.histogram, strict=True)}
    counts = {"frames": used, "cells": used * len(aus), "levels": levels}
    nothing = {"frames": 0, "cells": 0, "levels": {au: [0] * 6 for au in aus}}
    table = {
        "data_sets": [data_set],
        "levels": {
            "train": {au: [50, 4, 3, 2, 1, 0] for au in aus},
            "test": {au: [9, 1, 0, 0, 0, 0] for au in aus},
        },
    }
    stages = {"finetune": {"data": ["faces"], "labels": {"train": counts, "selection": nothing}}}
    write_json(
        folder.data,
        {
            "origin": origin,
            "aus": list(aus),
            "protocol": protocol,
            "tables": {"faces": table},
            "stages": stages,
        },
    )
    metrics = {"finetune": {"validation_icc": 0.5}}
    if "pretrain" in tables["stages"]:
        metrics["pretrain"] = accuracies(seed, steps=3)
    write_json(
        folder.summary, {"status": "finished", "recipe": "little", "origin": origin, "stages": metrics}
    )
    return path


def accuracies(seed: int, steps: int) -> dict[str, float]:
    """Numbers of pre-training as a stage reports them."""
    found = {"validation_loss": 3.2, "validation_top1_time": 0.45, "validation_copy_top1_time": 0.4}
    for n in (1, 3, 5):
        found[f"validation_top{n}"] = 0.1 * n + 0.01 * seed
        found[f"validation_copy_top{n}"] = 0.08 * n
    for step in range(1, steps + 1):
        for n in (1, 3, 5):
            found[f"validation_top{n}_step{step}"] = 0.12 * n / step
        found[f"validation_copy_top1_step{step}"] = 0.1 / step
        found[f"validation_top1_time_step{step}"] = 0.5 / step
    return found


def write_suite(
    path: Path,
    *,
    variants: Sequence[str] = ("scratch", "base"),
    folds: Sequence[int] = (1,),
    seeds: Sequence[int] = (0, 1, 2),
    leave: Sequence[str] = (),
    plan: dict[str, Any] | None = None,
    **how: Any,
) -> Path:
    """A suite's folder with its plan and its runs, but for the folders in `leave`."""
    runs = []
    for variant in variants:
        for fold in folds:
            for seed in seeds:
                folder = f"{variant}/fold{fold}-seed{seed}"
                digest = run_digest(settings(variant, fold, seed))
                runs.append(PlannedRun(variant=variant, fold=fold, seed=seed, folder=folder, digest=digest))
                if folder not in leave:
                    write_run(path / folder, variant, fold=fold, seed=seed, **how)
    said: dict[str, Any] = {
        "name": "little-suite",
        "summary": "pre-training or none",
        "shows": "intensity",
        "hypothesis": "pre-trained beats scratch",
        "primary": "icc",
        "variants": tuple(Variant(name=name, title=name.capitalize()) for name in variants),
        "runs": tuple(runs),
        "written": "2026-11-24T03:00:00+00:00",
    }
    write_plan(path, SuitePlan(**(said | (plan or {}))))
    return path


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants, three seeds, two folds of six people. Tests must not change it."""
    return write_suite(tmp_path_factory.mktemp("suites") / "little", folds=(1, 2))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """`make(name, variant, ...)`: a run folder in the test's folder."""
    return lambda name, *args, **how: write_run(tmp_path / name, *args, **how)


@pytest.fixture(scope="session")
def changed() -> Callable[..., dict[str, Any]]:
    """`changed("a", "b", to=value, **top)`: the recipe of `base` with one value changed, and others at the top."""

    def change(*path: str, to: Any, **top: Any) -> dict[str, Any]:
        tables = deepcopy(settings("base", 1, 0)) | top
        *way, last = path
        place = tables
        for key in way:
            place = place[key]
        place[last] = to
        return tables

    return change


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Path]:
    """`make_run(path, variant, ...)`: a run folder."""
    return write_run


@pytest.fixture(scope="session")
def make_suite() -> Callable[..., Path]:
    """`make_suite(path, ...)`: a suite's folder."""
    return write_suite
