"""A whole run on a tiny store: what it leaves, and that it is a function of the recipe alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.run import Event, Metrics, Note, Progress, RunFinished, RunStarted, StageFinished
from aukit.errors import DataError, MissingExtraError, RecipeError, RunFolderError, UsageError
from aukit.evaluation.metrics import icc
from aukit.evaluation.predictions import read_predictions
from aukit.rundir.metrics_log import read_rows

Go = Callable[..., Any]
Finished = tuple[Path, list[Event]]
WEIGHTS = Path("model/model.safetensors")


def test_everything_is_there_and_the_summary_is_last(finished: Finished) -> None:
    folder, _ = finished
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {
        "recipe.toml",
        "resolved.toml",
        "environment.json",
        "data.json",
        "metrics.jsonl",
        "train.log",
        "predictions.h5",
        "results.json",
        "examples.json",
        "examples.png",
        "summary.json",
        "model/model.safetensors",
        "model/model.json",
        "stages/pretrain/model.safetensors",
        "stages/pretrain/state.json",
        "stages/finetune/model.safetensors",
        "stages/finetune/state.json",
        "stages/finetune/labels-train.json",
        "stages/finetune/labels-validation.json",
    }
    newest = max(folder.rglob("*"), key=lambda path: path.stat().st_mtime_ns if path.is_file() else 0)
    assert newest.name == "summary.json"


def test_summary(finished: Finished) -> None:
    folder, _ = finished
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "finished"
    assert summary["origin"] == "synthetic"
    assert set(summary["icc"]) == set(summary["mae"]) == {"AU04", "AU12"}
    assert set(summary["icc"]["AU04"]) == {"value", "low", "high"}
    assert set(summary["baselines"]) == {"predict-zero", "predict-mean"}
    assert summary["seconds"] > 0
    # 4 training people with 30 frames, a fifth of them labelled; 2 validation people, whose labels select
    counts = summary["label_counts"]["finetune"]
    assert counts["train"]["frames"] == 24
    assert counts["selection"]["frames"] == 60
    assert "pretrain" not in summary["label_counts"]


def test_scores_are_those_of_the_predictions_on_test_people(finished: Finished) -> None:
    folder, _ = finished
    summary = json.loads((folder / "summary.json").read_text())
    found = read_predictions(folder / "predictions.h5")
    assert {video.subject for video in found.videos} == {"P07", "P08"}
    labels = np.concatenate([video.labels for video in found.videos])
    said = np.concatenate([video.predictions for video in found.videos])
    assert np.isfinite(said).all()
    assert summary["icc_mean"] == pytest.approx(np.mean(icc(labels, said)), abs=1e-6)
    assert summary["mae_mean"] == pytest.approx(np.abs(labels - said).mean(), abs=1e-6)


def test_data_json_names_people_labels_and_overlap(finished: Finished) -> None:
    data = json.loads((finished[0] / "data.json").read_text())
    table = data["tables"]["faces"]
    assert table["split"] == {
        "train": ["P01", "P02", "P03", "P04"],
        "validation": ["P05", "P06"],
        "test": ["P07", "P08"],
    }
    assert table["files"][0]["bytes"] > 0
    assert len(table["files"][0]["digest"]) == 32
    assert data["overlap_with_test"] == {"pretrain": [], "finetune": []}
    assert data["stages"]["pretrain"]["labels"]["train"]["cells"] == 0


def test_events_tell_the_run_in_order(finished: Finished) -> None:
    _, events = finished
    kinds = [type(event) for event in events]
    assert kinds[0] is RunStarted
    assert kinds[-1] is RunFinished
    assert [event.stage for event in events if isinstance(event, StageFinished)] == ["pretrain", "finetune"]
    last = [event for event in events if isinstance(event, Progress) and event.task == "finetune"][-1]
    assert (last.done, last.total, last.seconds_left) == (6, 6, 0.0)
    assert last.frames_per_second > 0


def test_metrics_rows(finished: Finished) -> None:
    rows = read_rows(finished[0] / "metrics.jsonl")
    steps = [row["step"] for row in rows if row["stage"] == "pretrain" and "loss" in row]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert {"loss", "top1", "top1_time", "lr"} <= set(rows[0])
    looks = [row for row in rows if "validation_icc" in row]
    assert [row["step"] for row in looks] == [3, 6]


def test_the_same_recipe_gives_the_same_run(finished: Finished, go: Go, tmp_path: Path) -> None:
    go(tmp_path / "again")
    for name in (WEIGHTS, Path("metrics.jsonl"), Path("results.json"), Path("data.json")):
        assert (tmp_path / "again" / name).read_bytes() == (finished[0] / name).read_bytes(), name


def test_another_seed_gives_another_run(finished: Finished, go: Go, tmp_path: Path) -> None:
    go(tmp_path / "other", "seed=4")
    assert (tmp_path / "other" / WEIGHTS).read_bytes() != (finished[0] / WEIGHTS).read_bytes()


def test_changing_only_the_second_stage_leaves_the_first_as_it_is(
    finished: Finished, go: Go, tmp_path: Path
) -> None:
    go(tmp_path / "other", "stages.finetune.batch=5")
    name = Path("stages/pretrain/model.safetensors")
    assert (tmp_path / "other" / name).read_bytes() == (finished[0] / name).read_bytes()


def test_a_folder_that_exists_is_refused_with_both_ways_out(
    finished: Finished, go: Go, tmp_path: Path
) -> None:
    with pytest.raises(RunFolderError, match="exists already") as caught:
        go(finished[0])
    assert "--out" in caught.value.hint
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "resolved.toml").write_text("")
    with pytest.raises(RunFolderError) as caught:
        go(tmp_path / "begun")
    assert "--resume" in caught.value.hint
    assert "--out" in caught.value.hint


def test_missing_data_leaves_no_folder(go: Go, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no file"):
        go(tmp_path / "run", 'data.faces.path="absent.h5"')
    assert not (tmp_path / "run").exists()


def test_a_stage_that_sees_test_people_is_refused(go: Go, recipe_file: Path, tmp_path: Path) -> None:
    text = recipe_file.read_text()
    other = '[data.all]\npath = "tiny.h5"\nsplit = { train = ["P01", "P02", "P07"] }\n\n[model]'
    recipe_file.write_text(text.replace("[model]", other).replace('data = "faces"', 'data = "all"', 1))
    with pytest.raises(DataError, match="pretrain") as caught:
        go(tmp_path / "run")
    assert "tiny/P07" in str(caught.value)
    assert not (tmp_path / "run").exists()
    go(tmp_path / "run", "evaluation.allow_overlap=true")
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    assert data["overlap_with_test"] == {"pretrain": ["tiny/P07"], "finetune": []}


def test_validation_people_that_are_test_people_elsewhere_are_refused_too(
    go: Go, recipe_file: Path, tmp_path: Path
) -> None:
    text = recipe_file.read_text()
    other = '[data.all]\npath = "tiny.h5"\nsplit = { train = ["P01"], validation = ["P08"] }\n\n[model]'
    recipe_file.write_text(text.replace("[model]", other).replace('data = "faces"', 'data = "all"', 1))
    with pytest.raises(DataError, match="P08"):
        go(tmp_path / "run")


def test_the_split_that_is_judged_can_be_validation(go: Go, tmp_path: Path) -> None:
    found = go(tmp_path / "run", 'evaluation.split="validation"')
    assert found.summary["split"] == "validation"
    videos = read_predictions(tmp_path / "run" / "predictions.h5").videos
    assert {video.subject for video in videos} == {"P05", "P06"}


def test_no_test_people_is_said_and_the_model_is_kept(go: Go, tmp_path: Path) -> None:
    events: list[Event] = []
    split = 'data.faces.split={train=["P01","P02","P03","P04"], validation=["P05"]}'
    found = go(tmp_path / "run", split, on_event=events.append)
    assert found.summary["icc_mean"] is None
    assert any(isinstance(event, Note) and "no test people" in event.text for event in events)
    assert (tmp_path / "run" / WEIGHTS).exists()


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        (["stages.finetune.sampler.fraction=0.001"], DataError, "no frame is labelled"),
        (["stages.pretrain.objective.frames=31"], DataError, "longer than every video"),
        (['stages.finetune.start="pretrian"'], UsageError, "pretrian"),
        (['data.faces.split={train=["P01","P02"], test=["P07"]}'], DataError, "validation labels"),
        (['model.aus=["AU04","AU25"]'], DataError, "AU25"),
    ],
)
def test_what_a_later_stage_would_refuse_is_refused_before_anything_trains(
    go: Go, tmp_path: Path, overrides: list[str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        go(tmp_path / "run", *overrides)
    assert not (tmp_path / "run").exists()


def test_fewer_aus_than_the_data_has(go: Go, tmp_path: Path) -> None:
    found = go(tmp_path / "run", 'model.aus=["AU12"]')
    assert list(found.summary["icc"]) == ["AU12"]


def test_a_generated_data_set_is_made_once_and_used_again(go: Go, recipe_file: Path, tmp_path: Path) -> None:
    small = '[data.faces]\nname = "synthetic"\ntrain = 2\nvalidation = 1\ntest = 1\nframes = 20\nsize = 32\n'
    recipe_file.write_text(recipe_file.read_text().replace('[data.faces]\npath = "tiny.h5"\n', small))
    root = f'compute.data_root="{tmp_path / "made"}"'
    go(tmp_path / "one", root)
    (store,) = (tmp_path / "made").glob("synthetic-*.h5")
    before = store.stat().st_mtime_ns
    go(tmp_path / "two", root)
    assert store.stat().st_mtime_ns == before
    go(tmp_path / "three", root, "data.faces.seed=1")
    assert len(list((tmp_path / "made").glob("synthetic-*.h5"))) == 2


def test_trackers_hear_and_one_that_fails_stops_nothing(go: Go, recipe_file: Path, tmp_path: Path) -> None:
    recipe_file.write_text(recipe_file.read_text() + '\n[[trackers]]\nname = "jsonl"\nfile = "told.jsonl"\n')
    go(tmp_path / "run")
    told = [json.loads(line) for line in (tmp_path / "run" / "told.jsonl").read_text().splitlines()]
    assert told[0]["event"] == "RunStarted"
    assert told[-1]["event"] == "RunFinished"
    assert sum(row["event"] == Metrics.__name__ for row in told) > 12
    # a tracker that cannot write its file is reported, once, and left out
    events: list[Event] = []
    go(tmp_path / "bad", 'trackers.0.file="no/such/folder.jsonl"', on_event=events.append)
    notes = [event for event in events if isinstance(event, Note) and event.level == "warning"]
    assert len(notes) == 1
    assert "jsonl" in notes[0].text
    assert (tmp_path / "bad" / "summary.json").exists()


def test_a_tracker_whose_package_is_missing_is_refused_before_anything_is_written(
    go: Go, recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "aukit.builtin.trackers.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    recipe_file.write_text(recipe_file.read_text() + '\n[[trackers]]\nname = "tensorboard"\n')
    with pytest.raises(MissingExtraError):
        go(tmp_path / "run")
    assert not (tmp_path / "run").exists()
