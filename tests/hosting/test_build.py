"""Find, validate, import, call."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from pydantic import Field

import aukit
from aukit.contracts.run import StageParams
from aukit.errors import ComponentError, MissingExtraError
from aukit.testing import empty_host


class Params(aukit.Params):
    size: int = Field(3, ge=1, description="a size")
    pair: tuple[float, float] = Field((0.5, 0.9), description="two numbers")
    part: aukit.Choice = aukit.slot("loss", "l2")


class Thing:
    def __init__(
        self, *, channels: int = 0, size: int, pair: tuple[float, float], part: aukit.Choice
    ) -> None:
        self.seen = {"channels": channels, "size": size, "pair": pair, "part": part}


class Fails:
    def __init__(self) -> None:
        raise ZeroDivisionError("inside")


class Stage:
    def __init__(self, params: StageParams) -> None:
        self.params = params


@pytest.fixture
def build(monkeypatch):
    """`build(cls, params, wiring, kind=..., **given)`: build a component of this class."""
    module = ModuleType("module_of_this_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def build(
        cls: Any, params: Any = aukit.Params, wiring: Any = None, kind: str = "head", **given: Any
    ) -> Any:
        module.Made = cls
        extra = given.pop("extra_", "")
        where = given.pop("build_", "module_of_this_test:Made")
        record = aukit.Component(
            kind=kind, name="made", build=where, params=params, summary="a record", extra=extra
        )
        registry = empty_host(record, provider="lab", version="1.0")
        return aukit.build(kind, "made", wiring, registry=registry, **given)

    return build


def test_defaults_wiring_and_parameters_reach_the_class(build):
    assert build(Thing, Params).seen == {
        "channels": 0,
        "size": 3,
        "pair": (0.5, 0.9),
        "part": aukit.Choice(name="l2"),
    }
    made = build(
        Thing, Params, {"channels": 8}, size=5, pair=(0.1, 0.2), part={"name": "huber", "delta": 2.0}
    )
    assert made.seen["channels"] == 8
    assert made.seen["pair"] == (0.1, 0.2)
    assert made.seen["part"].params == {"delta": 2.0}


def test_python_values_that_a_table_could_hold_are_taken(build):
    choice = aukit.Choice(name="huber", delta=1.0)
    assert build(Thing, Params, part=choice, pair=[1.0, 2.0]).seen["part"] == choice


def test_a_stage_gets_its_parameters_as_one_object(build):
    assert build(Stage, StageParams, kind="stage", data="faces").params == StageParams(data=("faces",))


def fails(build: Any, *args: Any, error: type[ComponentError] = ComponentError, **given: Any) -> Any:
    with pytest.raises(error) as caught:
        build(*args, **given)
    return caught.value


def test_all_wrong_parameters_are_told_at_once_with_the_nearest_name(build):
    error = fails(build, Thing, Params, sise=4, size="5", pair=[1.0])
    assert error.message.startswith("parameters of the head `made` of lab 1.0: ")
    assert "`sise`: no such parameter; did you mean `size`?" in error.message
    assert "`size`: Input should be a valid integer" in error.message
    assert "`pair.1`: " in error.message


def test_a_value_out_of_range_is_told(build):
    assert "greater than or equal to 1" in fails(build, Thing, Params, size=0).message


def test_wiring_that_the_class_does_not_take_is_an_error_of_the_class(build):
    error = fails(build, Thing, Params, {"aus": ("AU12",)})
    assert "the head `made` of lab 1.0 does not accept its arguments" in error.message
    assert "'aus'" in error.message
    assert error.hint == "a head with these parameters is called with `aus`, `size`, `pair`, `part`"


def test_a_parameter_named_like_wiring_is_told(build):
    error = fails(build, Thing, Params, {"size": 3})
    assert error.message == "the head `made` of lab 1.0 has a parameter named like its wiring: `size`"


def test_an_error_inside_the_class_keeps_its_type_and_says_which_component(build):
    with pytest.raises(ZeroDivisionError) as caught:
        build(Fails)
    assert caught.value.__notes__ == ["while the head `made` of lab 1.0 was built"]


def test_a_missing_class_is_told_the_nearest(build):
    error = fails(build, Thing, Params, build_="module_of_this_test:Mades")
    assert error.message == "the head `made` of lab 1.0: its module has no `Mades`"
    assert error.hint == "did you mean `Made`?"


def test_a_module_that_cannot_be_imported_is_told(build):
    error = fails(build, Thing, Params, build_="no_such_module_here:Made")
    assert "cannot be imported: No module named 'no_such_module_here'" in error.message


def test_a_missing_extra_is_told_with_its_pip_line(build):
    error = fails(
        build, Thing, Params, build_="no_such_module_here:Made", extra_="boards", error=MissingExtraError
    )
    assert error.hint == 'pip install "lab[boards]"'


def test_without_a_registry_the_installed_ones_are_built():
    assert type(aukit.build("loss", "l2")).__name__ == "L2"
    assert aukit.build("temporal", "convgru", {"channels": 4}, hidden=6).channels == 6
