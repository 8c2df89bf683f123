"""The contract of trackers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from aukit.contracts.run import Event, Metrics, Note, Progress, RunFinished, RunStarted, StageFinished
from aukit.testing.contract import ContractError, Make


@dataclass(frozen=True, kw_only=True)
class Unheard(Event):
    """An event of a later aukit."""


def check_tracker(make: Make) -> None:
    """Every event of a run's life, in order, and one that it does not know; then a run that was resumed.

    Raises:
        ContractError: an event makes it fail.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for resumed in (False, True):
            tracker = make(folder=folder)
            for event in _life(folder, resumed=resumed):
                try:
                    tracker.on(event)
                except Exception as error:
                    reason = f"{type(error).__name__}: {error}"
                    raise ContractError(f"it fails at the event {type(event).__name__}: {reason}") from error


def _life(folder: Path, *, resumed: bool) -> list[Event]:
    return [
        RunStarted(
            folder=folder,
            recipe="tiny",
            origin="synthetic",
            stages=(("pretrain", "contrastive"), ("finetune", "regression")),
            resumed=resumed,
        ),
        Progress(
            task="pretrain", done=1, total=2, frames_per_second=10.0, seconds_left=1.0, values={"loss": 2.0}
        ),
        Metrics(stage="pretrain", step=1, values={"loss": 2.0, "top1": 0.5}),
        Metrics(stage="pretrain", step=2, values={"loss": float("nan")}),
        StageFinished(stage="pretrain", seconds=1.5, metrics={}),
        Note(text="something to know", level="warning"),
        Unheard(),
        StageFinished(stage="finetune", seconds=0.5, metrics={"icc_mean": 0.4}),
        RunFinished(folder=folder, summary={"status": "finished", "icc": {"AU04": [0.4, 0.1, 0.6]}}),
    ]
