"""Suites: what they cost beside their runs, and what a second run at a time gains."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from rows import Row, at_least, at_most

RUNS = 4
STEPS = 60
"""So that a run takes about ten seconds on a core: small beside those of a real suite."""

SUITE = f"""
[suite]
recipe = "small.toml"
hypothesis = "none: this is about time"
seeds = {list(range(RUNS))}

[variants.only]
"""

RECIPE = f"""
extends = "synthetic_benchmark"
[data.faces]
train = 6
validation = 2
test = 4
frames = 200
[stages.pretrain]
steps = {STEPS // 5}
validate_every = 0
[stages.finetune]
steps = {STEPS}
evaluate_every = {STEPS}
[evaluation]
resamples = 200
[compute]
threads = THREADS
data_root = "ROOT"
"""


def bench_suites() -> Iterator[Row]:
    """The same runs one after the other in one process, as a suite of one job, and as a suite of two."""
    from aukit.hosting.host import load_host
    from aukit.recipe import load_recipe
    from aukit.report import write_report
    from aukit.suites.load import load_suite
    from aukit.suites.run import run_suite
    from aukit.training.run import run

    registry = load_host(plugins=False)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)

        def files(name: str, threads: int) -> Path:
            place = root / name
            place.mkdir()
            text = RECIPE.replace("THREADS", str(threads)).replace("ROOT", str(root))
            (place / "small.toml").write_text(text)
            (place / "suite.toml").write_text(SUITE)
            return place

        def alone(name: str, threads: int) -> float:
            place = files(name, threads)
            started = time.perf_counter()
            for seed in range(RUNS):
                recipe = load_recipe(place / "small.toml", overrides=[f"seed={seed}"], registry=registry)
                run(recipe, registry=registry, out=place / f"run-{seed}", finish=[write_report])
            return time.perf_counter() - started

        def suite(name: str, threads: int, jobs: int) -> float:
            place = files(name, threads)
            started = time.perf_counter()
            result: Any = run_suite(
                load_suite(place / "suite.toml", registry=registry), out=place / "out", jobs=jobs
            )
            assert not result.failures
            return time.perf_counter() - started

        load_and_make = load_recipe(files("warm", 1) / "small.toml", overrides=["seed=9"], registry=registry)
        run(load_and_make, registry=registry, out=root / "warm" / "run")  # makes the data
        torch.set_num_threads(1)
        one, two = alone("one", 1), alone("two", 2)
        of_one, of_two = suite("of-one", 1, 1), suite("of-two", 1, 2)
        how = f"{RUNS} runs of {one / RUNS:.0f} s, a thread each, against the same in one warm process: {one:.1f} s"
        extra = of_one - one
        yield Row(name="suite: seconds beside its runs", value=extra, unit="s", how=how)
        share = extra / (RUNS * 60)
        yield at_most("suite: the same, of four runs of a minute", share, "of their time", 0.02, how)
        best = min(one, two, of_one)
        how = f"best of one thread {one:.1f} s, two threads {two:.1f} s, a suite of one job {of_one:.1f} s"
        yield at_least(
            "suite: two jobs against the best single job", best / of_two, "times the runs", 1.2, how
        )
