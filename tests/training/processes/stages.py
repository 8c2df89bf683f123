"""The weights that a stage leaves in each of several processes. `torchrun` runs this file; a test imports it."""

from __future__ import annotations

import sys
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


def regression(ctx: Context) -> Any:
    """Normalisation that is not of the batch, so that windows do not see each other."""
    params = RegressionParams.from_table(
        {
            "data": "faces",
            "batch": BATCH // distributed.size(),
            "stride": 1,
            "window": 5,
            "steps": 4,
            "evaluate_every": 2,
            "augmentation": {"name": "none"},
            "optimizer": {"name": "SGD", "lr": 1e-2},
            "gradient_clip": 0.5,
            "freeze_statistics": True,
        }
    )
    return RegressionStage(params).run(ctx)


def contrastive(ctx: Context) -> Any:
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
            "objective": {"name": "dpc-nce", "frames": 4, "context": 2, "gather": True},
        }
    )
    return ContrastiveStage(params).run(ctx)


def everything(store: Path, folder: Path) -> dict[str, Any]:
    found = {}
    for name, stage in {"regression": regression, "contrastive": contrastive}.items():
        ctx = context(store, folder / name)
        before = {key: value.clone() for key, value in ctx.model.state_dict().items()}
        result = stage(ctx)
        rows = len(read_rows(folder / name / "metrics.jsonl")) if distributed.is_main() else 0
        found[name] = {
            "before": before,
            "weights": result.model.state_dict(),
            "metrics": dict(result.metrics),
            "rows": rows,
        }
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    store, folder = map(Path, sys.argv[1:])
    with distributed.session():
        torch.save(everything(store, folder), folder / f"{distributed.rank()}.pt")
