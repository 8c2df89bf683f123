"""Commands that only look things up: none of them imports torch, and each ends its help with what to do next."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aukit.cli.app import app
from aukit.testing import CliResult

Cli = Callable[..., CliResult]

LIGHT = [
    ("--help",),
    ("run", "--help"),
    ("list-components",),
    ("list-components", "regression"),
    ("list-components", "--json"),
    ("plugins",),
    ("recipes", "list"),
    ("recipes", "show", "quickstart"),
    ("validate", "quickstart", "disfa_2pct"),
    ("explain", "quickstart"),
    ("explain", "quickstart", "--complete"),
    ("compare", "--help"),
    ("version",),
]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_a_light_command_imports_no_torch(arguments: tuple[str, ...], tmp_path: Path) -> None:
    program = [sys.executable, "-X", "importtime", "-m", "aukit", *arguments]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout
    imported = {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")
    }
    assert "aukit.cli.app" in imported
    assert not imported & {"torch", "timm", "torchvision", "matplotlib", "aukit.training.run"}


def commands() -> list[tuple[str, ...]]:
    found = [()]
    found += [(command.name,) for command in app.registered_commands]
    for group in app.registered_groups:
        found.append((group.name,))
        found += [
            (group.name, sub.name or sub.callback.__name__)
            for sub in group.typer_instance.registered_commands
        ]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_ends_with_an_example_and_the_next_command(command: tuple[str, ...], run_cli: Cli) -> None:
    done = run_cli(*command, "--help")
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.rstrip().splitlines()
    assert lines[-2].strip() == "Next:"
    assert "  Examples:" in lines
    examples = [line.strip() for line in lines[lines.index("  Examples:") + 1 : -2] if line.strip()]
    assert examples
    assert all(line.startswith("aukit ") for line in examples)
    assert any(line.startswith(" ".join(["aukit", *command])) for line in examples)


def test_every_command_of_the_design_is_there() -> None:
    names = {" ".join(command) for command in commands()}
    design = [
        "prepare",
        "run",
        "plan",
        "validate",
        "explain",
        "list-components",
        "plugins",
        "recipes",
        "new-plugin",
        "data",
        "predict",
        "evaluate",
        "compare",
        "cite",
        "version",
    ]
    assert set(design) <= names
    assert {"recipes list", "recipes show", "recipes copy"} <= names
    assert {"data make", "data sheet", "data check", "data inspect", "data merge"} <= names


def test_help_at_80_columns(run_cli: Cli) -> None:
    done = run_cli("--help", env={"COLUMNS": "80"})
    assert (
        done.stdout
        == """\
Usage: aukit [OPTIONS] COMMAND [ARGS]...

  Facial action unit intensities from few labels.

Options:
  --traceback  Print the traceback of an error; also AUKIT_TRACEBACK=1.
  --help       Show this message and exit.

Commands:
  prepare          Turn recordings into a clip store of faces
  run              Train and evaluate what a recipe says
  plan             Say what a run costs and its labels can teach
  validate         Check recipes, all problems at once
  explain          Show which code a recipe calls
  list-components  Show what recipes can name
  plugins          Show plugins and why one failed
  new-plugin       Write a plugin package
  predict          Predict every frame of videos
  evaluate         Score tracks against labels
  compare          Compare runs, or a suite, in one table
  cite             Print what to cite for a run
  version          Show the versions that matter
  recipes          List, show, copy the shipped recipes
  data             Make, inspect, check and merge clip stores

  Examples:
    aukit run quickstart
    aukit recipes list
    aukit run disfa_2pct --stand-in --smoke

  Next:
    aukit run --help
"""
    )


def test_components_of_one_kind(run_cli: Cli) -> None:
    done = run_cli("list-components", "--kind", "temporal", "--no-plugins")
    assert (done.code, done.stderr) == (0, "")
    assert (
        done.stdout
        == """\
temporal: feature maps of a clip to states over time
  convgru      aukit  convolutional GRU with 1x1 gates
  gru          aukit  GRU on spatially pooled features
  none         aukit  no memory: a ReLU, frame by frame
  tcn          aukit  causal dilated convolutions over time, cell by cell
  transformer  aukit  causal attention to the last frames, cell by cell
"""
    )


def test_a_component_with_its_parameters(run_cli: Cli) -> None:
    done = run_cli("list-components", "huber", "--no-plugins", env={"COLUMNS": "80"})
    lines = done.stdout.splitlines()
    assert lines[0] == "loss huber: squared error near zero, absolute error far out"
    assert lines[1].startswith("from aukit ")
    assert "aukit/builtin/losses/huber.py:" in lines[1]
    assert lines[2] == "source: Huber, Robust Estimation of a Location Parameter, 1964"
    assert lines[4:] == [
        "parameter   type and default, meaning",
        "─" * 69,
        "delta       float > 0, default 1.0",
        "            intensity error where the two meet (ours: one FACS level)",
    ]


def test_a_name_of_two_kinds_shows_both(run_cli: Cli) -> None:
    done = run_cli("list-components", "none", "--no-plugins")
    assert "temporal none: " in done.stdout
    assert "augmentation none: " in done.stdout
    one = run_cli("list-components", "none", "--kind", "temporal", "--no-plugins")
    assert "augmentation none: " not in one.stdout


def test_components_as_json(run_cli: Cli) -> None:
    done = run_cli("list-components", "convgru", "--json")
    (found,) = json.loads(done.stdout)
    assert found["provider"] == "aukit"
    assert {"hidden", "dropout"} <= {row["name"] for row in found["parameters"]}
    everything = json.loads(run_cli("list-components", "--json").stdout)
    assert {item["kind"] for item in everything} >= {"backbone", "temporal", "stage", "tracker"}


def test_defaults_are_those_of_the_library(run_cli: Cli) -> None:
    from aukit.builtin.params.model import ResNet18Params

    (found,) = json.loads(run_cli("list-components", "resnet18-256", "--json").stdout)
    shown = {row["name"]: json.loads(row["default"]) for row in found["parameters"]}
    assert ResNet18Params.from_table(shown) == ResNet18Params()


def test_unknown_component(run_cli: Cli) -> None:
    done = run_cli("list-components", "convgr")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == "error: there is no component `convgr`\n  hint: did you mean `convgru`?\n"


def test_version_names_what_results_depend_on(run_cli: Cli) -> None:
    import aukit

    done = run_cli("version")
    assert done.stdout.splitlines()[0].split() == ["aukit", aukit.__version__]
    assert json.loads(run_cli("version", "--json").stdout)["torch"].startswith("2.")


def test_an_unexpected_error_is_short_and_its_traceback_is_kept(run_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import aukit.cli.version as v, aukit\ndel aukit.__version__\n", encoding="utf-8"
    )
    env = {"PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = run_cli("version", env=env)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: unexpected AttributeError: ")
    assert "Traceback" not in done.stderr
    (log,) = tmp_path.glob("aukit-error-*.log")
    assert str(log) in done.stderr
    assert "Traceback" in log.read_text("utf-8")
    assert "Traceback" in run_cli("version", env={**env, "AUKIT_TRACEBACK": "1"}).stderr
    assert "Traceback" in run_cli("--traceback", "version", env=env).stderr


def test_a_pipe_that_closes_early_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m aukit list-components --json | head -n 1",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[\n"
    assert done.stderr == ""


def test_recipes_are_listed_shown_and_copied(run_cli: Cli, tmp_path: Path) -> None:
    listed = json.loads(run_cli("recipes", "list", "--json", "--no-plugins").stdout)
    assert {"quickstart", "disfa_2pct"} <= {item["name"] for item in listed}
    assert all(item["summary"] for item in listed)
    shown = run_cli("recipes", "show", "quickstart").stdout
    copied = run_cli("recipes", "copy", "quickstart", "mine.toml")
    assert (copied.code, copied.stdout) == (0, "mine.toml\n")
    assert (tmp_path / "mine.toml").read_text("utf-8").rstrip() == shown.rstrip()
    again = run_cli("recipes", "copy", "quickstart", "mine.toml")
    assert again.code == 2
    assert again.stderr.startswith("error: mine.toml: the file exists already")
    assert run_cli("validate", "mine.toml").code == 0


def test_a_complete_recipe_is_a_recipe(run_cli: Cli, tmp_path: Path) -> None:
    complete = run_cli("explain", "quickstart", "--complete")
    (tmp_path / "complete.toml").write_text(complete.stdout, encoding="utf-8")
    again = run_cli("explain", "complete.toml", "--complete")
    assert again.stdout == complete.stdout


def test_explain_names_provider_and_place_of_each_table(run_cli: Cli) -> None:
    found = json.loads(run_cli("explain", "quickstart", "--json").stdout)
    rows = {row["table"]: row for row in found["components"]}
    assert rows["model.temporal"]["component"] == "convgru"
    assert rows["model.temporal"]["provider"] == "aukit"
    assert "aukit/builtin/temporal/convgru.py:" in rows["model.temporal"]["location"]
