"""A loss that is not finite: exit code 3, the step, the likely cause, and the last good checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from aukit.builtin.losses.l2 import L2
from aukit.errors import DivergedError
from aukit.rundir.checkpoint import Checkpoints

Go = Callable[..., Any]


def breaks_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the regression's loss be NaN at its `step`-th call."""
    calls, forward = 0, L2.forward

    def broken(self: L2, predictions: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        found = forward(self, predictions, labels)
        return found * torch.nan if calls == step else found

    monkeypatch.setattr(L2, "forward", broken)


def test_the_error_names_stage_step_and_cause_and_the_checkpoint_is_kept(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks_at(5, monkeypatch)
    with pytest.raises(DivergedError, match="stage `finetune` became nan at step 5 of 6") as caught:
        go(tmp_path / "run")
    assert caught.value.exit_code == 3
    assert caught.value.data["step"] == 5
    assert "forward pass" in str(caught.value)
    assert "checkpoint is kept" in caught.value.hint
    found = Checkpoints(tmp_path / "run/stages/finetune/checkpoints").load()
    assert found is not None
    tensors, state = found
    assert state["state"]["step"] == 4
    assert all(torch.isfinite(value).all() for value in tensors.values() if value.is_floating_point())
    # it was the moment, not the run: going on from the checkpoint ends well
    monkeypatch.undo()
    assert go(tmp_path / "run", resuming=True).summary["status"] == "finished"


def test_a_learning_rate_that_is_far_too_high_is_named(go: Go, tmp_path: Path) -> None:
    overrides = ['stages.finetune.optimizer={name="SGD", lr=1e30}', 'stages.finetune.select="last"']
    with pytest.raises(DivergedError) as caught:
        go(tmp_path / "run", *overrides, "stages.finetune.evaluate_every=0")
    assert "1e+30" in str(caught.value)
    assert "optimizer.lr" in caught.value.hint


def test_weights_that_are_not_finite_are_never_saved(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradient of a finite loss is not: the next checkpoint, not only the next loss, finds it."""
    calls, forward = 0, L2.forward

    def broken(self: L2, predictions: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        found = forward(self, predictions, labels)
        if calls == 4:
            found.register_hook(lambda gradient: gradient * torch.nan)
        return found

    monkeypatch.setattr(L2, "forward", broken)
    with pytest.raises(DivergedError, match="weights are not finite, `model") as caught:
        go(tmp_path / "run", "stages.finetune.evaluate_every=0", 'stages.finetune.select="last"')
    assert caught.value.data["tensor"].startswith("model.")
    found = Checkpoints(tmp_path / "run/stages/finetune/checkpoints").load()
    assert found is not None
    assert found[1]["state"]["step"] == 2


def test_bf16_is_the_first_suspect(go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks_at(2, monkeypatch)
    with pytest.raises(DivergedError, match="bf16") as caught:
        go(tmp_path / "run", 'compute.precision="bf16"')
    assert "fp32" in caught.value.hint


def test_a_label_that_is_infinite_is_named(go: Go, store_root: Path, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "bad.h5"
    path.write_bytes((store_root / "tiny.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        for group in file["videos"].values():
            group["intensity"][...] = float("inf")
    overrides = [
        f'data.faces.path="{path}"',
        'stages.finetune.select="last"',
        "stages.finetune.evaluate_every=0",
    ]
    with pytest.raises(DivergedError, match="label of this batch is infinite"):
        go(tmp_path / "run", *overrides)
