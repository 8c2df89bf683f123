"""`aukit data inspect` and `aukit plan`, as a user sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from aukit.testing import CliResult, tiny_store

Cli = Callable[..., CliResult]

RECIPE = """
name = "small"
summary = "a small run"
[data.own]
path = "own.h5"
split = "default"
[model.backbone]
name = "resnet18-256"
width = 8
channels = 8
blocks = [1, 1, 1, 1]
[stages.learn]
name = "regression"
data = "own"
sampler = { name = "random", count = 12 }
steps = 2
batch = 2
window = 3
select = "last"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_store(tmp_path / "own.h5", people=12)
    (tmp_path / "small.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def test_inspect_shows_people_levels_and_parts(run_cli: Cli, folder: Path) -> None:
    done = run_cli("data", "inspect", "own.h5", "--split", "default", "--plot", "levels.png", cwd=folder)
    assert done.code == 0, done.stderr
    assert "P07" in done.stdout
    assert "people showing it" in done.stdout
    assert "test: 3 people" in done.stdout
    assert (folder / "levels.png").stat().st_size > 5000
    found = json.loads(run_cli("data", "inspect", "own.h5", "--json", cwd=folder).stdout)
    assert sum(found["aus"]["AU12"]["levels"]) == found["frames"] == 480


def test_a_picture_never_replaces_the_store(run_cli: Cli, folder: Path) -> None:
    done = run_cli("data", "inspect", "own.h5", "--plot", "own.h5", cwd=folder)
    assert done.code == 2
    assert "would replace the store" in done.stderr


@pytest.mark.slow
def test_plan_says_what_it_takes_and_writes_nothing(run_cli: Cli, folder: Path) -> None:
    before = sorted(folder.iterdir())
    done = run_cli("plan", "small.toml", cwd=folder)
    assert done.code == 0, done.stderr
    assert "time on this machine" in done.stdout
    assert "positive, expected" in done.stdout
    assert "cannot be judged" in done.stdout, "three test people are too few for an interval"
    assert "3 people have labels; an interval needs 4" in done.stderr
    found = json.loads(run_cli("plan", "small.toml", "--json", cwd=folder).stdout)
    assert found["labels"]["stages"]["learn"]["AU12"]["drawn"] == 12
    assert sorted(folder.iterdir()) == before
