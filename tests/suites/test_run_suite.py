"""A suite from beginning to end, in real processes: shared stages, dependencies, stopping, going on, stale runs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aukit.contracts.run import Event, RunStarted, StageFinished
from aukit.errors import DataError, RecipeError, RunFolderError
from aukit.hosting.host import load_host
from aukit.rundir.atomic import read_json
from aukit.rundir.suite import SuiteFolder, read_plan
from aukit.suites.events import OfRun, RunEnded, SuiteStarted
from aukit.suites.jobs import Plugins, Worker
from aukit.suites.load import Options, load_suite
from aukit.suites.run import run_suite
from aukit.testing import run_cli

RUNS = [
    f"{name}/fold1-seed{seed}" for seed in (0, 1) for name in ("scratch", "after", "pretrained", "slower")
]
Finished = tuple[Path, list[Event]]


def summary(folder: Path, run: str) -> Any:
    return read_json(folder / run / "summary.json")


def test_every_run_is_made_and_told_of(finished: Finished) -> None:
    folder, events = finished
    assert [run.folder for run in read_plan(folder).runs] == RUNS
    assert all((folder / run / "report.html").exists() for run in RUNS)
    assert not SuiteFolder(folder).failures.exists()
    ended = [event for event in events if isinstance(event, RunEnded)]
    assert sorted(event.done for event in ended) == list(range(1, 9))
    assert all(event.total == 8 and not event.failure for event in ended)


def test_a_shared_pretraining_runs_once_for_each_seed(finished: Finished) -> None:
    folder, events = finished
    made = [
        event.run
        for event in events
        if isinstance(event, OfRun)
        and isinstance(event.event, StageFinished)
        and event.event.stage == "pretrain"
    ]
    assert len(made) == 2
    taken = [run for run in RUNS if "pretrain" in summary(folder, run)["reused"]]
    assert len(taken) == 2
    weights = [(folder / run / "stages/pretrain/model.safetensors").read_bytes() for run in RUNS[2:4]]
    assert weights[0] == weights[1]


def test_the_same_labels_serve_every_variant(finished: Finished) -> None:
    folder, _ = finished
    for seed in (0, 1):
        lists = {
            (folder / run / "stages/finetune/labels-train.json").read_bytes()
            for run in RUNS
            if run.endswith(f"seed{seed}")
        }
        assert len(lists) == 1


def test_a_variant_starts_from_the_run_that_it_names(finished: Finished) -> None:
    folder, _ = finished
    facts = read_json(folder / "after/fold1-seed1/data.json")["weights"]
    assert Path(facts["run"]) == folder / "scratch/fold1-seed1"


def test_each_run_can_be_made_again_alone(finished: Finished, tmp_path: Path) -> None:
    from aukit.hosting.host import load_host
    from aukit.recipe import load_recipe
    from aukit.training.run import run

    folder, _ = finished
    registry = load_host(plugins=False)
    recipe = load_recipe(folder / "slower/fold1-seed0.toml", registry=registry)
    again = run(recipe, registry=registry, out=tmp_path / "alone")
    assert again.summary["icc"] == summary(folder, "slower/fold1-seed0")["icc"]


def test_a_finished_suite_does_nothing_again(
    tools: SimpleNamespace, finished: Finished, tmp_path: Path
) -> None:
    folder, _ = finished
    before, events = read_plan(folder), list[Event]()
    result = tools.run(folder.parent / "three.toml", out=folder, on_event=events.append)
    assert [type(event) for event in events] == [SuiteStarted]
    assert result.plan == before
    assert not before.changes


def test_a_failed_variant_is_reported_and_the_rest_is_finished(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    breaks = tools.text.replace('title = "pre-trained"', 'set = { "stages.finetune.optimizer.lr" = 1e30 }')
    breaks = breaks.replace(
        'ablate = ["no-pretraining"]',
        'ablate = ["no-pretraining"]\nset = { "stages.finetune.optimizer.lr" = 1e30 }',
    )
    file, events = tools.write(tmp_path, recipe_text, breaks), list[Event]()
    result = tools.run(file, overrides=("suite.seeds=[0]",), out=tmp_path / "out", on_event=events.append)
    assert set(result.failures) == {f"{name}/fold1-seed0" for name in ("scratch", "after", "pretrained")}
    assert (
        "became" in result.failures["scratch/fold1-seed0"]
        or "not finite" in result.failures["scratch/fold1-seed0"]
    )
    assert result.failures["after/fold1-seed0"].endswith("is not there: scratch/fold1-seed0")
    assert (tmp_path / "out/slower/fold1-seed0/summary.json").exists()
    assert read_json(tmp_path / "out/failures.json") == result.failures


def test_stale_runs_are_named_and_not_made_again_silently(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    file, out = tools.write(tmp_path, recipe_text), tmp_path / "out"
    first = ("suite.seeds=[0]",)
    tools.run(file, overrides=first, out=out)
    before = (out / "slower/fold1-seed0/summary.json").read_bytes()
    file.write_text(file.read_text().replace("5e-4", "6e-4"))
    with pytest.raises(RunFolderError) as caught:
        tools.run(file, overrides=first, out=out)
    assert set(caught.value.data["stale"]) == {"slower/fold1-seed0"}
    assert "0.0005" in caught.value.message and "0.0006" in caught.value.message
    assert "--rerun-stale" in caught.value.hint
    assert (out / "slower/fold1-seed0/summary.json").read_bytes() == before

    events = list[Event]()
    result = tools.run(file, overrides=first, out=out, rerun_stale=True, on_event=events.append)
    assert [event.run for event in events if isinstance(event, RunEnded)] == ["slower fold 1 seed 0"]
    assert (out / "slower/fold1-seed0.stale-1/summary.json").read_bytes() == before
    assert "slower/fold1-seed0" in result.plan.changes[-1]["what"]

    file.write_text(file.read_text().replace("pre-trained, half the rate", "another title"))
    result = tools.run(file, overrides=first, out=out)
    what = "title of slower: `pre-trained, half the rate` became `another title`"
    assert result.plan.changes[-1]["what"] == what
    file.write_text(file.read_text().replace('name = "three"', 'name = "four"'))
    with pytest.raises(RunFolderError, match="the folder of another suite, `three`, not of `four`"):
        tools.run(file, overrides=first, out=out)


def test_a_run_is_stale_when_the_one_it_started_from_is_made_again(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    file, out = tools.write(tmp_path, recipe_text), tmp_path / "out"
    tools.run(file, overrides=("suite.seeds=[0]",), out=out)
    changed = file.read_text() + 'set = { "stages.finetune.optimizer.lr" = 2e-3 }\n'
    file.write_text(changed)
    with pytest.raises(RunFolderError) as caught:
        tools.run(file, overrides=("suite.seeds=[0]",), out=out)
    assert set(caught.value.data["stale"]) == {"scratch/fold1-seed0", "after/fold1-seed0"}
    assert "another scratch/fold1-seed0" in caught.value.data["stale"]["after/fold1-seed0"]


def test_a_begun_run_goes_on_only_as_it_began(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    """Also where the change would do nothing to a finished run, such as another device's, or its teacher's."""
    file, out = tools.write(tmp_path, recipe_text), tmp_path / "out"
    seed = ("suite.seeds=[0]",)
    tools.run(file, overrides=seed, out=out)
    for name in ("slower", "after"):  # as if they had been stopped at their end
        (out / f"{name}/fold1-seed0/summary.json").unlink()
    with pytest.raises(RunFolderError) as caught:
        tools.run(file, overrides=(*seed, "compute.checkpoint_every=2"), out=out)
    assert set(caught.value.data["stale"]) == {"slower/fold1-seed0", "after/fold1-seed0"}
    assert "checkpoint_every" in caught.value.message
    file.write_text(file.read_text() + 'set = { "stages.finetune.optimizer.lr" = 2e-3 }\n')
    with pytest.raises(RunFolderError) as caught:
        tools.run(file, overrides=seed, out=out)
    assert set(caught.value.data["stale"]) == {"scratch/fold1-seed0", "after/fold1-seed0"}
    result = tools.run(file, overrides=seed, out=out, rerun_stale=True)
    assert not result.failures
    assert summary(out, "after/fold1-seed0")["status"] == "finished"


def test_where_every_run_fails_the_reasons_are_told(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    text = tools.text[: tools.text.index("[variants")] + '[variants.scratch]\nablate = ["no-pretraining"]\n'
    file = tools.write(tmp_path, recipe_text, text)
    rate = ("--set", "stages.finetune.optimizer.lr=1e30", "--set", "suite.seeds=[0]")
    done = run_cli("run", str(file), "--out", "out", *rate, "--no-plugins", cwd=tmp_path)
    assert done.code == 1
    assert "1 of 1 runs failed" in done.stderr
    assert "scratch/fold1-seed0: " in done.stderr and "optimizer.lr" in done.stderr
    assert "no table: out: no run of this suite is finished" in done.stderr


FAULTY = """
import aukit
from torch import nn


class TwoArguments(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Silent(nn.Module):
    def forward(self, predictions, labels):
        raise NotImplementedError


class Unpicklable(nn.Module):
    def forward(self, predictions, labels):
        raise TwoArguments("this", "that")


@aukit.hookimpl
def aukit_components():
    return [
        aukit.Component(kind="loss", name=name, build=f"faulty:{kind}", summary="raises")
        for name, kind in (("silent", "Silent"), ("unpicklable", "Unpicklable"))
    ]
"""


def test_faults_in_a_plugin_are_failures_of_its_runs_alone(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    """Errors without words, and errors that cannot be handed from process to process."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    text = tools.text[: tools.text.index("[variants")] + "".join(
        f'[variants.{loss}]\nablate = ["no-pretraining"]\nset = {{ "stages.finetune.loss.name" = "{loss}" }}\n'
        for loss in ("silent", "unpicklable", "l2")
    )
    file, files = tools.write(tmp_path, recipe_text, text), [tmp_path / "faulty.py"]
    registry = load_host(plugins=False, files=files)
    suite = load_suite(file, registry=registry, options=Options(overrides=["suite.seeds=[0]"]))
    plugins = Plugins(installed=False, files=tuple(files))
    events = list[Event]()
    result = run_suite(suite, out=tmp_path / "out", plugins=plugins, on_event=events.append)
    silent, unpicklable = (f"{name}/fold1-seed0" for name in ("silent", "unpicklable"))
    assert result.failures.keys() == {silent, unpicklable}
    assert "unexpected NotImplementedError" in result.failures[silent]
    assert "unexpected TwoArguments: this and that" in result.failures[unpicklable]
    for run, name in ((silent, "NotImplementedError"), (unpicklable, "TwoArguments: this and that")):
        log = tmp_path / "out" / run / "train.log"
        assert str(log) in result.failures[run]
        assert f"{name}\n" in log.read_text() and 'faulty.py", line' in log.read_text()
    assert summary(tmp_path / "out", "l2/fold1-seed0")["status"] == "finished"
    told = [event.failure for event in events if isinstance(event, RunEnded)]
    assert told == [result.failures[silent], result.failures[unpicklable], ""]


def test_workers_that_ended_while_they_waited_are_replaced(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, begin, killed = tools.write(tmp_path, recipe_text), Worker.begin, list[int]()

    def ended(event: Event) -> None:
        if isinstance(event, RunEnded):
            for worker in [one for one in made if not one.busy and one.process.poll() is None]:
                worker.process.kill()
                worker.process.wait()
                killed.append(worker.process.pid)

    made = list[Worker]()
    monkeypatch.setattr(Worker, "begin", lambda w, job, name: (made.append(w), begin(w, job, name))[1])
    result = tools.run(file, overrides=("suite.seeds=[0]",), out=tmp_path / "out", on_event=ended)
    assert not result.failures
    assert len(killed) >= 3 and len({one.process.pid for one in made}) == 4


def test_missing_data_stop_it_before_anything_runs(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    file = tools.write(tmp_path, recipe_text.replace("tiny.h5", "gone.h5"))
    with pytest.raises(RecipeError, match=r"there is no file .*gone\.h5"):
        tools.run(file, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_refused(tools: SimpleNamespace, suite_file: Path) -> None:
    with pytest.raises(RunFolderError, match="holds something that is no suite"):
        tools.run(suite_file, out=suite_file.parent)


def start(file: Path, out: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "aukit",
        "run",
        str(file),
        "--out",
        str(out),
        "--no-plugins",
        "--jobs",
        "2",
    ]
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=file.parent
    )


def wait_for(out: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not any(out.glob(pattern)):
        assert process.poll() is None and time.monotonic() < until, f"{pattern} did not come"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_suite_that_was_stopped_goes_on(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str, how: signal.Signals
) -> None:
    long = recipe_text.replace("steps = 4", "steps = 30")
    one_seed = tools.text.replace("seeds = [0, 1]", "seeds = [0]")
    file, out = tools.write(tmp_path, long, one_seed), tmp_path / "out"
    process = start(file, out)
    wait_for(out, "scratch/*/stages/finetune/checkpoints/*", process)
    process.send_signal(how)
    _, said = process.communicate(timeout=120)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "the same command goes on with it" in said
    assert len(list(out.glob("*/*/summary.json"))) < 4
    events = list[Event]()  # at once: what a killed command left running ends by itself
    result = tools.run(file, out=out, jobs=2, on_event=events.append)
    assert not result.failures
    resumed = [
        e.event
        for e in events
        if isinstance(e, OfRun) and isinstance(e.event, RunStarted) and e.event.resumed
    ]
    assert resumed
    (tmp_path / "whole").mkdir()
    whole = tools.run(tools.write(tmp_path / "whole", long, one_seed), out=tmp_path / "whole/out", jobs=2)
    for run in RUNS[:4]:
        assert summary(out, run)["icc"] == summary(whole.folder, run)["icc"], run


TUNING = """
[tuning]
"stages.finetune.optimizer.lr" = [1e-7, 1e-3]
"""


@pytest.mark.slow
def test_values_are_chosen_on_validation_people_before_test_people_are_seen(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    text = tools.text.replace('set = { "stages.finetune.optimizer.lr" = 5e-4 }', "") + TUNING
    file, events = tools.write(tmp_path, recipe_text, text), list[Event]()
    result = tools.run(
        file, overrides=("suite.seeds=[0]",), out=tmp_path / "out", jobs=2, on_event=events.append
    )
    assert not result.failures
    out, plan = tmp_path / "out", result.plan
    tuned = [run for run in plan.runs if run.tuning]
    assert len(tuned) == 4 * 2 and len(plan.runs) == 4 * 2 + 4
    for run in tuned:
        assert summary(out, run.folder)["split"] == "validation"
    for name in ("scratch", "after", "pretrained", "slower"):
        chosen = plan.tuned[name]["1"]
        assert chosen["candidates"] == 2 and chosen["metric"] == "icc"
        final = read_json(out / f"{name}/fold1-seed0/summary.json")
        assert final["split"] == "test"
        resolved = (out / f"{name}/fold1-seed0/resolved.toml").read_text()
        assert f"lr = {chosen['stages.finetune.optimizer.lr']:g}".replace("1e-07", "1e-07") in resolved
        # the final run takes the stages that the chosen candidate's run has made
        assert "finetune" in final["reused"]
    again = tools.run(file, overrides=("suite.seeds=[0]",), out=out)
    assert again.plan == plan
    # another value to choose makes every choice anew
    file.write_text(file.read_text() + '"stages.finetune.optimizer.weight_decay" = [0.0, 1e-5]\n')
    with pytest.raises(RunFolderError) as caught:
        tools.run(file, overrides=("suite.seeds=[0]",), out=out)
    assert {f"{name}/fold1-tuning1" for name in ("scratch", "pretrained")} <= set(caught.value.data["stale"])


def test_nothing_is_chosen_where_nobody_judges(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    never = recipe_text.replace("evaluate_every = 2", 'evaluate_every = 0\nselect = "last"')
    with pytest.raises(RecipeError, match="this stage never looks at them"):
        tools.load(tools.write(tmp_path, never, tools.text + TUNING))
    nobody = recipe_text.replace(
        'path = "tiny.h5"',
        'path = "tiny.h5"\nsplit = { train = ["P01", "P02", "P03"], test = ["P04", "P05", "P06", "P07"] }',
    ).replace("evaluate_every = 2", 'evaluate_every = 2\nselect = "last"')
    with pytest.raises(DataError, match="scratch fold 1 tuning 1 has no ICC on validation people"):
        tools.run(
            tools.write(tmp_path, nobody, tools.text + TUNING),
            overrides=("suite.seeds=[0]",),
            out=tmp_path / "out",
        )
