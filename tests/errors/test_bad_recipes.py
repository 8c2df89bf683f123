"""A recipe that does not stand: all its problems at once, each with its place and the nearest right name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Refused = Callable[..., str]
Write = Callable[..., Path]


def errors(said: str) -> int:
    return sum(line.startswith("error: ") for line in said.splitlines())


def test_the_tiny_recipe_stands(recipe: Write, run_cli: Callable[..., object]) -> None:
    done = run_cli("validate", recipe())
    assert (done.code, done.stderr) == (0, "")


def test_syntax_error(recipe: Write, refused: Refused) -> None:
    said = refused("validate", recipe('name = "tiny"', 'name = "tiny'))
    assert "tiny.toml:1" in said


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("seed = 0", "sed = 0", "sed", ["`seed`"]),
        ("batch = 4", "batches = 4", "stages.finetune.batches", ["`batch`"]),
        ('name = "convgru"', 'name = "convgr"', "model.temporal", ["convgr", "`convgru`"]),
        (
            'name = "regression"',
            'name = "regresion"',
            "stages.finetune",
            ["regresion", "`regression`"],
        ),
        ("width = 8", "widht = 8", "model.backbone.widht", ["`width`"]),
        ('"AU04", ', '"AU4", ', "model.aus", ["AU4"]),
        ("steps = 2", 'steps = "2"', "stages.pretrain.steps", []),
        ("steps = 2", "steps = -2", "stages.pretrain.steps", []),
        ("fraction = 0.5", "fraction = 1.5", "stages.finetune.sampler.fraction", []),
        ("batch = 4", "batch = 1", "stages.finetune.batch", ["at least 2"]),
        ("resamples = 20", 'predictor = "window"', "evaluation.predictor", ["windowed"]),
        ('device = "cpu"', 'device = "gpu"', "compute.device", []),
    ],
)
def test_one_mistake(
    recipe: Write, refused: Refused, old: str, new: str, place: str, words: list[str]
) -> None:
    path = recipe(old, new)
    text = path.read_text("utf-8")
    line = text[: text.index(new)].count("\n") + 1
    said = refused("validate", path)
    assert f"tiny.toml:{line}: {place}" in said
    assert all(word in said for word in words), said
    assert errors(said) == 1, said


def test_all_mistakes_come_at_once(recipe: Write, refused: Refused) -> None:
    path = recipe("width = 8", "widht = 8", "batch = 4", "batch = 0", "seed = 0", "sed = 0", "cpu", "gpu")
    said = refused("validate", path)
    assert errors(said) == 4
    assert said.count("\n  hint: ") >= 2


def test_unknown_ablation(recipe: Write, refused: Refused) -> None:
    assert "`no-pretraining`" in refused("validate", recipe(), "--ablate", "no-pretrainig")


@pytest.mark.parametrize(
    "change", ["stages.finetune.stesp=3", "stages.fintune.steps=3", "model.temporal.hiden=3"]
)
def test_an_override_must_hit_a_path_that_exists(recipe: Write, refused: Refused, change: str) -> None:
    said = refused("validate", recipe(), "--set", change)
    assert "--set" in said
    assert "did you mean" in said


def test_an_override_is_type_checked(recipe: Write, refused: Refused) -> None:
    said = refused("validate", recipe(), "--set", "stages.finetune.steps=many")
    assert "--set" in said
    assert "stages.finetune.steps" in said


def test_a_recipe_that_is_not_there_names_the_nearest_shipped_one(refused: Refused) -> None:
    assert "`quickstart`" in refused("validate", "quickstrat")
    assert "nowhere.toml" in refused("run", "nowhere.toml")


def test_problems_as_json(recipe: Write, run_cli: Callable[..., object]) -> None:
    done = run_cli("validate", recipe("seed = 0", "sed = 0"), "--json")
    assert done.code == 2
    (verdict,) = json.loads(done.stdout)
    assert verdict["valid"] is False
    assert verdict["problems"][0]["path"] == "sed"


def test_run_refuses_before_anything_is_made(recipe: Write, refused: Refused, tmp_path: Path) -> None:
    refused("run", recipe("batch = 4", "batch = 1"), "--out", "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.toml"]


def test_an_unknown_option_or_command(run_cli: Callable[..., object]) -> None:
    for arguments, hint in ((("run", "quickstart", "--abalte", "x"), "--ablate"), (("validat",), "validate")):
        done = run_cli(*arguments)
        assert done.code == 2
        assert hint in done.stderr
        assert "Traceback" not in done.stderr
