"""What a plugin may return, and that nothing it does reaches another plugin."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aukit
from aukit.contracts.schema import Schema, Split
from aukit.hosting.host import Host, load_host
from aukit.hosting.records import RECORDS
from aukit.hosting.registry import PluginStatus, Registry

KEPT = aukit.Ablation(name="kept", summary="from a plugin that works")


def component(**changes: Any) -> aukit.Component:
    fields = {"kind": "loss", "name": "mine", "build": "a.b:C", "summary": "a record", **changes}
    return aukit.Component(**fields)


def plugin(**hooks: Any) -> SimpleNamespace:
    """A plugin whose hooks return, or with an exception raise, what is given."""

    def implementation(value: Any) -> Any:
        def hook() -> Any:
            if isinstance(value, BaseException):
                raise value
            return value

        return aukit.hookimpl(hook)

    return SimpleNamespace(**{name: implementation(value) for name, value in hooks.items()})


def visit(**hooks: Any) -> tuple[PluginStatus, Registry]:
    """The plugin's status, in a host where another plugin works before and after it."""
    host = Host()
    host.add("before", lambda: plugin(aukit_ablations=[KEPT]), distribution="before")
    host.add("tried", lambda: plugin(**hooks), distribution="tried", version="3")
    host.add("after", lambda: plugin(aukit_components=[component(name="after")]), distribution="after")
    registry = host.registry()
    assert registry.ablation("kept").provider == "before"
    assert registry.find("loss", "after").provider == "after"
    return registry.plugins()[1], registry


def test_every_built_in_comes_through_the_hook_and_is_stamped():
    registry = load_host(plugins=False)
    hooks = importlib.import_module("aukit.builtin.hooks")
    brought = registry.components()
    assert {id(item.record) for item in brought} == {id(item.record) for item in registry.provided_components}
    assert {(c.kind, c.name) for c in hooks.aukit_components()} == {(i.record.kind, i.name) for i in brought}
    assert {item.source for item in brought} == {f"aukit {aukit.__version__}"}
    assert registry.plugins()[0].status == "active"


def test_the_hooks_are_those_that_are_specified():
    from aukit.hosting import hookspecs

    specified = {name for name in vars(hookspecs) if name.startswith("aukit_")}
    assert specified == set(RECORDS)
    for name in specified:
        assert "Example:" in getattr(hookspecs, name).__doc__


def test_a_plugin_that_works_is_active():
    status, registry = visit(aukit_components=[component()], aukit_ablations=[])
    assert (status.status, status.reason) == ("active", "")
    assert status.components == ("loss/mine",)
    assert set(status.hooks) == {"aukit_components", "aukit_ablations"}
    assert registry.find("loss", "mine").source == "tried 3"


def test_one_hook_that_raises_leaves_the_other_hooks_alone():
    status, registry = visit(aukit_components=RuntimeError("oh"), aukit_ablations=[KEPT_TOO])
    assert status.status == "failed"
    assert status.reason.startswith("`aukit_components` raised RuntimeError: oh (")
    assert __file__ in status.reason
    assert registry.ablation("kept-too").provider == "tried"


KEPT_TOO = aukit.Ablation(name="kept-too", summary="of the other hook")


def test_a_plugin_that_wants_to_leave_does_not_end_the_program():
    assert "`aukit_components` raised SystemExit: 3" in visit(aukit_components=SystemExit(3))[0].reason


def test_ctrl_c_is_not_a_plugins_fault():
    with pytest.raises(KeyboardInterrupt):
        visit(aukit_components=KeyboardInterrupt())


SPLIT = Split(train=("a", "b"), test=("b",))
SCHEMA: dict[str, Any] = {
    "name": "lab",
    "summary": "ours",
    "aus": ("AU12",),
    "fps": 25.0,
    "subjects": ("a", "b"),
}


@pytest.mark.parametrize(
    ("hook", "returned", "reason"),
    [
        ("aukit_componets", [], "there is no hook `aukit_componets`; did you mean `aukit_components`?"),
        ("aukit_components", None, "`aukit_components` returned nothing, expected a list of Component"),
        ("aukit_components", component(), "returned a Component, expected a list of Component"),
        ("aukit_components", [component], "returned a list with a function in it, expected Component"),
        ("aukit_components", [KEPT], "returned a list with an Ablation in it, expected Component"),
        ("aukit_components", [aukit.Component], "returned a list with the class Component in it"),
        (
            "aukit_components",
            [component(kind="los")],
            "`mine`: there is no kind of component `los`; did you mean",
        ),
        ("aukit_components", [component(name="a/b")], "a name has letters, digits"),
        ("aukit_components", [component(name="")], "a name has letters, digits"),
        ("aukit_components", [component(name=7)], "a name has letters, digits"),
        ("aukit_components", [component(build="a.b")], "`build` is 'a.b', expected an import path"),
        ("aukit_components", [component(build=dict)], "expected an import path"),
        ("aukit_components", [component(params=dict)], "`params` is the class dict"),
        ("aukit_components", [component(params=aukit.Params())], "`params` is a Params"),
        ("aukit_components", [component(api=2)], "`mine`: made for api 2, this aukit has api 1"),
        ("aukit_components", [component(), component()], "`loss/mine` is brought twice by tried"),
        ("aukit_ablations", [aukit.Ablation(name="x", summary="", set=["a"])], "`set` is a list"),
        ("aukit_ablations", [aukit.Ablation(name="x", summary="", remove="a.b")], "`remove` is a str"),
        ("aukit_schemas", [Schema(**SCHEMA, origin="rendred")], "did you mean `rendered`?"),
        (
            "aukit_schemas",
            [Schema(**SCHEMA, splits={"p": (SPLIT,)})],
            "its split `p`, fold 1, names `b` twice",
        ),
        (
            "aukit_schemas",
            [Schema(**SCHEMA, splits={"p": (Split(train=("c",)),)})],
            "its split `p`, fold 1, names `c`, which it has not",
        ),
        ("aukit_schemas", [Schema(**{**SCHEMA, "splits": 7})], "raised AttributeError"),
        ("aukit_recipes", [7], "returned a list with an int in it, expected a folder of recipes"),
        ("aukit_recipes", ["/no/such/folder"], "returned a folder that cannot be read"),
    ],
)
def test_what_does_not_stand_is_listed_with_its_reason(hook, returned, reason):
    status, _ = visit(**{hook: returned})
    assert status.status == "failed"
    assert reason in status.reason


def test_a_slot_must_ask_for_a_kind():
    class Params(aukit.Params):
        part: aukit.Choice = aukit.slot("losss", "l2")

    assert "did you mean `loss`?" in visit(aukit_components=[component(params=Params)])[0].reason


def test_what_stands_beside_it_is_kept():
    status, registry = visit(aukit_components=["rubbish", component()])
    assert status.status == "failed"
    assert status.components == ("loss/mine",)
    assert registry.find("loss", "mine").provider == "tried"


def test_a_hook_without_its_mark_and_a_plugin_without_a_hook_are_told():
    def tried(loaded: object) -> str:
        host = Host()
        host.add("tried", lambda: loaded, distribution="tried")
        return host.registry().plugins()[0].reason

    assert tried(SimpleNamespace(aukit_components=lambda: [])) == (
        "`aukit_components` is not marked with `@aukit.hookimpl`"
    )
    assert tried(SimpleNamespace()).startswith("it has no hook")
    wrapper = aukit.hookimpl(wrapper=True)(_generator)
    assert "is a wrapper" in tried(SimpleNamespace(aukit_components=wrapper))
    argument = aukit.hookimpl(lambda config: [])
    assert "raised TypeError" in tried(SimpleNamespace(aukit_components=argument))


def test_a_plugin_object_whose_attributes_raise_is_listed():
    class Treacherous:
        @property
        def aukit_components(self) -> Any:
            raise ValueError("a trap")

    host = Host()
    host.add("tried", Treacherous, distribution="tried")
    assert "ValueError: a trap" in host.registry().plugins()[0].reason


def _generator() -> Any:
    return (yield)


def test_recipes_of_a_plugin_are_found_by_name(tmp_path):
    (tmp_path / "mine.toml").write_text("")
    (tmp_path / "notes.md").write_text("")
    _, registry = visit(aukit_recipes=[str(tmp_path)])
    (recipe,) = registry.recipes()
    assert (recipe.name, recipe.record, recipe.source) == ("mine", tmp_path / "mine.toml", "tried 3")
    assert recipe.location == str(tmp_path / "mine.toml")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.sets(st.integers()),
)


@given(hook=st.sampled_from(sorted(RECORDS)), returned=values)
def test_no_rubbish_gets_through_or_raises(hook, returned):
    status, registry = visit(**{hook: returned})
    fine = returned in ([], ())
    assert status.status == ("active" if fine else "failed")
    assert not [item for item in registry.components() if item.provider == "tried"]


fields = st.fixed_dictionaries(
    {
        "kind": st.just("loss") | values,
        "name": st.just("mine") | values,
        "build": st.just("a.b:C") | values,
        "summary": values,
        "params": values,
        "api": st.just(1) | values,
    }
)


@given(fields=fields)
def test_no_record_of_rubbish_gets_through_or_raises(fields):
    status, registry = visit(aukit_components=[aukit.Component(**fields)])
    assert status.status == "failed"
    assert len(registry.components()) == 1
