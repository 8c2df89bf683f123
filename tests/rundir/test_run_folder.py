"""Which folder a run may take, its rows of metrics, the recipe's difference, the facts of its environment."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from aukit.errors import RunFolderError, StorageError
from aukit.rundir import environment, resume
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import MetricsLog, read_rows


def test_new_and_empty_folders_are_taken(tmp_path: Path) -> None:
    assert RunFolder.create(tmp_path / "a" / "b").path.is_dir()
    (tmp_path / "empty").mkdir()
    RunFolder.create(tmp_path / "empty")


@pytest.mark.parametrize(
    ("files", "hints"),
    [
        (["notes.txt"], ["--out"]),
        (["resolved.toml"], ["--resume", "--out"]),
        (["resolved.toml", "summary.json"], ["finished", "--out"]),
    ],
)
def test_a_folder_in_use_is_refused(tmp_path: Path, files: list[str], hints: list[str]) -> None:
    for name in files:
        (tmp_path / name).write_text("")
    with pytest.raises(RunFolderError, match="exists already") as caught:
        RunFolder.create(tmp_path)
    assert all(hint in caught.value.hint for hint in hints)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="a file"):
        RunFolder.create(tmp_path / "file")
    with pytest.raises(StorageError):
        RunFolder.create(tmp_path / "file" / "run")


def test_rows_go_back_to_a_count(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    for step in range(5):
        log.write("a", step, {"loss": step / 3, "odd": math.nan})
    assert log.rows == 5
    log.rewind(3)
    assert [row["step"] for row in read_rows(log.path)] == [0, 1, 2]
    log.write("a", 3, {"loss": 1.0})
    again = MetricsLog(log.path)
    assert again.rows == 4
    assert read_rows(log.path)[0] == {"stage": "a", "step": 0, "loss": 0.0, "odd": None}


def test_a_torn_last_row_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"stage": "a", "step": 1}\n{"stage": "a", "st')
    assert len(read_rows(path)) == 1
    log = MetricsLog(path)
    log.rewind(1)
    log.write("a", 2, {})
    assert [row["step"] for row in read_rows(path)] == [1, 2]


def test_the_difference_of_two_recipes_names_full_paths() -> None:
    before = '[a.b]\nc = 1\nd = "x"\n[[t]]\nname = "jsonl"\n'
    after = '[a.b]\nc = 2\nd = "x"\n[[t]]\nname = "other"\n'
    lines = [line for line in resume.difference(before, after) if not line.startswith(("---", "+++"))]
    assert lines == ["-a.b.c = 1", "+a.b.c = 2", '-t.0.name = "jsonl"', '+t.0.name = "other"']


def test_resume_takes_the_same_recipe_and_refuses_another(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run")
    folder.resolved.write_text("a = 1\n")
    resume.check(folder, "a = 1\n")
    with pytest.raises(RunFolderError, match="recipe has changed") as caught:
        resume.check(folder, "a = 2\n")
    assert caught.value.exit_code == 2
    folder.summary.write_text("{}")
    with pytest.raises(RunFolderError, match="finished"):
        resume.check(folder, "a = 1\n")


def test_environment_says_what_made_the_run(tmp_path: Path) -> None:
    found = environment.collect(
        seed=7, components={"model.temporal": {"name": "convgru"}}, device="cpu", threads=2
    )
    assert found["seed"] == 7
    assert found["python"] == sys.version.split()[0]
    assert found["packages"]["torch"] == found["torch"]
    assert found["components"]["model.temporal"]["name"] == "convgru"
    assert {"argv", "cwd", "cpu", "git", "aukit", "platform"} <= set(found)
    json.dumps(found)


def test_git_state_knows_commit_and_changes(tmp_path: Path) -> None:
    assert environment.git_state(tmp_path) is None

    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "one")
    state = environment.git_state(tmp_path)
    assert state is not None
    assert len(state["commit"]) == 40
    assert state["dirty"] is False
    (tmp_path / "file").write_text("two")
    changed = environment.git_state(tmp_path)
    assert changed is not None
    assert changed["dirty"] is True


def test_the_light_files_of_the_room_do_not_import_torch() -> None:
    code = (
        "import sys, aukit.rundir.layout, aukit.rundir.atomic, aukit.rundir.environment, aukit.rundir.resume,"
        "aukit.rundir.metrics_log; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
