"""Kill a run anywhere, go on, and the result is bit for bit that of a run nobody touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.run import Event, Metrics, Note, RunStarted
from aukit.errors import Interrupted, RunFolderError
from aukit.rundir.checkpoint import load
from aukit.rundir.metrics_log import read_rows

Go = Callable[..., Any]
Finished = tuple[Path, list[Event]]
COMPARED = (
    "model/model.safetensors",
    "stages/pretrain/model.safetensors",
    "metrics.jsonl",
    "results.json",
    "data.json",
)

CHILD = """
import os, signal, sys, threading
from pathlib import Path
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.training.run import run

recipe, folder, delay, end = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
registry = load_host(plugins=False)

def on_event(event):
    if type(event).__name__ == "RunStarted":
        if delay >= 0:
            threading.Timer(delay, os.kill, (os.getpid(), end)).start()
        print("started", flush=True)

run(load_recipe(recipe, registry=registry), registry=registry, out=folder, on_event=on_event)
"""


def equal(one: Path, other: Path) -> None:
    for name in COMPARED:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


class Stop(BaseException):
    """Ends a run at an event as a kill does: nothing gets a chance to tidy up on its behalf."""


def stop_at(count: int) -> Callable[[Event], None]:
    seen = 0

    def on_event(event: Event) -> None:
        nonlocal seen
        if isinstance(event, Metrics):
            seen += 1
            if seen == count:
                raise Stop

    return on_event


@pytest.mark.parametrize("row", [1, 2, 3, 5, 8, 9, 13, 16])
def test_stopped_at_any_row_and_resumed(finished: Finished, go: Go, tmp_path: Path, row: int) -> None:
    with pytest.raises(Stop):
        go(tmp_path / "run", on_event=stop_at(row))
    assert len(read_rows(tmp_path / "run" / "metrics.jsonl")) == row
    go(tmp_path / "run", resuming=True)
    equal(tmp_path / "run", finished[0])


@pytest.mark.parametrize(
    "override",
    ["model.temporal.name=tcn", "model.temporal.name=transformer", "stages.finetune.loss.name=ordinal"],
)
def test_other_parts_go_on_as_well(go: Go, tmp_path: Path, override: str) -> None:
    """A loss's own parameters too: they are part of the checkpoint, not of the model."""
    go(tmp_path / "whole", override)
    with pytest.raises(Stop):
        go(tmp_path / "run", override, on_event=stop_at(13))
    if "ordinal" in override:
        (checkpoint,) = (tmp_path / "run/stages/finetune/checkpoints").iterdir()
        kept, _ = load(checkpoint)
        assert kept["loss/gaps"].abs().min() > 0, "the thresholds have not moved"
        assert kept["loss/log_slope"] != 0
    go(tmp_path / "run", override, resuming=True)
    equal(tmp_path / "run", tmp_path / "whole")


def test_stopped_again_and_again(finished: Finished, go: Go, tmp_path: Path) -> None:
    resuming = False
    for _ in range(20):
        try:
            go(tmp_path / "run", on_event=stop_at(4), resuming=resuming)
            break
        except Stop:
            resuming = True
    equal(tmp_path / "run", finished[0])


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(
    finished: Finished, go: Go, recipe_file: Path, tmp_path: Path
) -> None:
    """SIGKILL, four times, at moments drawn anew on each day: also in the middle of a write."""
    rng = np.random.default_rng()
    killed = 0
    for number in range(4):
        delay = rng.uniform(0.0, 1.2)
        folder = tmp_path / f"run{number}"
        arguments = [str(recipe_file), str(folder), str(delay), str(int(signal.SIGKILL))]
        done = subprocess.run([sys.executable, "-c", CHILD, *arguments], capture_output=True, text=True)
        assert done.stdout.startswith("started"), done.stderr
        if (folder / "summary.json").exists():  # it was faster than the timer
            continue
        assert done.returncode == -signal.SIGKILL
        killed += 1
        go(folder, resuming=True)
        equal(folder, finished[0])
    assert killed, "the timer never fired before the end: draw shorter delays"


def test_killed_before_the_folder_was_ready(finished: Finished, go: Go, tmp_path: Path) -> None:
    """The complete recipe is the first file of a run: with it alone there is something to go on with."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "resolved.toml").write_bytes((finished[0] / "resolved.toml").read_bytes())
    go(tmp_path / "run", resuming=True)
    equal(tmp_path / "run", finished[0])


def test_a_resumed_run_keeps_what_its_first_part_was_made_with(go: Go, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        go(tmp_path / "run", on_event=stop_at(2))
    before = json.loads((tmp_path / "run" / "environment.json").read_text())
    (tmp_path / "run" / "environment.json").write_text(json.dumps(before | {"torch": "0.1"}))
    go(tmp_path / "run", resuming=True)
    after = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert after["torch"] == "0.1"
    assert [session["torch"] for session in after["resumed"]] == [before["torch"]]


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(finished: Finished, go: Go, tmp_path: Path) -> None:
    def on_event(event: Event) -> None:
        if isinstance(event, Metrics) and event.stage == "finetune":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="step 1 of 6 of the stage `finetune`") as caught:
        go(tmp_path / "run", on_event=on_event)
    assert "--resume" in caught.value.hint
    assert caught.value.exit_code == 130
    assert list((tmp_path / "run/stages/finetune/checkpoints").iterdir())
    events: list[Event] = []
    go(tmp_path / "run", resuming=True, on_event=events.append)
    equal(tmp_path / "run", finished[0])
    assert any(isinstance(event, RunStarted) and event.resumed for event in events)
    assert any(isinstance(event, Note) and "`pretrain` is finished" in event.text for event in events)


def test_ctrl_c_before_training_is_interrupted_too(go: Go, tmp_path: Path) -> None:
    def on_event(event: Event) -> None:
        if isinstance(event, RunStarted):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="stopped"):
        go(tmp_path / "run", on_event=on_event)


def test_a_changed_recipe_is_refused_and_the_difference_is_shown(go: Go, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        go(tmp_path / "run", on_event=stop_at(2))
    with pytest.raises(RunFolderError, match="recipe has changed") as caught:
        go(tmp_path / "run", "stages.pretrain.optimizer.lr=0.5", resuming=True)
    shown = [line for line in caught.value.data["difference"].splitlines() if line[1:2].isalpha()]
    assert shown == ["-stages.pretrain.optimizer.lr = 0.001", "+stages.pretrain.optimizer.lr = 0.5"]
    assert shown[1] in str(caught.value)


def test_changed_data_is_refused(go: Go, store_root: Path, recipe_file: Path, tmp_path: Path) -> None:
    from aukit.testing.store import tiny_store

    copy = tmp_path / "copy.h5"
    tiny_store(copy, people=8, aus=("AU04", "AU12"), frames=30)
    recipe_file.write_text(recipe_file.read_text().replace('path = "tiny.h5"', f'path = "{copy}"'))
    with pytest.raises(Stop):
        go(tmp_path / "run", on_event=stop_at(2))
    copy.unlink()
    tiny_store(copy, people=8, aus=("AU04", "AU12"), frames=30, seed=1)
    with pytest.raises(RunFolderError, match="data has changed"):
        go(tmp_path / "run", resuming=True)


def test_a_finished_run_is_not_resumed(finished: Finished, go: Go) -> None:
    with pytest.raises(RunFolderError, match="finished"):
        go(finished[0], resuming=True)


def test_a_folder_that_is_no_run_is_not_resumed(go: Go, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no such run folder"):
        go(tmp_path / "absent", resuming=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunFolderError, match="holds no run"):
        go(tmp_path / "empty", resuming=True)


def test_a_checkpoint_of_another_model_is_refused(go: Go, finished: Finished, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        go(tmp_path / "run", "model.backbone.width=8", on_event=stop_at(10))
    name = Path("stages/pretrain/model.safetensors")
    (tmp_path / "run" / name).write_bytes((finished[0] / name).read_bytes())
    with pytest.raises(RunFolderError, match="another model") as caught:
        go(tmp_path / "run", "model.backbone.width=8", resuming=True)
    assert caught.value.exit_code == 2


def test_without_a_folder_the_newest_unfinished_run_of_this_recipe_goes_on(
    finished: Finished, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunFolderError, match="no unfinished run"):
        go(None, resuming=True)
    with pytest.raises(Stop):
        go(None, on_event=stop_at(4))
    (begun,) = (tmp_path / "runs" / "tiny").iterdir()
    with pytest.raises(RunFolderError, match="no unfinished run"):
        go(None, "seed=5", resuming=True)
    found = go(None, resuming=True)
    assert found.folder.resolve() == begun
    equal(begun, finished[0])
