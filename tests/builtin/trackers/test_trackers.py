"""Trackers: what they write, and that they keep the contract."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from aukit.builtin.trackers.jsonl import JsonLines
from aukit.contracts.run import Metrics, RunFinished
from aukit.errors import MissingExtraError
from aukit.hosting.build import build
from aukit.testing.checks.tracker import check_tracker


def test_json_lines_contract() -> None:
    check_tracker(lambda folder: JsonLines(folder, "events.jsonl"))


def test_json_lines(tmp_path: Path) -> None:
    tracker = build("tracker", "jsonl", {"folder": tmp_path})
    tracker.on(Metrics(stage="a", step=3, values={"loss": 0.5, "odd": float("nan")}))
    tracker.on(RunFinished(folder=tmp_path, summary={"status": "finished"}))
    rows = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert rows[0].pop("time") > 1e9
    assert rows[0] == {"event": "Metrics", "stage": "a", "step": 3, "values": {"loss": 0.5, "odd": None}}
    assert rows[1]["summary"] == {"status": "finished"}


def test_tensorboard(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tracker = build("tracker", "tensorboard", {"folder": tmp_path})
    tracker.on(Metrics(stage="a", step=3, values={"loss": 0.5, "odd": float("nan")}))
    tracker.on(RunFinished(folder=tmp_path, summary={}))
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["scalars"] == ["a/loss"]
    (scalar,) = events.Scalars("a/loss")
    assert (scalar.step, scalar.value) == (3, 0.5)


def test_without_the_extra_its_pip_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "aukit.builtin.trackers.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # what Python itself does to forbid an import
    with pytest.raises(MissingExtraError) as caught:
        build("tracker", "tensorboard", {"folder": tmp_path})
    assert "aukit[tensorboard]" in caught.value.hint
