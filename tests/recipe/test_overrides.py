"""`--set` and `--ablate`: what they change, what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aukit.hosting.registry import Registry
from aukit.recipe import Recipe, load_recipe
from aukit.recipe.overrides import parse_value

Load = Callable[..., Recipe]
Refusal = Callable[..., Sequence[tuple[str, str]]]

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)
VALUES = st.recursive(
    st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.booleans() | TEXT,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_a_toml_value_reads_back(value: Any) -> None:
    assert parse_value(tomli_w.dumps({"v": value}).removeprefix("v = ")) == value


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_/.-]*", fullmatch=True).filter(lambda text: text not in WORDS))
def test_a_bare_word_is_text(word: str) -> None:
    assert parse_value(word) == word


WORDS = {"true", "false", "nan", "inf"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{ name = 'gru', hidden = 3 }", {"name": "gru", "hidden": 3}),
        ("1e-4", 1e-4),
        ("[1, 2", "[1, 2"),
        ("2026-01-02", "2026-01-02"),
        ("1\nother = 2", "1\nother = 2"),
        ("", ""),
    ],
)
def test_what_a_value_is(text: str, value: Any) -> None:
    assert parse_value(text) == value


def test_set_changes_one_value_and_says_so(load: Load) -> None:
    plain, changed = load(), load(overrides=["stages.tune.optimizer.lr=0.5", "seed = 7"])
    assert (plain.seed, changed.seed) == (0, 7)
    expected = plain.tables()
    expected["seed"] = 7
    expected["stages"]["tune"]["optimizer"]["lr"] = 0.5
    assert changed.tables() == expected
    assert changed.where("stages.tune.optimizer.lr") == "--set"
    assert changed.where("stages.tune.steps") == "good.toml:18"


# The fixtures are read only, so one of each serves all examples.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 0.999), st.integers(1, 10**9), TEXT)
@example(0.0, 1, 'say "hi" # no comment')
def test_any_value_that_is_set_is_what_the_recipe_has_and_dumps(
    good: Path, registry: Registry, dropout: float, hidden: int, label: str
) -> None:
    values = {"dropout": dropout, "hidden": hidden, "label": label}
    overrides = [f"model.temporal.{key}={tomli_w.dumps({'v': value})[4:]}" for key, value in values.items()]
    recipe = load_recipe(good, overrides=overrides, registry=registry)
    assert recipe.model.temporal.params.items() >= values.items()
    (good.parent / "dump.toml").write_text(recipe.dump())
    assert load_recipe(good.parent / "dump.toml", registry=registry) == recipe


def test_the_last_override_wins(load: Load) -> None:
    assert load(overrides=["seed=1", "seed=2"]).seed == 2


def test_a_new_name_clears_the_old_parameters(load: Load) -> None:
    recipe = load(overrides=["model.temporal.name=none"])
    assert recipe.tables()["model"]["temporal"] == {"name": "none"}


def test_the_same_name_clears_nothing(load: Load) -> None:
    assert load(overrides=["model.temporal.name=convgru"]) == load()


def test_a_new_stage_keeps_its_data(load: Load) -> None:
    recipe = load(overrides=["stages.pre.name=labelled", "stages.pre.steps=3"])
    assert recipe.tables()["stages"]["pre"]["data"] == ["faces"]


def test_parameters_after_a_new_name_are_those_of_the_new_one(load: Load) -> None:
    recipe = load(
        overrides=[
            "stages.pre.augmentation.name=still",
            "stages.pre.augmentation.name=shake",
            "stages.pre.augmentation.strength=2.0",
        ]
    )
    assert recipe.tables()["stages"]["pre"]["augmentation"] == {"name": "shake", "strength": 2.0}


def test_a_path_takes_the_place_of_a_dataset_and_back(load: Load) -> None:
    recipe = load(overrides=["data.faces.fold=2", "data.faces.frames=7", "data.faces.path=x.h5"])
    assert recipe.tables()["data"]["faces"] == {"path": "x.h5", "schema": "", "split": "default", "fold": 2}
    recipe = load(overrides=["data.faces.path=x.h5", "data.faces.name=synthetic"])
    assert recipe == load()


def test_a_table_that_is_set_is_set_whole(load: Load) -> None:
    recipe = load(overrides=['model.temporal={name = "convgru", dropout = 0.5}'])
    assert recipe.model.temporal.params["hidden"] == 8  # the default, not the file's 16
    assert recipe.model.temporal.params["dropout"] == 0.5


def test_a_slot_without_a_name_changes_the_default_call(load: Load) -> None:
    assert load().tables()["stages"]["pre"]["augmentation"] == {"name": "shake", "strength": 0.5}
    recipe = load(overrides=["stages.tune.sampler.count=3"])
    assert recipe.tables()["stages"]["tune"]["sampler"] == {"name": "random", "fraction": 0.02, "count": 3}


def test_elements_of_arrays_go_by_number(load: Load) -> None:
    text = '[[trackers]]\nname = "lines"\n[[trackers]]\nname = "lines"\n'
    text += '[data.faces]\nname = "synthetic"\n[stages.a]\nname = "train"\ndata = "faces"\nsteps = 1\n'
    recipe = load(text, overrides=["trackers.1.file=b.jsonl"])
    assert [tracker.params["file"] for tracker in recipe.trackers] == ["events.jsonl", "b.jsonl"]
    assert recipe.where("trackers.1.file") == "--set"
    assert recipe.where("trackers.0.file") == "good.toml:1"


KEYS = "`name`, `summary`, `seed`, `data`, `model`, `stages`, `evaluation`, `compute`, `trackers`"


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        (
            "seed",
            "--set: expected PATH=VALUE, got `seed`",
            "such as stages.pretrain.optimizer.lr=1e-4",
        ),
        ("a..b=1", "--set: `a..b` is no dotted path", "such as stages.pretrain.optimizer.lr"),
        ("sed=1", "--set: sed: unknown key of a recipe", f"did you mean `seed`? a recipe accepts {KEYS}"),
        ("extends=x", "--set: extends: unknown key of a recipe", f"a recipe accepts {KEYS}"),
        (
            "stages.tnue.steps=1",
            "--set: stages.tnue.steps: this recipe has no stage `tnue`",
            "did you mean `tune`?",
        ),
        (
            "data.disfa.fold=1",
            "--set: data.disfa.fold: this recipe has no data table `disfa`",
            "choose from `faces`",
        ),
        (
            "trackers.0.file=x",
            "--set: trackers.0.file: this recipe has no tracker `0`",
            "there are none",
        ),
        (
            "stages.tune.step=1",
            "--set: stages.tune.step: unknown parameter of `labelled`",
            "did you mean `steps`? `labelled` accepts `name`, `data`, `steps`, `augmentation`, `optimizer`, "
            "`sampler`",
        ),
        (
            "stages.tune.optimizer.rl=1",
            "--set: stages.tune.optimizer.rl: unknown parameter of `optimizer`",
            "did you mean `lr`? `optimizer` accepts `name`, `lr`",
        ),
        (
            "stages.tune.sampler.cuont=1",
            "--set: stages.tune.sampler.cuont: unknown parameter of `random`",
            "did you mean `count`? `random` accepts `name`, `fraction`, `count`",
        ),
        (
            "data.faces.frame=1",
            "--set: data.faces.frame: unknown parameter of `synthetic`",
            "did you mean `frames` or `name`? `synthetic` accepts `name`, `aus`, `subjects`, `frames`, `fps`, `size`, "
            "`seed`, `origin`, `data_set`, `schema`, `split`, `fold`, `max_videos`, `path`",
        ),
        (
            "data.faces.split.tset=1",
            "--set: data.faces.split.tset: unknown parameter of `split`",
            "did you mean `test`? `split` accepts `train`, `validation`, `test`, `blocks`, `gap`",
        ),
        (
            "evaluation.windw=1",
            "--set: evaluation.windw: unknown key of [evaluation]",
            "did you mean `window`? [evaluation] accepts `data`, `split`, `predictor`, `window`, `clip`, "
            "`resamples`, `confidence`, `allow_overlap`",
        ),
        (
            "stages.tune.steps.x=1",
            "--set: stages.tune.steps.x: `stages.tune.steps` holds a value (40), not a table",
            "set `stages.tune.steps` itself",
        ),
        (
            "compute.device.x=1",
            "--set: compute.device.x: `compute.device` holds a value, not a table",
            "set `compute.device` itself",
        ),
        (
            "stages.tune.steps=many",
            '--set: stages.tune.steps: expected a whole number, got "many"',
            "`steps`: optimiser steps",
        ),
        (
            "model.temporal.name=grru",
            "--set: model.temporal.name: there is no temporal `grru`",
            "did you mean `convgru`?",
        ),
    ],
)
def test_what_set_refuses(override: str, message: str, hint: str, refusal: Refusal) -> None:
    assert refusal(overrides=[override]) == [(message, hint)]


def test_an_unknown_component_hides_nothing_and_adds_nothing(refusal: Refusal) -> None:
    problems = refusal(overrides=["model.temporal.name=grru", "model.temporal.gates=3", "seed=-1"])
    assert [message for message, _ in problems] == [
        "--set: seed: expected at least 0, got -1",
        "--set: model.temporal.name: there is no temporal `grru`",
    ]


def test_an_ablation_sets_and_removes(load: Load) -> None:
    recipe = load(ablations=["no-memory"])
    assert list(recipe.stages) == ["tune"]
    assert recipe.model.temporal.name == "none"
    assert recipe.stages["tune"].params["optimizer"]["lr"] == 0.5
    assert recipe.where("model.temporal.name") == "--ablate no-memory"


def test_set_wins_over_an_ablation(load: Load) -> None:
    recipe = load(ablations=["no-memory"], overrides=["model.temporal.name=convgru"])
    assert recipe.model.temporal.name == "convgru"


def test_an_unknown_ablation(refusal: Refusal) -> None:
    assert refusal(ablations=["no-memroy"]) == [
        ("--ablate: there is no ablation `no-memroy`", "did you mean `no-memory`?")
    ]


def test_an_ablation_that_does_not_fit(refusal: Refusal) -> None:
    assert refusal(ablations=["strange"]) == [
        ("--ablate strange: stages.other: this recipe has nothing there to remove", "fits nothing here"),
        (
            "--ablate strange: model.temporal.gates: unknown parameter of `convgru`",
            "`convgru` accepts `name`, `hidden`, `dropout`, `mode`, `kernel`, `label`, `bias`",
        ),
    ]
