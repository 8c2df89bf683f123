"""What a stage left, on disk: weights and labels, then the state, whose presence means that the stage is finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from aukit.contracts.run import StageResult
from aukit.rundir.atomic import read_json, write_json
from aukit.rundir.checkpoint import STATE, TENSORS, Checkpoints, load_tensors, save_tensors
from aukit.training.saved import load_weights

LABELS = "labels.safetensors"
CHECKPOINTS = "checkpoints"
TAKEN = "taken_from"
"""In the state of a stage that another run had finished: the folder among the shared ones that it was taken from."""


def is_finished(folder: Path) -> bool:
    """Whether a stage's folder holds a result."""
    return (folder / STATE).exists()


def taken_from(folder: Path) -> str:
    """Which of the shared stages a finished stage was taken from; empty where it was made here."""
    return str(read_json(folder / STATE).get(TAKEN, "")) if is_finished(folder) else ""


def rows_known(folder: Path) -> int | None:
    """Rows of metrics up to the end of a finished stage or its newest checkpoint; None where it has neither."""
    if is_finished(folder):
        return int(read_json(folder / STATE)["rows"])
    found = Checkpoints(folder / CHECKPOINTS).load()
    return int(found[1]["rows"]) if found else None


def save_result(folder: Path, result: StageResult, *, rows: int, seconds: float) -> None:
    """Weights and labels, then the state: its presence means that the stage is finished. Then checkpoints may go."""
    save_tensors(folder / TENSORS, result.model.state_dict())
    if result.labels:
        save_tensors(
            folder / LABELS, {video: torch.from_numpy(np.asarray(v)) for video, v in result.labels.items()}
        )
    write_json(folder / STATE, {"rows": rows, "seconds": seconds, "metrics": dict(result.metrics)})
    Checkpoints(folder / CHECKPOINTS).clear()


def load_result(folder: Path, model: Any) -> tuple[StageResult, float]:
    state = read_json(folder / STATE)
    load_weights(model, folder / TENSORS)
    labels = load_tensors(folder / LABELS) if (folder / LABELS).exists() else {}
    metrics = {name: float("nan") if value is None else value for name, value in state["metrics"].items()}
    arrays = {video: value.numpy() for video, value in labels.items()}
    return StageResult(model=model, labels=arrays, metrics=metrics), float(state["seconds"])
