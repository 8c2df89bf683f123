"""Every suite in recipes/ stands, explains itself to a reader, and covers the table of the paper it is named after."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import aukit
from aukit.hosting.host import load_host
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe, list_recipes, load_recipe
from aukit.suites.load import Options, Suite, load_suite

FOLDER = Path(__file__).parents[2] / "recipes"
FILES = sorted((FOLDER / "paper").glob("*.toml"))
SMALL = sorted((FOLDER / "small").glob("table*.toml"))
HEADER = ("Data needed:", "Command:", "One override:", "Expected:")
SOURCE = re.compile(r"# (paper \d|ours: \w)")
WORDS = {"recipe", "fold_of", "shows", "published", "hypothesis", "title"}
"""Keys that name or say something, and choose no value."""
TABLES = [f"table{number}" for number in range(1, 6)]
PUBLISHED = tomllib.loads((Path(aukit.__file__).parent / "compare" / "published.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The built-ins alone: what aukit ships needs no plugin."""
    return load_host(plugins=False)


def name(file: Path) -> str:
    return file.relative_to(FOLDER).with_suffix("").as_posix()


def resolved(suite: Suite, variant: str) -> Recipe:
    """The recipe of a variant at the suite's first fold and seed."""
    runs = {other: Path("runs") / other for other in suite.variants}
    return suite.recipe(variant, fold=suite.table.folds[0], seed=suite.table.seeds[0], runs=runs)


def sampler(recipe: Recipe) -> dict[str, Any]:
    """Which labels train."""
    found: dict[str, Any] = recipe.stages["finetune"].params["sampler"]
    return found


def test_there_is_one_for_each_table_and_for_the_figure_with_numbers() -> None:
    assert [name(file) for file in FILES] == ["paper/figure5", *(f"paper/{table}" for table in TABLES)]
    suites = [item.name for item in list_recipes() if item.kind == "suite"]
    assert suites == [name(file) for file in (*FILES, *SMALL)]


@pytest.mark.parametrize("file", [*FILES, *SMALL], ids=name)
@pytest.mark.parametrize("options", [Options(), Options(smoke=True, stand_in=True)], ids=["plain", "tried"])
def test_a_suite_stands(file: Path, options: Options, registry: Registry) -> None:
    suite = load_suite(file, registry=registry, options=options)
    assert suite.name == (file.stem if file in FILES else name(file).replace("/", "-"))
    assert suite.summary and len(suite.variants) >= 2
    assert all(variant.title for variant in suite.variants.values())


@pytest.mark.parametrize("file", [*FILES, *SMALL], ids=name)
def test_a_suite_begins_with_what_a_reader_needs(file: Path, registry: Registry) -> None:
    lines = file.read_text("utf-8").splitlines()
    header = lines[: next(number for number, line in enumerate(lines) if not line.startswith("#"))]
    places = [next(i for i, line in enumerate(header) if line.startswith(f"# {word}")) for word in HEADER]
    assert places == sorted(places)
    with_data, trial = ("--data-root DIR", "--stand-in --smoke") if file in FILES else ("--jobs 2", "--smoke")
    assert f"aukit run {name(file)} {with_data}" in header[places[1]]
    assert f"aukit run {name(file)} {trial}" in header[places[1] + 1]
    (override,) = re.findall(rf"aukit run {name(file)} --set (\S+)$", header[places[2]])
    plain = load_suite(file, registry=registry)
    changed = load_suite(file, registry=registry, options=Options(overrides=(override,)))
    assert any(resolved(plain, variant) != resolved(changed, variant) for variant in plain.variants)


@pytest.mark.parametrize("file", [*FILES, *SMALL], ids=name)
def test_every_constant_says_whose_it_is(file: Path) -> None:
    """Each line of [suite] and of the variants that chooses something names the paper or a reason of ours."""
    table, silent, chosen = "", [], 0
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if line.startswith("["):
            table = line.strip("[]")
        elif table and " = " in line and not line.startswith("#"):
            key = next(iter(tomllib.loads(line)))
            chosen += key not in WORDS
            if key not in WORDS and not SOURCE.search(line):
                silent.append(f"{file.name}:{number}: {line}")
    assert silent == []
    assert chosen >= 3


@pytest.mark.parametrize("file", [*FILES, *SMALL], ids=name)
def test_a_hypothesis_is_one_sentence_and_quotes_no_published_number(file: Path, registry: Registry) -> None:
    """It stands beside results on stand-ins, too."""
    text = load_suite(file, registry=registry).table.hypothesis
    assert re.fullmatch(r"[A-Z][^.]*\.", text)


@pytest.mark.parametrize("table", TABLES)
def test_a_suite_has_each_of_the_paper_s_own_rows(table: str, registry: Registry) -> None:
    suite = load_suite(FOLDER / "paper" / f"{table}.toml", registry=registry)
    assert suite.table.published == table
    if table == "table1":
        own = {row["data_set"] for row in PUBLISHED["accuracy"]}
    else:
        own = {
            row["method"]
            for row in PUBLISHED["numbers"]
            if row["table"] == table and "copy of" not in row["source"]
        }
    named = [variant.published for variant in suite.variants.values() if variant.published]
    assert sorted(named) == sorted(own)


@pytest.mark.parametrize(
    ("table", "labels", "people"),
    [("table2", 1162, (12, 6, 9)), ("table4", 1498, (21, 0, 20)), ("table5", 1162, (12, 6, 9))],
)
def test_variants_share_their_labels_and_their_people(
    table: str, labels: int, people: tuple[int, int, int], registry: Registry
) -> None:
    suite = load_suite(FOLDER / "paper" / f"{table}.toml", registry=registry)
    data = suite.table.fold_of
    for variant in suite.variants:
        recipe = resolved(suite, variant)
        assert sampler(recipe) == {"name": "random", "fraction": 0.02, "count": labels}
        parts = recipe.schemas[data].splits[str(recipe.data[data].split)][recipe.data[data].fold - 1]
        assert tuple(len(getattr(parts, part)) for part in ("train", "validation", "test")) == people
    assert suite.table.differs == ()
    assert suite.table.folds == ((1, 2, 3) if table == "table5" else (1,))


@pytest.mark.parametrize("table", TABLES)
def test_every_pre_training_is_the_paper_s_own(table: str, registry: Registry) -> None:
    """Negatives are those of one process, as section 3.3 counts them, in however many it runs."""
    suite = load_suite(FOLDER / "paper" / f"{table}.toml", registry=registry)
    paper = load_recipe("disfa_2pct", registry=registry).stages["pretrain"].params["objective"]
    found = [resolved(suite, variant).stages.get("pretrain") for variant in suite.variants]
    assert [one.params["objective"] for one in found if one] == [paper] * sum(map(bool, found))
    assert any(found)
    assert (paper["name"], paper["negatives"], paper["gather"]) == ("dpc-nce", ["all"], False)


def test_variants_of_table_2_differ_in_what_they_are_named_after(registry: Registry) -> None:
    suite = load_suite(FOLDER / "paper" / "table2.toml", registry=registry)
    found = {variant: resolved(suite, variant) for variant in suite.variants}
    assert {variant: list(recipe.stages) for variant, recipe in found.items()} == {
        "r18": ["finetune"],
        "scratch": ["finetune"],
        "disfa": ["pretrain", "finetune"],
        "affwild2": ["pretrain", "finetune"],
    }
    assert [found[variant].model.temporal.name for variant in found] == ["none", *["convgru"] * 3]
    assert [list(found[variant].stages["pretrain"].params["data"]) for variant in ("disfa", "affwild2")] == [
        ["disfa"],
        ["affwild2"],
    ]
    rates = {recipe.stages["finetune"].params["optimizer"]["lr"] for recipe in found.values()}
    assert rates == {1e-5}  # paper, section 4


def test_variants_of_table_3_learn_from_all_labels_but_for_the_teacher_and_its_pupil(
    registry: Registry,
) -> None:
    suite = load_suite(FOLDER / "paper" / "table3.toml", registry=registry)
    found = {variant: resolved(suite, variant) for variant in suite.variants}
    few = {"r18-2pct", "pseudo"}
    assert {variant: sampler(recipe).get("count") for variant, recipe in found.items()} == {
        variant: 1162 if variant in few else None for variant in found
    }
    assert {sampler(recipe)["fraction"] for variant, recipe in found.items() if variant not in few} == {1.0}
    assert suite.references("pseudo") == ("r18-2pct",)
    assert found["pseudo"].model.weights == str(Path("runs") / "r18-2pct")
    assert suite.table.differs == ("labels",)


def test_the_figure_draws_the_labels_of_the_tables_and_learns_next_to_nothing(registry: Registry) -> None:
    figure = load_suite(FOLDER / "paper" / "figure5.toml", registry=registry)
    for variant, table in (("disfa", "table5"), ("bp4d", "table4")):
        recipe = resolved(figure, variant)
        other = resolved(load_suite(FOLDER / "paper" / f"{table}.toml", registry=registry), "r18")
        assert sampler(recipe) == sampler(other)
        assert (recipe.seed, recipe.data[variant]) == (other.seed, other.data[variant])
        assert recipe.stages["finetune"].params["steps"] == 1


def test_small_tables_differ_as_the_papers_do(registry: Registry) -> None:
    """By labels, memory and pre-training alone, also where the student's recipe is written whole."""
    suite = load_suite(FOLDER / "small" / "table3.toml", registry=registry)
    found = {variant: resolved(suite, variant) for variant in suite.variants}
    assert {variant: list(recipe.stages) for variant, recipe in found.items()} == {
        "r18-2pct": ["finetune"],
        "r18": ["finetune"],
        "scratch": ["finetune"],
        "scratch-longer": ["finetune"],
        "pseudo": ["pseudo", "finetune"],
        "wild": ["pretrain", "finetune"],
    }
    student = dict(found["pseudo"].stages["finetune"].params, labels="")
    classmate = dict(found["scratch"].stages["finetune"].params)
    classmate["sampler"] = dict(classmate["sampler"], fraction=0.02)
    assert student == classmate
    base, pseudo = (load_recipe(f"small/{name}", registry=registry).tables() for name in ("base", "pseudo"))
    for key in ("seed", "data", "model", "evaluation", "compute"):
        assert base[key] == pseudo[key]
    assert base["stages"]["pretrain"] == pseudo["stages"]["pretrain"]
    # what the command line says reaches every variant
    faster = Options(overrides=["stages.finetune.optimizer.lr=1e-3"])
    suite = load_suite(FOLDER / "small" / "table3.toml", registry=registry, options=faster)
    rates = {resolved(suite, name).stages["finetune"].params["optimizer"]["lr"] for name in suite.variants}
    assert rates == {1e-3}
    two = load_suite(FOLDER / "small" / "table2.toml", registry=registry)
    assert resolved(two, "r18").stages == found["r18-2pct"].stages
