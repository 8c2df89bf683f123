"""Look-ups, and what an unknown or doubtful name is told."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

import aukit
from aukit.contracts.component import KINDS
from aukit.contracts.schema import Schema
from aukit.errors import ComponentError
from aukit.hosting.host import Host, load_host
from aukit.hosting.location import locate
from aukit.hosting.registry import Provided, Registry, known_plugins, normalise
from aukit.testing import empty_host


def component(name: str, kind: str = "loss", **fields: Any) -> aukit.Component:
    return aukit.Component(**{"kind": kind, "name": name, "build": "a.b:C", "summary": "a record", **fields})


def merge(*registries: Registry) -> Registry:
    return Registry(
        provided_components=tuple(item for one in registries for item in one.provided_components),
        provided_ablations=tuple(item for one in registries for item in one.provided_ablations),
        statuses=tuple(item for one in registries for item in one.statuses),
    )


def failure(registry: Registry, kind: str, name: str) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        registry.find(kind, name)
    assert caught.value.exit_code == 2
    return caught.value


def test_a_name_is_found_under_its_kind():
    registry = empty_host(component("mine"), component("mine", "head"))
    assert registry.find("head", "mine").record.kind == "head"
    assert registry.find("loss", "test/mine").record.kind == "loss"


def test_an_unknown_name_is_told_the_nearest():
    error = failure(empty_host(component("huber"), component("l2")), "loss", "hubert")
    assert (error.message, error.hint) == ("there is no loss `hubert`", "did you mean `huber`?")


def test_an_unknown_name_with_nothing_near_is_told_all_of_its_kind():
    error = failure(empty_host(component("huber"), component("l2"), component("x", "head")), "loss", "zzz")
    assert error.hint == "choose from `huber`, `l2`"


def test_an_unknown_kind_is_told_the_nearest():
    error = failure(empty_host(), "temporl", "x")
    assert error.message == "there is no kind of component `temporl`"
    assert error.hint.startswith("did you mean `temporal`")


def test_two_providers_of_one_name_are_both_named_and_either_can_be_picked():
    one = empty_host(component("mine"), provider="Lab-One", version="1.0")
    registry = merge(one, empty_host(component("mine"), provider="lab-two", version="2.1"))
    error = failure(registry, "loss", "mine")
    assert error.message == "two plugins bring the loss `mine`: Lab-One 1.0 and lab-two 2.1"
    assert error.hint == "say which: `Lab-One/mine` or `lab-two/mine`"
    assert registry.find("loss", "lab-two/mine").source == "lab-two 2.1"
    assert registry.find("loss", "lab_one/mine").source == "Lab-One 1.0"


def test_a_plugin_cannot_replace_a_built_in_silently():
    mine = empty_host(component("l2"), provider="mine")
    registry = merge(load_host(plugins=False), mine)
    assert "aukit" in failure(registry, "loss", "l2").message
    assert registry.find("loss", "aukit/l2").provider == "aukit"


def test_a_wrong_provider_is_told_the_right_one():
    error = failure(empty_host(component("mine"), provider="lab"), "loss", "aukit/mine")
    assert error.message == "there is no loss `aukit/mine`"
    assert error.hint == "it comes from `lab`"


def test_a_known_plugin_that_is_not_installed_is_named_with_its_pip_line():
    error = failure(empty_host(), "temporal", "min-gru")
    assert "`aukit-example-temporal` brings it and is not installed" in error.hint
    assert "pip install ./plugins/aukit-example-temporal" in error.hint
    assert "not installed" not in failure(empty_host(), "loss", "min-gru").hint


def host_with(name: str, distribution: str, reason: str) -> Registry:
    host = Host()
    host.add("works", lambda: _raise(reason), distribution=distribution, version="1")
    return host.registry()


def _raise(reason: str) -> object:
    raise RuntimeError(reason)


def test_a_name_that_a_failed_plugin_may_have_brought_says_so():
    registry = host_with("lab", "lab", "no such luck")
    hint = failure(registry, "temporal", "its-gru").hint
    assert (
        "the plugin `works` (lab 1) failed and may bring it: import failed: RuntimeError: no such luck"
        in hint
    )
    assert "lab" in failure(registry, "temporal", "lab/its-gru").hint
    assert "lab" not in failure(registry, "temporal", "other/its-gru").hint


def test_a_known_plugin_that_failed_is_not_called_missing():
    hint = failure(host_with("x", "aukit-example-temporal", "oh"), "temporal", "min-gru").hint
    assert "not installed" not in hint
    assert "failed and may bring it" in hint


def test_the_catalogue_of_known_plugins_is_true():
    root = Path(__file__).parents[2]
    for plugin in known_plugins():
        assert plugin.install.startswith("pip install ")
        folder = root / plugin.install.removeprefix("pip install ")
        assert f'name = "{plugin.distribution}"' in (folder / "pyproject.toml").read_text()
        source = "".join(path.read_text() for path in folder.glob("*/__init__.py"))
        for address in plugin.components:
            kind, _, name = address.partition("/")
            assert kind in KINDS
            assert f'name="{name}"' in source


def test_ablations_and_schemas_are_looked_up_likewise():
    schema = Schema(name="lab", summary="ours", aus=("AU12",), fps=25.0, subjects=())
    registry = empty_host(aukit.Ablation(name="no-memory", summary="frame by frame"), schema)
    assert registry.ablation("no-memory").record.summary == "frame by frame"
    assert registry.schema("test/lab").record == schema
    assert [item.name for item in registry.ablations()] == ["no-memory"]
    assert [item.name for item in registry.schemas()] == ["lab"]
    with pytest.raises(ComponentError, match="there is no ablation `no-memry`") as caught:
        registry.ablation("no-memry")
    assert caught.value.hint == "did you mean `no-memory`?"
    with pytest.raises(ComponentError, match="there is no data set `labs`"):
        registry.schema("labs")


def test_components_are_in_the_order_of_kinds_and_names():
    registry = empty_host(component("b"), component("a"), component("z", "backbone"))
    assert [(item.record.kind, item.name) for item in registry.components()] == [
        ("backbone", "z"),
        ("loss", "a"),
        ("loss", "b"),
    ]
    assert [item.name for item in registry.components("loss")] == ["a", "b"]


def test_a_registry_cannot_be_changed():
    registry = empty_host(component("mine"))
    with pytest.raises(FrozenInstanceError):
        registry.statuses = ()  # type: ignore[misc]
    registry.components().clear()
    assert registry.components()


@pytest.mark.parametrize(("one", "other"), [("Aukit_Broken", "aukit-broken"), ("a.b__c", "A-B-C")])
def test_distributions_are_compared_as_pip_does(one, other):
    assert normalise(one) == normalise(other)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that must not be imported, and a module below it."""
    folder = tmp_path / "untouchable" / "inner"
    folder.mkdir(parents=True)
    for init in (folder.parent, folder):
        (init / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (folder / "leaf.py").write_text("import torch_is_not_here\n\n\n@decorated\nclass Leaf:\n    pass\n")
    (folder / "door.py").write_text("from .leaf import Leaf as Other\nfrom untouchable.inner import leaf\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_a_class_is_located_without_importing_anything(package):
    assert locate("untouchable.inner.leaf:Leaf") == f"{package / 'leaf.py'}:5"
    provided = Provided(record=component("x", build="untouchable.inner.leaf:Leaf"), provider="lab")
    assert provided.location == f"{package / 'leaf.py'}:5"


def test_a_class_that_is_only_imported_is_followed_home(package):
    assert locate("untouchable.inner.door:Other") == f"{package / 'leaf.py'}:5"


def test_what_is_not_there_is_located_as_far_as_it_goes(package):
    assert locate("untouchable.inner.leaf:Nowhere") == str(package / "leaf.py")
    assert locate("untouchable.inner.nowhere:Leaf") == ""
    assert locate("no_such_package.module:Leaf") == ""
    assert locate("sys:Leaf") == ""


def test_every_built_in_is_located_where_its_class_says():
    import importlib
    import inspect

    for item in load_host(plugins=False).components():
        module, _, name = item.record.build.partition(":")
        cls = getattr(importlib.import_module(module), name)
        file, _, line = item.location.rpartition(":")
        assert file == inspect.getsourcefile(cls)
        assert f"class {name}" in Path(file).read_text().splitlines()[int(line) - 1]
