"""Whatever stands in a recipe, loading it gives a recipe whose dump reloads equal, or problems: nothing else."""

from __future__ import annotations

import datetime
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aukit.errors import RecipeError
from aukit.hosting.registry import Registry
from aukit.recipe import load_recipe

FULL = """\
seed = 1
extends = "good.toml"
[data.faces]
split = { test = 0.5 }
[data.disfa]
path = ["x.h5"]
schema = "disfa"
split = "half"
[model]
aus = ["AU04"]
backbone = { name = "resnet18-256" }
[stages.tune]
optimizer = { name = "Adam", lr = 0.1 }
sampler = { name = "random" }
[evaluation]
data = "faces"
window = 3
[compute]
device = "cpu"
[[trackers]]
name = "lines"
"""

ODD = st.one_of(
    st.sampled_from(["", "faces", "synthetic", "train", "none", "x y", "\u0000\u007f", "0", "../x", "é.ü"]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.just(datetime.date(2026, 1, 2)),
    st.just(datetime.time(1, 2)),
)
KEYS = st.sampled_from(["name", "data", "path", "x", "0", "split", "extends", "lr", "a.b", "schema"])
VALUES = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=4
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


PLACES = places(tomllib.loads(FULL))[1:]


def check(path: Path, registry: Registry, **options: Any) -> None:
    try:
        recipe = load_recipe(path, registry=registry, **options)
    except RecipeError as error:
        assert error.problems
        assert all(problem.message and problem.where for problem in error.problems)
        return
    dump = recipe.dump()
    (path.parent / "dump.toml").write_text(dump, encoding="utf-8")
    again = load_recipe(path.parent / "dump.toml", registry=registry)
    assert again.dump() == dump
    assert again == recipe or any(math.isnan(value) for value in floats(recipe.tables()))


def floats(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for child in inner for number in floats(child)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(st.sampled_from(PLACES), VALUES, st.booleans(), st.booleans())
def test_any_value_in_any_place(
    good: Path, registry: Registry, place: tuple[Any, ...], value: Any, stand_in: bool, smoke: bool
) -> None:
    tables: Any = tomllib.loads(FULL)
    table = tables
    for part in place[:-1]:
        table = table[part]
    table[place[-1]] = value
    file = good.with_name("odd.toml")
    file.write_text(tomli_w.dumps(tables), encoding="utf-8")
    check(file, registry, stand_in=stand_in, smoke=smoke)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.none() | KEYS, VALUES), min_size=1, max_size=3))
def test_any_override(
    good: Path, registry: Registry, changes: list[tuple[tuple[Any, ...], str | None, Any]]
) -> None:
    file = good.with_name("full.toml")
    file.write_text(FULL)
    overrides = []
    for place, key, value in changes:
        path = ".".join(map(str, [*place, *([key] if key else [])]))
        text = tomli_w.dumps({"v": [value]}).removeprefix("v = ").strip()
        overrides.append(f"{path}={text.removeprefix('[').removesuffix(']').strip().removesuffix(',')}")
    check(file, registry, overrides=overrides)


def test_what_is_fuzzed_stands(good: Path, registry: Registry) -> None:
    file = good.with_name("full.toml")
    file.write_text(FULL)
    assert len(load_recipe(file, registry=registry).stages) == 2


@pytest.mark.parametrize(
    "text", ["", " ", "=", "a", "a=", ".=1", "'=1", '"seed"=1', "seed.=1", "seed==1", "\n=1", "stages=1"]
)
def test_odd_overrides(good: Path, registry: Registry, text: str) -> None:
    check(good, registry, overrides=[text])
