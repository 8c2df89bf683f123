"""Stages that runs share: taken where all that went into them is the same, made anew where anything differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.errors import Interrupted
from aukit.rundir.atomic import read_json
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import read_rows
from aukit.rundir.shared import SharedStages, address

WEIGHTS = "model.safetensors"


def test_a_run_takes_what_another_run_left_and_finds_the_same(go: Callable[..., Any], tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    alone = go(tmp_path / "alone")
    first = go(tmp_path / "first", shared=shared)
    second = go(tmp_path / "second", shared=shared)
    assert first.summary["reused"] == {}
    assert set(second.summary["reused"]) == {"pretrain", "finetune"}
    folders = [RunFolder(run.folder) for run in (alone, first, second)]
    assert len({folder.metrics.read_bytes() for folder in folders}) == 1
    assert len({(folder.model / WEIGHTS).read_bytes() for folder in folders}) == 1
    assert len({folder.results.read_bytes() for folder in folders}) == 1


def test_another_second_stage_repeats_only_the_second(go: Callable[..., Any], tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    go(tmp_path / "first", shared=shared)
    changed = go(tmp_path / "second", "stages.finetune.optimizer.lr=2e-3", shared=shared)
    plain = go(tmp_path / "third", "stages.finetune.optimizer.lr=2e-3")
    assert set(changed.summary["reused"]) == {"pretrain"}
    assert changed.summary["icc"] == plain.summary["icc"]
    assert read_rows(RunFolder(changed.folder).metrics) == read_rows(RunFolder(plain.folder).metrics)


@pytest.mark.parametrize(
    "override",
    [
        "seed=4",
        "stages.pretrain.steps=5",
        "model.backbone.width=8",
        "data.faces.split={validation=0.2,test=0.4}",
        "compute.precision='bf16'",
    ],
)
def test_what_shapes_a_stage_makes_it_another(go: Callable[..., Any], tmp_path: Path, override: str) -> None:
    shared = tmp_path / "shared"
    go(tmp_path / "first", shared=shared)
    assert go(tmp_path / "second", override, shared=shared).summary["reused"] == {}


def test_what_does_not_shape_it_leaves_it_the_same(go: Callable[..., Any], tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    go(tmp_path / "first", shared=shared)
    found = go(tmp_path / "second", "evaluation.resamples=21", "compute.checkpoint_every=3", shared=shared)
    assert set(found.summary["reused"]) == {"pretrain", "finetune"}


def test_a_run_that_takes_stages_can_be_resumed(go: Callable[..., Any], tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    go(tmp_path / "first", shared=shared)

    def stop(event: Any) -> None:
        if getattr(event, "task", "") == "evaluate":
            raise Interrupted("by hand")

    changed = "stages.finetune.optimizer.lr=2e-3"
    with pytest.raises(Interrupted):
        go(tmp_path / "second", changed, shared=shared, on_event=stop)
    resumed = go(tmp_path / "second", changed, shared=shared, resuming=True)
    plain = go(tmp_path / "third", changed)
    assert resumed.summary["reused"].keys() == {"pretrain"}
    assert read_rows(RunFolder(resumed.folder).metrics) == read_rows(RunFolder(plain.folder).metrics)
    assert resumed.summary["icc"] == plain.summary["icc"]


def test_a_kept_stage_is_whole_or_not_there(tmp_path: Path) -> None:
    stages = SharedStages(tmp_path / "shared")
    (tmp_path / "state.json").write_text("{}")
    assert stages.find({"a": 1}) is None
    stages.keep({"a": 1}, [tmp_path / "state.json"], [{"stage": "s", "step": 1}])
    found = stages.find({"a": 1})
    assert found is not None and read_json(found / "made_of.json") == {"a": 1}
    (tmp_path / "run").mkdir()
    assert stages.take(found, tmp_path / "run", ["state.json", "labels.safetensors"]) == [
        {"stage": "s", "step": 1}
    ]
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["state.json"]


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=4))
def test_an_address_does_not_depend_on_the_order_of_facts(facts: dict[str, Any]) -> None:
    assert address(facts) == address(dict(reversed(facts.items())))
    assert address(facts) != address({**facts, "new fact": 1})
