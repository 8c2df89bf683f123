"""Shipped recipes: found by name, those of plugins too, listed and copied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aukit.errors import StorageError, UsageError
from aukit.hosting.registry import Provided, Registry
from aukit.recipe import copy_recipe, find_recipe, list_recipes, load_recipe


@pytest.fixture
def plugged(registry: Registry, tmp_path: Path) -> Registry:
    """A registry with two plugins that ship recipes, one of them called like one of aukit's."""
    recipes = []
    for provider, name in (("aukit-one", "extra"), ("aukit-two", "quickstart")):
        file = tmp_path / provider / f"{name}.toml"
        file.parent.mkdir()
        file.write_text(f'summary = "from {provider}"\nextends = "disfa_2pct"\n')
        recipes.append(Provided(record=file, provider=provider, version="2.0"))
    return replace(registry, provided_recipes=tuple(recipes))


def test_own_recipes_are_found_in_a_checkout() -> None:
    file = find_recipe("quickstart")
    assert file.name == "quickstart.toml"
    assert file.is_file()


def test_the_wheel_s_copy_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "aukit"
    (package / "_recipes").mkdir(parents=True)
    (package / "_recipes" / "inside.toml").write_text('summary = "packed"')
    monkeypatch.setattr("aukit.__file__", str(package / "__init__.py"))
    assert [(item.name, item.summary, item.provider) for item in list_recipes()] == [
        ("inside", "packed", list_recipes()[0].provider)
    ]
    assert find_recipe("inside") == package / "_recipes" / "inside.toml"


def test_plugins_ship_recipes(plugged: Registry) -> None:
    found = {(item.name, item.provider): item.summary for item in list_recipes(plugged)}
    assert found["extra", "aukit-one 2.0"] == "from aukit-one"
    assert find_recipe("extra", plugged).parent.name == "aukit-one"
    assert find_recipe("aukit_one/extra", plugged).parent.name == "aukit-one"
    assert find_recipe("aukit-two/quickstart", plugged).parent.name == "aukit-two"


def test_two_recipes_of_one_name(plugged: Registry) -> None:
    with pytest.raises(
        UsageError, match=r"two plugins ship the recipe `quickstart`: aukit .* and aukit-two 2\.0"
    ) as error:
        find_recipe("quickstart", plugged)
    assert error.value.hint == "say which: `aukit/quickstart` or `aukit-two/quickstart`"


def test_a_shipped_recipe_loads_by_name_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_recipe("quickstart").name == "quickstart"
    (tmp_path / "mine.toml").write_text('extends = "quickstart"\nseed = 3\n')
    recipe = load_recipe("mine.toml")
    assert (recipe.name, recipe.seed) == ("mine", 3)
    assert recipe.stages == load_recipe("quickstart").stages


def test_copy_keeps_the_text_and_overwrites_nothing(tmp_path: Path) -> None:
    source = find_recipe("disfa_full").read_text("utf-8")
    assert copy_recipe("disfa_full", tmp_path / "mine.toml").read_text("utf-8") == source
    assert copy_recipe("disfa_full", tmp_path) == tmp_path / "disfa_full.toml"
    with pytest.raises(UsageError, match=r"disfa_full.toml: the file exists already"):
        copy_recipe("disfa_full", tmp_path)
    with pytest.raises(StorageError, match="cannot write: No such file or directory"):
        copy_recipe("disfa_full", tmp_path / "nowhere" / "x.toml")
    with pytest.raises(UsageError, match="there is no recipe `disfa_ful`"):
        copy_recipe("disfa_ful", tmp_path)


def test_a_recipe_that_is_no_toml_is_listed_without_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.toml").write_text("summary = ")
    (tmp_path / "odd.toml").write_text("summary = 3")
    monkeypatch.setattr("aukit.recipe.shipped.folder", lambda: tmp_path)
    assert [(item.name, item.summary) for item in list_recipes()] == [("broken", ""), ("odd", "")]


@pytest.fixture
def foldered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shipped recipes of which one lies in a folder and is a suite."""
    home = tmp_path / "shipped"
    (home / "paper").mkdir(parents=True)
    (home / "quick.toml").write_text('summary = "a run"')
    (home / "paper" / "table2.toml").write_text(
        'summary = "a table"\n[suite]\nrecipe = "quick"\n[variants.a]\n'
    )
    monkeypatch.setattr("aukit.recipe.shipped.folder", lambda: home)
    return home


def test_recipes_in_folders_are_named_with_their_folder(foldered: Path, tmp_path: Path) -> None:
    assert [(item.name, item.kind, item.summary) for item in list_recipes()] == [
        ("paper/table2", "suite", "a table"),
        ("quick", "run", "a run"),
    ]
    assert find_recipe("paper/table2") == foldered / "paper" / "table2.toml"
    assert find_recipe("aukit/paper/table2") == foldered / "paper" / "table2.toml"
    assert copy_recipe("paper/table2", tmp_path) == tmp_path / "table2.toml"


def test_own_names_come_before_those_of_a_provider(
    foldered: Path, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "table2.toml").touch()
    (tmp_path / "table3.toml").touch()
    brought = tuple(
        Provided(record=tmp_path / f"{name}.toml", provider="paper", version="1")
        for name in ("table2", "table3")
    )
    plugged = replace(registry, provided_recipes=brought)
    assert find_recipe("paper/table2", plugged) == foldered / "paper" / "table2.toml"
    assert find_recipe("paper/table3", plugged) == tmp_path / "table3.toml"


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("table2", "there is no recipe `table2`", "did you mean `paper/table2`?"),
        ("paper/tabel2", "there is no recipe `paper/tabel2`", "did you mean `paper/table2`?"),
        (
            "recipes/paper/table2.toml",
            "there is no recipe file `recipes/paper/table2.toml`",
            "the shipped recipe of that name runs from anywhere: `paper/table2`",
        ),
        ("mine/xyz", "there is no recipe file `mine/xyz`", "`aukit recipes list` shows the shipped ones"),
    ],
)
def test_a_name_in_a_folder_that_is_not_there(foldered: Path, name: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        find_recipe(name)
    assert (error.value.message, error.value.hint) == (message, hint)
