"""The weights that a stage leaves in each of several processes. `torchrun` runs this file; a test imports it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from aukit.builtin.params.stages import ContrastiveParams, RegressionParams
from aukit.builtin.stages.contrastive import ContrastiveStage
from aukit.builtin.stages.regression import RegressionStage
from aukit.clips.clipset import open_clips
from aukit.contracts.params import Choice
from aukit.hosting.host import load_host
from aukit.rundir.metrics_log import MetricsLog, read_rows
from aukit.training import distributed
from aukit.training.context import Context
from aukit.training.model import build_model

AUS = ("AU04", "AU12")
PARTS = {
    "backbone": Choice(name="resnet18-256", width=4, channels=8, blocks=[1, 1, 1, 1], output_stride=8),
    "temporal": Choice(name="convgru"),
    "head": Choice(name="pool-bn-linear"),
}
BATCH = 4
"""Windows of a step, in all processes together."""
REGRESSION = {
    "data": "faces",
    "stride": 1,
    "window": 5,
    "steps": 4,
    "evaluate_every": 2,
    "augmentation": {"name": "none"},
    "optimizer": {"name": "SGD", "lr": 1e-2},
    "gradient_clip": 0.5,
    "freeze_statistics": True,
}


def context(store: Path, folder: Path) -> Context:
    folder.mkdir(parents=True, exist_ok=True)
    clips = open_clips([store])
    registry = load_host(plugins=False)
    return Context(
        name="stage",
        seed=5,
        device=torch.device("cpu"),
        folder=folder,
        # another seed in each process: they have to take the main one's weights
        model=build_model(PARTS, AUS, 5 + distributed.rank(), registry=registry),
        results={},
        train=clips.select(["P01", "P02", "P03", "P04"]),
        validation=clips.select(["P05", "P06"]),
        metrics=MetricsLog(folder / "metrics.jsonl"),
        emit=lambda event: None,
        parts=PARTS,
        registry=registry,
        checkpoint_every=2,
    )


def regression(**changes: Any) -> RegressionStage:
    table = {**REGRESSION, "batch": BATCH // distributed.size(), **changes}
    return RegressionStage(RegressionParams.from_table(table))


def contrastive(objective: str, **options: Any) -> ContrastiveStage:
    """Normalisation of the batch, augmentation, an average of the weights."""
    params = ContrastiveParams.from_table(
        {
            "data": "faces",
            "batch": BATCH // distributed.size(),
            "stride": 1,
            "epochs": 0.4,
            "validate_every": 2,
            "validate_batches": 1,
            "average": 0.9,
            "augmentation": {"name": "paper"},
            "objective": {"name": objective, **options},
        }
    )
    return ContrastiveStage(params)


STAGES: dict[str, Callable[[], Any]] = {
    # normalisation that is not of the batch, so that windows do not see each other
    "regression": regression,
    "contrastive": lambda: contrastive("dpc-nce", frames=4, context=2, gather=True),
    # those that keep more than weights, or share more than gradients
    "mean teacher": lambda: regression(
        freeze_statistics=False, mean_teacher={"weight": 0.5, "ramp": 0.0, "batch": 2}
    ),
    "moco": lambda: contrastive("moco", frames=3, queue=12),
    "vicreg": lambda: contrastive("vicreg", frames=3),
    "memdpc": lambda: contrastive("memdpc", frames=4, context=2, gather=True),
    "cpc": lambda: contrastive("cpc", frames=4, context=2, gather=True),
}


def windows_seen(ctx: Context) -> list[bool]:
    """Of each step, whether this process had its own share of the plan: reading goes on while the main one looks."""
    loop = regression(batch=2, steps=12, window=3).loop(ctx)
    assert loop.look
    look, read, loss, seen = loop.look, loop.read, loop.loss, []

    def look_slowly(step: int) -> Any:
        time.sleep(0.3)
        return look(step)

    def read_slowly(windows: Any) -> Any:
        time.sleep(0.2)
        return read(windows)

    def record(step: int, batch: Any) -> Any:
        own = loop.plan(step * distributed.size() + distributed.rank())
        seen.append(tuple(batch.windows) == tuple(own))
        return loss(step, batch)

    loop.look, loop.read, loop.loss = look_slowly, read_slowly, record
    loop.run()
    return seen


def everything(store: Path, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"windows": windows_seen(context(store, folder / "windows"))}
    for name, stage in STAGES.items():
        ctx = context(store, folder / name)
        before = {key: value.clone() for key, value in ctx.model.state_dict().items()}
        loop = stage().loop(ctx)
        metrics = loop.run()
        rows = len(read_rows(folder / name / "metrics.jsonl")) if distributed.is_main() else 0
        found[name] = {
            "before": before,
            "weights": ctx.model.state_dict(),
            "others": {name: module.state_dict() for name, module in loop.others.items()},
            "metrics": metrics,
            "rows": rows,
        }
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    store, folder = map(Path, sys.argv[1:])
    with distributed.session():
        torch.save(everything(store, folder), folder / f"{distributed.rank()}.pt")
