"""A recipe with another temporal module or another loss trains and predicts like any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from aukit import AUEstimator, run_recipe
from aukit.errors import ComponentError
from aukit.rundir.metrics_log import read_rows

Go = Callable[..., Any]


def temporal_weights(folder: Path) -> dict[str, torch.Tensor]:
    weights = load_file(folder / "model.safetensors")
    return {name: value for name, value in weights.items() if name.startswith("temporal.")}


@pytest.mark.parametrize("temporal", ["tcn", "transformer"])
def test_a_module_that_keeps_the_grid_trains_in_both_stages(go: Go, tmp_path: Path, temporal: str) -> None:
    go(tmp_path / "run", f"model.temporal.name={temporal}")
    rows = [row for row in read_rows(tmp_path / "run/metrics.jsonl") if "loss" in row]
    assert {row["stage"] for row in rows} == {"pretrain", "finetune"}
    assert np.isfinite([row["loss"] for row in rows]).all()
    before, after = (temporal_weights(tmp_path / "run" / name) for name in ("stages/pretrain", "model"))
    assert not any(torch.equal(before[name], after[name]) for name in after)


@pytest.mark.parametrize("temporal", ["gru", "tcn", "transformer"])
def test_windows_and_streams_agree_as_far_as_they_see_the_same(
    recipe_file: Path, tmp_path: Path, temporal: str
) -> None:
    """A window of 15 frames holds all that convolutions and attention ever see; a GRU's state goes on."""
    changes = [f"model.temporal.name={temporal}", "stages.finetune.window=15", "evaluation.clip=false"]
    found = run_recipe(
        recipe_file, changes, ablations=["no-pretraining"], out=tmp_path / "run", plugins=False
    )
    estimator = AUEstimator.load(found.folder)
    frames = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
    windowed, streaming = (
        estimator.predict(frames, mode=mode, window=15) for mode in ("windowed", "streaming")
    )
    assert windowed.std(axis=0).min() > 0
    np.testing.assert_allclose(windowed[:15], streaming[:15], atol=1e-5)
    apart = np.abs(windowed - streaming).max()
    assert apart > 1e-5 if temporal == "gru" else apart < 1e-5


def test_a_pooled_state_cannot_predict_cell_by_cell(go: Go, tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match=r"gives \(1, 1\) cells where the backbone has") as caught:
        go(tmp_path / "run", "model.temporal.name=gru")
    assert "choose a temporal part that keeps the grid" in caught.value.hint


def test_ordered_levels_are_learned_on_the_scale_of_the_labels(go: Go, tmp_path: Path) -> None:
    found = go(
        tmp_path / "run",
        "stages.finetune.loss.name=ordinal",
        "stages.finetune.steps=60",
        "stages.finetune.optimizer.lr=0.01",
        "stages.pretrain.steps=2",
    )
    losses = [
        row["loss"]
        for row in read_rows(found.folder / "metrics.jsonl")
        if row["stage"] == "finetune" and "loss" in row
    ]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:10])
