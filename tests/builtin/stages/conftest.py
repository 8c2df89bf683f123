"""A stage's world on a tiny store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from aukit.clips.clipset import ClipSet, open_clips
from aukit.contracts.params import Choice
from aukit.contracts.run import Event
from aukit.hosting.host import load_host
from aukit.rundir.metrics_log import MetricsLog
from aukit.testing.store import tiny_store
from aukit.training.context import Context
from aukit.training.model import build_model

AUS = ("AU04", "AU12")
PARTS = {
    "backbone": Choice(name="resnet18-256", width=4, channels=8, blocks=[1, 1, 1, 1], output_stride=8),
    "temporal": Choice(name="convgru"),
    "head": Choice(name="pool-bn-linear"),
}


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipSet:
    """Six people with 40 frames each, all labelled."""
    return open_clips(
        [tiny_store(tmp_path_factory.mktemp("store") / "tiny.h5", people=6, aus=AUS, frames=40)]
    )


@pytest.fixture
def context(clips: ClipSet, tmp_path: Path) -> Callable[..., Context]:
    """`context(**changes)`: four people train, two validate; `context.events` collects what is told."""

    def make(place: str = "stage", **changes: Any) -> Context:
        folder = tmp_path / place
        folder.mkdir(exist_ok=True)
        registry = load_host(plugins=False)
        events: list[Event] = []
        given: dict[str, Any] = {
            "name": "stage",
            "seed": 5,
            "device": torch.device("cpu"),
            "folder": folder,
            "model": build_model(PARTS, AUS, 5, registry=registry),
            "results": {},
            "train": clips.select(["P01", "P02", "P03", "P04"]),
            "validation": clips.select(["P05", "P06"]),
            "metrics": MetricsLog(folder / "metrics.jsonl"),
            "emit": events.append,
            "parts": PARTS,
            "registry": registry,
            "checkpoint_every": 100,
        }
        ctx = Context(**(given | changes))
        ctx.events = events  # type: ignore[attr-defined]
        return ctx

    return make
