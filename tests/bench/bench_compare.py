"""How long a comparison takes: fifty runs of the size of a fold of DISFA, as `aukit compare` reads and scores them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tomli_w
from rows import Row, at_most

from aukit.clips.masks import mask_to_table
from aukit.evaluation.baselines import label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.predictions import VideoPrediction, write_predictions
from aukit.rundir.atomic import write_json, write_text
from aukit.rundir.layout import RunFolder

AUS = tuple(f"AU{n:02}" for n in (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26))
PEOPLE, FRAMES, VARIANTS, SEEDS, ROUNDS = 9, 4845, 5, 10, 5


def make_runs(root: Path) -> list[Path]:
    """Fifty finished runs: five variants, ten seeds, the same nine test people."""
    rng = np.random.default_rng(0)
    steps = rng.choice(6, (PEOPLE, FRAMES // 15, len(AUS)), p=[0.7, 0.06, 0.06, 0.06, 0.06, 0.06])
    truth = np.repeat(steps, 15, axis=1).astype(np.float32)
    ids = [f"disfa/SN{number:03}" for number in range(PEOPLE)]
    training = label_statistics([truth[0]], AUS)
    chosen = json.dumps(mask_to_table({ids[0]: rng.random(truth[0].shape) < 0.02}, AUS))
    return [
        _run(root / f"{variant}-{seed}", variant, seed, ids, truth, training, chosen)
        for variant in range(VARIANTS)
        for seed in range(SEEDS)
    ]


def _run(path: Path, variant: int, seed: int, ids, truth, training, chosen: str) -> Path:
    folder, rng = RunFolder.create(path), np.random.default_rng([variant, seed])
    said = (0.7 * truth + rng.normal(0, 0.5, truth.shape)).astype(np.float32)
    times = np.arange(truth.shape[1]) / 20
    videos = [
        VideoPrediction(id=id, subject=id[-5:], timestamps=times, predictions=p, labels=y)
        for id, p, y in zip(ids, said, truth, strict=True)
    ]
    write_predictions(folder.predictions, videos, aus=AUS, origin="synthetic", model="bench")
    found = evaluate(
        dict(zip(ids, said, strict=True)),
        dict(zip(ids, truth, strict=True)),
        {id: id for id in ids},
        training=training,
        origin="synthetic",
        resamples=4,
    )
    write_json(folder.results, found.to_json())
    stages = {
        "finetune": {"name": "regression", "data": ["disfa"], "steps": variant, "sampler": {"name": "random"}}
    }
    recipe = {"name": "bench", "seed": seed, "data": {"disfa": {"fold": 1}}, "stages": stages}
    write_text(folder.resolved, tomli_w.dumps(recipe))
    folder.stage("finetune").mkdir(parents=True)
    write_text(folder.stage("finetune") / "labels-train.json", chosen)
    write_json(folder.data, {"origin": "synthetic", "aus": AUS, "protocol": "by person"})
    write_json(folder.summary, {"status": "finished"})
    return path


def bench_compare() -> Row:
    """Seconds of `aukit compare` on fifty runs, the start of Python included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "aukit", "compare", *map(str, make_runs(Path(folder)))]
        seconds = []
        for number in range(ROUNDS + 1):
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if number:  # the first round warms the disk's cache
                seconds.append(time.perf_counter() - begun)
    how = f"median of {ROUNDS}; {VARIANTS} variants, {SEEDS} seeds, {PEOPLE} people of {FRAMES} frames, {len(AUS)} AUs"
    return at_most("`aukit compare` of 50 runs", statistics.median(seconds), "s", 3.0, how)
