"""`aukit.run_recipe`: from a recipe's file to a report, in one call."""

from __future__ import annotations

from pathlib import Path

import pytest

import aukit
from aukit.contracts.run import RunFinished, StageFinished
from aukit.errors import RecipeError


def test_a_run_with_its_report(recipe_file: Path, tmp_path: Path) -> None:
    events = []
    found = aukit.run_recipe(
        recipe_file, ["seed=9"], out=tmp_path / "run", plugins=False, on_event=events.append
    )
    assert found.folder == tmp_path / "run"
    assert found.summary["status"] == "finished"
    assert (found.folder / "report.html").read_text("utf-8").startswith("<!")
    assert (found.folder / "model_card.md").exists()
    files = [path for path in found.folder.rglob("*") if path.is_file()]
    assert max(files, key=lambda path: path.stat().st_mtime_ns).name == "summary.json"
    assert isinstance(events[-1], RunFinished)
    assert aukit.AUEstimator.load(found.folder).aus == ("AU04", "AU12")


def test_an_ablation_leaves_a_stage_out(recipe_file: Path, tmp_path: Path) -> None:
    events = []
    aukit.run_recipe(
        recipe_file,
        ablations=["no-pretraining"],
        out=tmp_path / "run",
        plugins=False,
        on_event=events.append,
    )
    assert [event.stage for event in events if isinstance(event, StageFinished)] == ["finetune"]


def test_an_unknown_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="quickstrat") as caught:
        aukit.run_recipe("quickstrat", out=tmp_path / "run", plugins=False)
    assert "quickstart" in caught.value.problems[0].hint
