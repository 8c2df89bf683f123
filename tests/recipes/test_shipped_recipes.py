"""Every recipe in recipes/ stands, dumps and reloads equal, and explains itself to a reader."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from aukit.hosting.host import load_host
from aukit.hosting.registry import Registry
from aukit.recipe import list_recipes, load_recipe, missing_data
from aukit.testing import run_cli

FOLDER = Path(__file__).parents[2] / "recipes"
FILES = sorted(FOLDER.glob("*.toml"))
"""Recipes of one run. Suites, and what only they start from, are in folders and have a test module of their own."""
HEADER = ("Data needed:", "Command:", "One override:", "Expected:")
SOURCE = re.compile(r"# (paper \d|ours: \w)")


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The built-ins alone: what aukit ships needs no plugin."""
    return load_host(plugins=False)


def test_the_folder_holds_what_it_should() -> None:
    assert [file.stem for file in FILES] == [
        "bp4d_2pct",
        "disfa_2pct",
        "disfa_full",
        "disfa_pseudo",
        "own_videos",
        "own_videos_same_people",
        "quickstart",
        "synthetic_benchmark",
    ]
    names = [item.name for item in list_recipes() if item.kind == "run"]
    assert names == sorted([*(file.stem for file in FILES), "small/base", "small/pseudo"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"smoke": True},
        {"stand_in": True},
        {"stand_in": True, "smoke": True},
    ],
    ids=lambda options: "+".join(map(str, options)) or "plain",
)
def test_a_recipe_stands_and_its_dump_reloads_equal(
    file: Path, options: dict[str, object], registry: Registry, tmp_path: Path
) -> None:
    recipe = load_recipe(file, registry=registry, **options)  # type: ignore[arg-type]
    assert recipe.name == file.stem
    assert recipe.summary
    (tmp_path / "resolved.toml").write_text(recipe.dump(), encoding="utf-8")
    again = load_recipe(tmp_path / "resolved.toml", registry=registry)
    assert again == recipe
    assert again.dump() == recipe.dump()
    if "stand_in" in options:
        assert missing_data(recipe) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recipe_begins_with_what_a_reader_needs(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()
    header = lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]
    places = [next(i for i, line in enumerate(header) if line.startswith(f"# {word}")) for word in HEADER]
    assert places == sorted(places)
    assert f"aukit run {file.stem}" in header[places[1]]
    assert f"aukit run {file.stem} -" in header[places[2]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_constant_says_whose_it_is(file: Path) -> None:
    """Each line of data, model, stages and evaluation with a number or a choice names the paper or a reason of ours."""
    table = ""
    silent = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line.startswith("["):
            table = line.strip("[]").split(".")[0]
        elif (
            " = " in line and table in ("data", "model", "stages", "evaluation") and not line.startswith("#")
        ):
            value = next(iter(tomllib.loads(line).values()))
            names_data = line.startswith(("path", "schema", "data", "split"))
            previous = file.read_text("utf-8").splitlines()[number - 2]
            said = SOURCE.search(line) or SOURCE.search(previous if previous.startswith("#") else "")
            if not said and not names_data and value not in ([], "synthetic", "random"):
                silent.append(f"{file.name}:{number}: {line}")
    assert silent == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_override_of_the_header_stands(file: Path, registry: Registry) -> None:
    line = next(line for line in file.read_text("utf-8").splitlines() if line.startswith("# One override:"))
    words = line.split(f"aukit run {file.stem} ")[1].split()
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert set(options) <= {"--set", "--ablate"}
    changed = load_recipe(
        file,
        overrides=[options["--set"]] if "--set" in options else [],
        ablations=[options["--ablate"]] if "--ablate" in options else [],
        registry=registry,
    )
    assert changed != load_recipe(file, registry=registry)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_ablation_stands_on_every_recipe(file: Path, registry: Registry, tmp_path: Path) -> None:
    for ablation in registry.ablations():
        recipe = load_recipe(file, ablations=[ablation.name], registry=registry)
        assert ("pretrain" in recipe.stages) == ("stages.pretrain" not in ablation.record.remove)
        assert "finetune" in recipe.stages
        (tmp_path / "resolved.toml").write_text(recipe.dump(), encoding="utf-8")
        assert load_recipe(tmp_path / "resolved.toml", registry=registry) == recipe


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recipe_runs_from_start_to_report_without_its_data(file: Path, tmp_path: Path) -> None:
    options = ("--stand-in", "--smoke", "--device", "cpu", "--out")
    if file.stem == "disfa_pseudo":  # as its header says
        run_cli("run", "disfa_2pct", "--ablate", "no-memory", *options, "runs/r18-2pct", cwd=tmp_path)
    done = run_cli("run", file, *options, "out", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert "Traceback" not in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    elsewhere = file.stem.startswith(("disfa", "bp4d", "own"))
    assert (summary["status"], summary["origin"]) == ("finished", "stand-in" if elsewhere else "synthetic")
    assert summary["protocol"] == ("same people" if "same_people" in file.stem else "by person")
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize("name", ["disfa_2pct", "disfa_full", "bp4d_2pct"])
def test_licensed_data_that_are_not_there(name: str, registry: Registry, tmp_path: Path) -> None:
    recipe = load_recipe(name, data_root=tmp_path, registry=registry)
    problems = missing_data(recipe)
    assert len(problems) == 2
    assert all("--stand-in" in problem.hint and "http" in problem.hint for problem in problems)


def test_the_paper_s_constants(registry: Registry) -> None:
    """Sanchez et al., ACCV 2020, sections 3.2 and 4, typed in again by hand."""
    recipe = load_recipe("disfa_2pct", registry=registry)
    pretrain, finetune = (recipe.stages[name].params for name in ("pretrain", "finetune"))
    assert (pretrain["stride"], pretrain["batch"], pretrain["epochs"]) == (2, 20, 300)
    assert (pretrain["objective"]["frames"], pretrain["objective"]["context"]) == (15, 10)
    assert (pretrain["optimizer"]["lr"], pretrain["optimizer"]["weight_decay"]) == (1e-3, 1e-5)
    assert (finetune["optimizer"]["lr"], finetune["optimizer"]["weight_decay"]) == (1e-5, 1e-5)
    assert finetune["optimizer"]["betas"] == [0.5, 0.999]
    assert (finetune["sampler"]["count"], finetune["window"], finetune["stride"]) == (1162, 15, 2)
    assert (pretrain["augmentation"]["rotation"], pretrain["augmentation"]["scale"]) == (20.0, 0.1)
    bp4d = load_recipe("bp4d_2pct", registry=registry)
    assert bp4d.stages["finetune"].params["sampler"]["count"] == 1498
    assert bp4d.model.aus == ("AU06", "AU10", "AU12", "AU14", "AU17")
    assert bp4d.stages["pretrain"] == recipe.stages["pretrain"]
