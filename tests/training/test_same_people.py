"""The protocol that tests the people who were trained on: what it refuses, records, and sets beside the score."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.errors import DataError
from aukit.evaluation.baselines import INTERPOLATE, LEFT_OUT
from aukit.evaluation.metrics import icc, mse
from aukit.evaluation.predictions import read_predictions
from aukit.evaluation.result import Evaluation
from aukit.report import write_report
from aukit.testing.cli import run_cli
from aukit.testing.store import tiny_store

Go = Callable[..., Any]

SPLIT = "split = { blocks = 5, validation = 0.2, test = 0.3, gap = 0.5 }"
RATE = 20.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three people, 15 seconds each."""
    return tiny_store(
        tmp_path_factory.mktemp("own") / "own.h5", people=3, frames=300, size=16, aus=("AU04", "AU12")
    )


@pytest.fixture(scope="module")
def text(recipe_text: str, own: Path) -> str:
    """The tiny recipe on blocks of these people."""
    return recipe_text.replace('path = "tiny.h5"', f'path = "{own}"\n{SPLIT}')


@pytest.fixture
def recipe(text: str, tmp_path: Path) -> Path:
    """The same in a file."""
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    return tmp_path / "own.toml"


@pytest.fixture(scope="module")
def done(text: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished run's folder with its report, and what the terminal showed."""
    place = tmp_path_factory.mktemp("same")
    (place / "own.toml").write_text(text, encoding="utf-8")
    found = run_cli("run", "own.toml", "--out", "run", cwd=place)
    assert found.code == 0, found.stderr
    return place / "run", found.stdout


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def test_it_is_titled_same_people_wherever_its_scores_are_shown(done: tuple[Path, str]) -> None:
    folder, shown = done
    assert read(folder, "summary.json")["protocol"] == "same people"
    assert read(folder, "results.json")["protocol"] == "same people"
    assert read_predictions(folder / "predictions.h5").facts["protocol"] == "same people"
    assert shown.startswith("SAME PEOPLE")
    assert "each left out in turn: mean ICC" in shown.replace("\n", " ")
    page, card = (folder / "report.html").read_text("utf-8"), (folder / "model_card.md").read_text("utf-8")
    assert "<title>tiny (same people)" in page and "<h1>tiny (same people)</h1>" in page
    assert "AU by AU: same people" in page
    assert card.startswith("# tiny (same people)\n") and "## Scores: same people" in card
    for text in (page, card):
        assert "SAME PEOPLE. The people who are scored were trained on" in text
        assert "Same people. Mean ICC" in text
        assert "never seen" not in text
        assert "bootstrap-t over blocks of the same people" in text


def test_other_runs_are_titled_by_person(finished: tuple[Path, Any]) -> None:
    folder = finished[0]
    assert read(folder, "summary.json")["protocol"] == read(folder, "data.json")["protocol"] == "by person"
    assert not {INTERPOLATE, LEFT_OUT} & set(read(folder, "summary.json")["baselines"])


def test_data_json_says_who_was_seen_and_which_blocks_are_where(done: tuple[Path, str]) -> None:
    data = read(done[0], "data.json")
    everybody = ["tiny/P01", "tiny/P02", "tiny/P03"]
    assert data["protocol"] == data["tables"]["faces"]["protocol"] == "same people"
    assert data["overlap_with_test"] == {"pretrain": everybody, "finetune": everybody}
    assert data["test_frames_seen"] == {"pretrain": [], "finetune": []}
    table = data["tables"]["faces"]
    assert table["split"]["train"] == table["split"]["test"] == ["P01", "P02", "P03"]
    assert table["gap_seconds"] == 0.5
    assert sorted(table["blocks"]) == ["tiny/P01-1", "tiny/P02-1", "tiny/P03-1"]
    assert all(len(parts) == 5 for parts in table["blocks"].values())
    tested = [
        f"{v}#{n}" for v, parts in table["blocks"].items() for n, p in enumerate(parts, 1) if p == "test"
    ]
    assert table["clips"]["test"] == data["test"]["clips"] == tested


def test_blocks_stand_in_for_people_in_intervals_and_verdicts(done: tuple[Path, str]) -> None:
    found = Evaluation.from_json(read(done[0], "results.json"))
    assert (found.people, found.blocks, found.same_people) == (3, len(found.aus) * 3, True)
    assert found["AU12"].blocks == 6
    assert found["AU12"].blocks_with_positives == 6
    assert "people" not in found["AU12"].reason
    assert np.isfinite(found["AU12"].scores["mae"].low)  # three people would give no interval


def test_interpolated_labels_are_those_that_the_run_used(done: tuple[Path, str], own: Path) -> None:
    """The baseline again, from the list of drawn labels, the store and numpy alone."""
    from aukit.clips.reader import ClipStore

    folder, store = done[0], ClipStore(own)
    used = read(folder, "stages/finetune/labels-train.json")
    clips = read(folder, "data.json")["tables"]["faces"]["clips"]
    assert set(used["videos"]) == set(clips["train"])
    known: dict[str, list[int]] = {}
    for name, groups in used["videos"].items():
        video, _, blocks = name.partition("#")
        first = _first_row(folder, video.removeprefix("tiny/"), int(blocks.split("-")[0]))
        known.setdefault(video, []).extend(first + frame for group in groups for frame in group["frames"])
    near_true, near_said = [], []
    for video, rows in known.items():
        labels = store.labels(video.removeprefix("tiny/"))
        for row in rows:
            others = np.array(sorted(set(rows) - {row}))
            near_true.append(labels[row])
            near_said.append([np.interp(row, others, labels[others, au]) for au in (0, 1)])
    near = read(folder, "summary.json")["baselines"][LEFT_OUT]
    assert near["icc"] == pytest.approx(np.mean(icc(np.array(near_true, float), np.array(near_said))))
    true, said = [], []
    for block in read_predictions(folder / "predictions.h5").videos:
        video = block.id.partition("#")[0]
        rows = sorted(known[video])
        labels = store.labels(video.removeprefix("tiny/"))[rows]
        there = ~np.isnan(block.labels).any(axis=1)
        true.append(block.labels[there])
        said.append(
            np.stack(
                [np.interp(block.timestamps[there], np.array(rows) / RATE, labels[:, au]) for au in (0, 1)], 1
            )
        )
    y, p = np.concatenate(true).astype(float), np.concatenate(said)
    means = read(folder, "summary.json")["baselines"][INTERPOLATE]
    assert means["icc"] == pytest.approx(np.mean(icc(y, p)))
    assert means["mse"] == pytest.approx(np.mean(mse(y, p)))


def _first_row(folder: Path, video: str, block: int) -> int:
    """The row of the store where a training run begins that starts in a block of 60 frames: after a gap of 10."""
    parts = read(folder, "data.json")["tables"]["faces"]["blocks"][f"tiny/{video}"]
    start = 60 * (block - 1)
    # the last frame of the block before is at start - 1, and frames less than half a second from it are given up
    return start + 9 if block > 1 and parts[block - 2] != "train" else start


def test_a_gap_shorter_than_a_window_is_refused_with_the_least_one(
    go: Go, recipe: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"a window of the stage `finetune` takes 0\.50 s") as caught:
        go(tmp_path / "run", "data.faces.split.gap=0.4", recipe=recipe)
    assert caught.value.hint == "set data.faces.split.gap to at least 0.5"
    assert caught.value.where == "--set"
    assert not (tmp_path / "run").exists()
    with pytest.raises(DataError, match=r"stage `pretrain` takes 0\.60 s") as caught:
        go(
            tmp_path / "run",
            "stages.pretrain.objective.frames=6",
            "stages.pretrain.stride_seconds=0.1",
            recipe=recipe,
        )
    assert caught.value.where == f"{recipe}:7"
    with pytest.raises(DataError, match=r"stage `finetune` takes 1\.00 s"):
        go(tmp_path / "run", "evaluation.window=10", recipe=recipe)


WHOLE = '[data.whole]\npath = "{own}"\nsplit = {{}}\n\n[model]'


def test_a_stage_that_sees_test_blocks_is_refused_and_recorded_where_allowed(
    go: Go, recipe: Path, own: Path, tmp_path: Path
) -> None:
    text = recipe.read_text("utf-8").replace("[model]", WHOLE.format(own=own))
    recipe.write_text(text.replace('data = "faces"', 'data = "whole"', 1), "utf-8")
    with pytest.raises(DataError, match="stage `pretrain` sees frames of test blocks: tiny/P01-1#") as caught:
        go(tmp_path / "run", recipe=recipe)
    assert "evaluation.allow_overlap" in caught.value.hint
    folder = go(tmp_path / "run", "evaluation.allow_overlap=true", recipe=recipe).folder
    seen = read(folder, "data.json")["test_frames_seen"]
    assert len(seen["pretrain"]) == 6 and seen["finetune"] == []
    assert read(folder, "summary.json")["test_frames_seen"] == seen
    write_report(folder)
    assert "Frames of test blocks were seen in training" in (folder / "model_card.md").read_text("utf-8")


def test_blocks_of_people_who_are_tested_elsewhere_are_an_overlap(
    go: Go, recipe: Path, own: Path, tmp_path: Path
) -> None:
    """Where the judged table is split by person, seeing other stretches of a test person's video is seeing them."""
    other = f'[data.apart]\npath = "{own}"\nsplit = {{ train = ["P01"], test = ["P02", "P03"] }}\n\n[model]'
    recipe.write_text(recipe.read_text("utf-8").replace("[model]", other), "utf-8")
    with pytest.raises(DataError, match="sees test people: tiny/P02, tiny/P03"):
        go(tmp_path / "run", 'evaluation.data="apart"', recipe=recipe)


def test_the_dry_run_counts_blocks(recipe: Path, tmp_path: Path) -> None:
    found = run_cli("run", recipe, "--dry-run", "--json", cwd=tmp_path)
    assert found.code == 0, found.stderr
    plan = json.loads(found.stdout)
    assert plan["data"]["faces"]["test"]["people"] == 3
    assert plan["data"]["faces"]["test"]["videos"] == 6


def test_a_limit_of_videos_is_one_of_whole_videos(go: Go, recipe: Path, tmp_path: Path) -> None:
    folder = go(tmp_path / "run", "data.faces.max_videos=2", recipe=recipe).folder
    assert sorted(read(folder, "data.json")["tables"]["faces"]["blocks"]) == ["tiny/P01-1", "tiny/P02-1"]


def test_videos_without_subjects_say_what_to_do(go: Go, recipe: Path, tmp_path: Path) -> None:
    from aukit.clips.writer import StoreWriter

    store = tmp_path / "nobody.h5"
    rng = np.random.default_rng(0)
    with StoreWriter(store, data_set="own", origin="synthetic", aus=("AU04", "AU12"), size=16) as writer:
        for name in ("a", "b", "c"):
            frames = rng.integers(0, 255, (300, 16, 16, 3), np.uint8)
            labels = rng.integers(0, 6, (300, 2)).astype(np.float32)
            writer.add_video(name, subject="", fps=20.0, frames=frames, intensity=labels)
    path = f'data.faces.path="{store}"'
    with pytest.raises(DataError, match="no subject is known for 3 of 3 videos") as caught:
        go(tmp_path / "run", path, "data.faces.split={test = 0.3}", recipe=recipe)
    assert "manifest" in caught.value.hint and "blocks" in caught.value.hint
    folder = go(tmp_path / "run", path, recipe=recipe).folder
    assert read(folder, "summary.json")["people"] == 3  # each video a person of its own


def test_the_forecast_counts_blocks(recipe: Path) -> None:
    """What three people could not show, enough of their blocks can: the rule of the verdicts."""
    from aukit.hosting.host import load_host
    from aukit.recipe import load_recipe
    from aukit.training.forecast import forecast

    registry = load_host(plugins=False)
    found = forecast(load_recipe(recipe, registry=registry), registry=registry, draws=5)
    assert found["evaluation"]["AU12"]["people"] == 3
    assert found["problems"] == []
    few = load_recipe(recipe, overrides=["data.faces.split={blocks=1, test=0.4, gap=0.5}"], registry=registry)
    # whole videos, one a person: each trains, so nobody is judged
    assert forecast(few, registry=registry, draws=5)["evaluation"]["AU12"]["problem"].startswith("0 blocks")
