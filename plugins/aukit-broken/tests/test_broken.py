"""Everything here fails as it should, and what does not fail is still there."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import pytest

import aukit
from aukit.errors import ComponentError
from aukit.testing import run_cli

REASONS = {
    "broken-import": ["import failed: ModuleNotFoundError", "a_package_that_nobody_has", "dead.py:3"],
    "broken-exit": ["import failed: SystemExit: a plugin wants to leave", "exits.py:5"],
    "broken-missing": ["import failed: ModuleNotFoundError", "aukit_broken.nowhere"],
    "broken-hook": ["`aukit_components` raised RuntimeError: the hook fell over", "raises.py:11"],
    "broken-spelling": ["there is no hook `aukit_componets`", "did you mean `aukit_components`?"],
    "broken-mark": ["`aukit_components` is not marked with `@aukit.hookimpl`"],
    "broken-rubbish": [
        "`aukit_components` returned a dict, expected a list of Component",
        "`aukit_ablations` returned a list with a str in it, expected Ablation",
        "`aukit_schemas` returned nothing, expected a list of Schema",
        "`aukit_recipes` returned a folder that cannot be read",
    ],
    "broken-records": [
        "no kind of component `temporl`; did you mean `temporal`?",
        "`two words`: a name has letters",
        "`build` is 'aukit_broken.late.Late', expected an import path such as `package.module:Class`",
        "`params` is the class dict, expected a subclass of aukit.Params",
        "`temporal/broken-survivor` is brought twice by aukit-broken",
    ],
    "broken-api": ["`broken-future`: made for api 99, this aukit has api 1"],
    "broken-nothing": ["it has no hook"],
}


def tell(*arguments: str) -> list[dict[str, Any]]:
    """What a command says in JSON."""
    said = run_cli(*arguments, "--json")
    assert said.code == 0, said.stderr
    told: list[dict[str, Any]] = json.loads(said.stdout)
    return told


def test_each_way_to_fail_is_listed_with_its_reason() -> None:
    plugins = {status["name"]: status for status in tell("plugins")}
    assert {name for name, status in plugins.items() if status["status"] == "failed"} == set(REASONS)
    for name, parts in REASONS.items():
        assert (plugins[name]["distribution"], plugins[name]["version"]) == ("aukit-broken", "0.1.0")
        for part in parts:
            assert part in plugins[name]["reason"]
    assert plugins["broken-class"]["status"] == "active"
    assert "temporal/broken-survivor" in plugins["broken-records"]["components"]
    declared = {
        entry.name for entry in metadata.entry_points(group="aukit") if entry.name.startswith("broken-")
    }
    assert declared == {*REASONS, "broken-class"}


def test_nothing_else_breaks() -> None:
    alone, together = tell("list-components", "--no-plugins"), tell("list-components")
    assert [item for item in together if item["provider"] == "aukit"] == alone
    assert "broken-survivor" in [item["name"] for item in together if item["provider"] == "aukit-broken"]


def test_a_class_that_cannot_be_imported_is_named_with_its_plugin() -> None:
    with pytest.raises(
        ComponentError, match=r"`broken-late` of aukit-broken 0\.1\.0: its module has no `Late`"
    ):
        aukit.build("temporal", "broken-late", {"channels": 4})
    with pytest.raises(ComponentError, match=r"`broken-later` of aukit-broken 0\.1\.0 cannot be imported"):
        aukit.build("temporal", "broken-later", {"channels": 4})
