"""What a user or a plugin author can name has its place in the documentation, found by looking at the code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest
import typer

import aukit
import aukit.testing
from aukit import errors
from aukit.builtin.params.optim import OPTIMIZERS, SCHEDULES
from aukit.cli.app import app
from aukit.contracts import data as data_contracts
from aukit.contracts import model as model_contracts
from aukit.contracts import run as run_contracts
from aukit.contracts.component import KINDS
from aukit.evaluation import bootstrap
from aukit.hosting import hookspecs
from aukit.hosting.host import load_host
from aukit.recipe.tables import ComputeTable, EvaluationTable, HeadTable, ModelTable, SplitPeople, StoredData
from aukit.testing import run_cli, tiny_store
from aukit.testing.video import face_video
from aukit.tracks.columns import Layout

ROOT = Path(__file__).parents[2]
REGISTRY = load_host(plugins=False)
Pages = dict[str, str]


def section(page: str, heading: str) -> str:
    """The text below a heading, to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}.*?$(.*?)(?=^#{{1,{level}}} |\Z)", page, re.MULTILINE | re.DOTALL
    )
    assert found, f"there is no heading {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of a page's tables, without code marks; heads and rules are left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|(?=(?:[^`]*`[^`]*`)*[^`]*$)", line)[1:-1]]
        for line in lines
    ]
    return [row for row in cells if set(row[0]) - set("-: ")]


def codes(text: str) -> set[str]:
    """What stands in code marks."""
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_page_with_its_contract_an_example_and_its_check(kind: str, pages: Pages) -> None:
    page = pages[f"plugins/{kind}.md"]
    protocol = kind.capitalize()
    home = next(
        module for module in (model_contracts, data_contracts, run_contracts) if hasattr(module, protocol)
    )
    assert f"::: {home.__name__}.{protocol}" in page
    assert f'kind="{kind}"' in section(page, "## A complete example")
    assert f'check_component("{kind}/' in section(page, "## Test it")
    assert f"(../reference/components.md#{kind})" in page or not REGISTRY.components(kind)
    about = {
        row[0].split("]")[0].strip("["): row for row in rows(section(pages["plugins/about.md"], "## Kinds"))
    }
    assert about[kind][1] == KINDS[kind]
    assert codes(about[kind][2]) == {item.name for item in REGISTRY.components(kind)}


def test_each_hook_has_a_section_with_an_example(pages: Pages) -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("aukit_")}
    page = pages["plugins/hooks.md"]
    assert len(hooks) == 4
    assert set(re.findall(r"^## `(\w+)`", page, re.MULTILINE)) == hooks
    for hook in hooks:
        assert f"def {hook}():" in section(page, f"## `{hook}`")


def test_each_built_in_component_is_there_with_every_parameter(pages: Pages) -> None:
    page = pages["reference/components.md"]
    assert len(REGISTRY.components()) > 15
    for item in REGISTRY.components():
        text = section(section_of_kind(page, item.record.kind), f"### `{item.name}`")
        assert item.record.summary[1:] in text
        assert item.record.cite in text
        assert {row[0].strip("`") for row in rows(text)} >= set(item.record.params.model_fields), item.name
        for field in item.record.params.model_fields.values():
            assert str(field.description).replace("<", "&lt;") in text


def section_of_kind(page: str, kind: str) -> str:
    return section(page, f"## {kind} {{")


def test_optimisers_schedules_ablations_and_data_sets_are_there(pages: Pages) -> None:
    page = pages["reference/components.md"]
    optim = {row[0].strip("`"): row[1] for row in rows(section(page, "## Optimisers"))}
    for name, parameters in {**OPTIMIZERS, **SCHEDULES}.items():
        assert all(f"`{key}" in optim[name] for key in parameters), name
    ablations = section(page, "## Ablations")
    for ablation in REGISTRY.ablations():
        assert {ablation.name, *ablation.record.remove} <= codes(ablations)
        assert ablation.record.summary in ablations
    known = section(page, "## Known data sets")
    for schema in REGISTRY.schemas():
        found = {row[0].strip("`"): row[1] for row in rows(section(known, f"### `{schema.name}`"))}
        assert {
            name: str(len(folds)) for name, folds in schema.record.splits.items()
        }.items() <= found.items()


def commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for word, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, word))


def test_each_command_and_each_of_its_options_is_there(pages: Pages) -> None:
    page = pages["reference/commands.md"]
    found = list(commands(typer.main.get_command(app), ("aukit",)))
    assert len(found) > 15
    for words, command in found:
        text = section(page, f"## `{' '.join(words)}` {{")
        for parameter in command.params:
            names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
            assert all(name in text for name in names), (words, names)
        if not getattr(command, "commands", None):
            assert f"[`{' '.join(words)}`](#{'-'.join(words)})" in page


def test_each_environment_variable_is_there(pages: Pages) -> None:
    used = set()
    for file in (ROOT / "aukit").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and re.fullmatch(r"AUKIT_[A-Z_]+", str(node.value)):
                used.add(node.value)
    assert len(used) >= 4
    assert used == {
        word
        for row in rows(pages["reference/commands.md"])
        for word in codes(row[0])
        if word.startswith("AUKIT_")
    }


def test_each_error_class_is_there_with_its_exit_code(pages: Pages) -> None:
    def tree(thing: type[errors.AukitError]) -> Iterator[type[errors.AukitError]]:
        yield thing
        for below in thing.__subclasses__():
            yield from tree(below)

    classes = {thing for thing in tree(errors.AukitError) if thing.__module__ == "aukit.errors"}
    page = pages["reference/errors.md"]
    table = {row[0].strip("`"): row for row in rows(section(page, "## Error classes"))[1:]}
    assert {name: row[2] for name, row in table.items()} == {
        thing.__name__: str(thing.exit_code) for thing in classes
    }
    exit_codes = {row[0] for row in rows(section(page, "## Exit codes"))[1:]}
    assert exit_codes == {"0", *(str(thing.exit_code) for thing in classes)}


def test_each_key_of_a_recipe_is_there(pages: Pages) -> None:
    page = pages["reference/recipe.md"]
    places = {"## At the top": HeadTable, "## `[data.NAME]`": StoredData, "## `[model]`": ModelTable,
              "## `[evaluation]`": EvaluationTable, "## `[compute]`": ComputeTable}  # fmt: skip
    for heading, model in places.items():
        keys = {field.alias or name for name, field in model.model_fields.items()}
        assert keys <= codes(section(page, heading)), heading
    assert set(SplitPeople.model_fields) <= codes(section(page, "## `[data.NAME]`"))


def test_each_public_name_is_there(pages: Pages) -> None:
    named = set(
        re.findall(r"^::: (\S+)$", pages["reference/api.md"] + pages["reference/plugin-api.md"], re.MULTILINE)
    )
    for name in set(aukit.__all__) - {"__version__", "hookimpl", "evaluation"}:
        thing = getattr(aukit, name)
        assert f"{thing.__module__}.{thing.__name__}" in named, name
    assert "@aukit.hookimpl" in pages["plugins/hooks.md"]
    assert "aukit.evaluation.metrics" in named
    for name in dir(aukit.testing):
        thing = getattr(aukit.testing, name)
        if getattr(thing, "__module__", "").startswith("aukit.testing."):
            assert f"{thing.__module__}.{thing.__name__}" in named, name


def test_each_recipe_is_listed_by_name_somewhere_a_reader_looks(pages: Pages) -> None:
    text = "\n".join(pages.values())
    for recipe in (ROOT / "recipes").glob("*.toml"):
        assert recipe.stem in text, recipe.stem


def test_each_file_of_a_run_folder_is_explained(pages: Pages, finished: Path) -> None:
    run = finished / "runs" / "first"
    there = {str(file.relative_to(run)) for file in run.rglob("*") if file.is_file()}
    there = {re.sub(r"^stages/\w+/", "stages/NAME/", name) for name in there}
    table = {name for row in rows(pages["concepts/run-folder.md"])[1:] for name in codes(row[0])}
    assert there <= table
    assert table - there == {"stages/NAME/labels.safetensors", "stages/NAME/checkpoints/"}
    tour = codes(section(pages["tutorial/first-run.md"], "## 6."))
    assert {name for name in there if "/" not in name} <= tour


def test_each_key_of_a_summary_is_explained(pages: Pages, finished: Path) -> None:
    summary = json.loads((finished / "runs" / "first" / "summary.json").read_text())
    table = {
        key for row in rows(section(pages["guides/compare.md"], "## Many runs"))[1:] for key in codes(row[0])
    }
    assert table == set(summary)


def test_each_column_of_a_prediction_is_explained(pages: Pages) -> None:
    layout = Layout(
        aus=("AU04",), origin="rendered", model_origin="synthetic", pose=True, baseline=True, store=True
    )
    table = [
        name
        for row in rows(section(pages["guides/predict.md"], "## The columns"))[1:]
        for name in codes(row[0])
    ]
    assert sorted(table) == sorted(layout.names)


def test_each_key_of_a_sidecar_is_explained(pages: Pages, finished: Path, tmp_path: Path) -> None:
    store, video = tiny_store(tmp_path / "faces.h5", people=2, frames=12), tmp_path / "a.mp4"
    face_video(video, frames=3)
    found = set()
    for source in (store, video):
        out = tmp_path / f"{source.stem}.csv"
        arguments = ("--run", finished / "runs/first", "--framing", "crop.rule=tight", "--allow-synthetic")
        done = run_cli("predict", source, "--out", out, "--device", "cpu", *arguments)
        assert done.code == 0, done.stderr
        found |= set(json.loads(Path(f"{out}.json").read_text()))
    table = rows(section(pages["guides/predict.md"], "### The sidecar"))[1:]
    assert found == {name for row in table for name in codes(row[0])}


def test_the_clip_store_is_as_described(pages: Pages, tmp_path: Path) -> None:
    text = section(pages["guides/data.md"], "## The format")
    table = {row[0].strip("`"): row[1] for row in rows(text)[1:]}
    with h5py.File(tiny_store(tmp_path / "a.h5", people=4, frames=8)) as file:
        (video, *_) = file["videos"].values()
        assert set(table) == set(video)
        for name, array in video.items():
            kind = "bool" if array.dtype == bool else str(array.dtype)
            assert table[name].startswith(f"{kind} (") and table[name].count(",") == max(array.ndim, 2) - 1
        assert {*file.attrs, *video.attrs} - {"size"} <= codes(text)
    with h5py.File(tiny_store(tmp_path / "b.h5", people=4, frames=8, encoding="jpeg")) as file:
        (video, *_) = file["videos"].values()
        assert set(video) - set(table) == {"jpeg", "offsets"} <= codes(text)


def test_the_table_of_coverage_is_the_measured_one(pages: Pages) -> None:
    measured = rows(str(bootstrap.__doc__))[1:]
    shown = rows(section(pages["concepts/evaluation.md"], "## How often it holds"))[1:]
    assert len(measured) == 6
    assert [[cell.strip("*") for cell in row] for row in shown] == measured
