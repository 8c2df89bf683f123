"""`torchrun -m aukit run`: one folder, one voice, one end."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aukit.rundir.metrics_log import read_rows

Launch = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow

COMPARED = ("model/model.safetensors", "stages/pretrain/model.safetensors", "metrics.jsonl", "results.json")

MORE = """
[stages.label]
name = "pseudo-label"
data = "faces"
window = 5
sampler = { name = "random", fraction = 0.2 }

[stages.again]
name = "regression"
data = "faces"
labels = "label"
batch = 4
window = 5
steps = 4
evaluate_every = 2
sampler = { name = "random", fraction = 0.2 }
augmentation = { name = "fast" }
"""
"""A stage without a loop, whose labels all processes learn from."""

STOPPED = """
import os, signal, sys
from aukit import run_recipe
from aukit.contracts.run import Metrics
from aukit.errors import Elsewhere, Interrupted
from aukit.training import distributed

def on_event(event):  # only the main process hears of anything, and only it is asked to stop
    if isinstance(event, Metrics) and (event.stage, event.step) == ("finetune", 2):
        os.kill(os.getpid(), signal.SIGINT)

try:
    with distributed.session() as main:
        run_recipe(sys.argv[1], out=sys.argv[2], on_event=on_event)
except Interrupted as error:
    print("main" if main else "other", "interrupted:", error, flush=True)
except Elsewhere as error:
    print("main" if main else "other", "silent:", error, flush=True)
"""

BROKEN = '''
"""A loss that cannot be computed in the second process."""

from __future__ import annotations

import aukit
import torch
from aukit.builtin.losses.l2 import L2
from aukit.contracts.component import Component
from aukit.contracts.params import Params


class Broken(L2):
    def forward(self, predictions, labels):
        if torch.distributed.is_initialized() and torch.distributed.get_rank() == 1:
            raise aukit.errors.DataError("the other half of the data is gone", where="clips.h5")
        return super().forward(predictions, labels)


@aukit.hookimpl
def aukit_components():
    return [Component(name="broken", kind="loss", summary="Broken.", build="aukit_broken:Broken", params=Params)]
'''


@pytest.fixture(scope="module")
def whole(
    launch: Launch, recipe_text: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run of two processes without `--out`: the folder they were started in, and what they said."""
    place = tmp_path_factory.mktemp("whole")
    (place / "tiny.toml").write_text(recipe_text + MORE, encoding="utf-8")
    return place, launch(2, "-m", "aukit", "run", "tiny.toml", cwd=place)


def run_of(place: Path) -> Path:
    (folder,) = (place / "runs" / "tiny").iterdir()
    return folder


def test_two_processes_leave_one_run(whole: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    place, done = whole
    assert done.returncode == 0, done.stderr
    folder = run_of(place)
    assert json.loads((folder / "environment.json").read_text())["processes"] == 2
    assert (folder / "report.html").exists()
    assert set(json.loads((folder / "summary.json").read_text())["stages"]) == {
        "pretrain",
        "finetune",
        "label",
        "again",
    }
    rows = [(row["stage"], row["step"]) for row in read_rows(folder / "metrics.jsonl") if "loss" in row]
    steps = {"pretrain": 6, "finetune": 6, "again": 4}
    assert rows == [(stage, step) for stage, count in steps.items() for step in range(1, count + 1)]
    assert done.stderr.count("running tiny in") == 1
    assert done.stdout.count("report:") == 1
    assert (folder / "train.log").read_text().count("finetune finished") == 1


def test_stopped_in_one_process_all_stop_and_go_on(
    whole: tuple[Path, subprocess.CompletedProcess[str]], launch: Launch, tmp_path: Path
) -> None:
    recipe, folder = whole[0] / "tiny.toml", tmp_path / "run"
    (tmp_path / "stopped.py").write_text(STOPPED)
    done = launch(2, tmp_path / "stopped.py", recipe, folder)
    said = sorted(done.stdout.splitlines())
    assert [line.partition(":")[0] for line in said] == ["main interrupted", "other silent"], done.stderr
    assert "stopped at step 2 of 6 of the stage `finetune`" in said[0]

    four = launch(4, "-m", "aukit", "run", recipe, "--out", folder, "--resume")
    assert "was begun by 2 processes, not by 4" in four.stderr
    assert four.stderr.count("error: ") == 1
    assert four.returncode == 1  # torchrun's own

    again = launch(2, "-m", "aukit", "run", recipe, "--out", folder, "--resume")
    assert again.returncode == 0, again.stderr
    for name in COMPARED:
        assert (folder / name).read_bytes() == (run_of(whole[0]) / name).read_bytes(), name


def test_what_fails_in_one_process_ends_all(
    whole: tuple[Path, subprocess.CompletedProcess[str]], launch: Launch, tmp_path: Path
) -> None:
    (tmp_path / "aukit_broken.py").write_text(BROKEN)
    done = launch(
        2, "-m", "aukit", "run", whole[0] / "tiny.toml", "--out", tmp_path / "run",
        "--plugin", tmp_path / "aukit_broken.py", "--set", 'stages.finetune.loss={ name = "broken" }',
    )  # fmt: skip
    assert done.returncode == 1
    assert "error: clips.h5: the other half of the data is gone" in done.stderr
    assert "unexpected" not in done.stderr
    assert (tmp_path / "run" / "stages" / "pretrain" / "state.json").exists()
    assert not (tmp_path / "run" / "summary.json").exists()


@pytest.mark.parametrize(
    ("override", "message", "code"),
    [
        ("stages.finetune.nonsense=1", "unknown parameter", 2),
        ("stages.finetune.optimizer.lr=1e30", "weights are not finite", 3),
    ],
)
def test_what_all_meet_is_told_once(
    whole: tuple[Path, subprocess.CompletedProcess[str]],
    launch: Launch,
    tmp_path: Path,
    override: str,
    message: str,
    code: int,
) -> None:
    recipe = whole[0] / "tiny.toml"
    done = launch(2, "-m", "aukit", "run", recipe, "--out", tmp_path / "run", "--set", override)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1, done.stderr
    assert message in done.stderr
    assert f"exitcode  : {code} " in done.stderr


def test_dry_run_times_both(whole: tuple[Path, subprocess.CompletedProcess[str]], launch: Launch) -> None:
    done = launch(2, "-m", "aukit", "run", whole[0] / "tiny.toml", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stages"]["pretrain"]["steps"] == 6


def test_a_suite_is_refused(launch: Launch, tmp_path: Path) -> None:
    done = launch(2, "-m", "aukit", "run", "paper/table2", "--stand-in", "--smoke", cwd=tmp_path)
    assert done.returncode == 1
    assert "this is a suite of runs" in done.stderr
    assert not list(tmp_path.iterdir())
