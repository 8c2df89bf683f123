"""Parameters, choices and slots: what a TOML table may say, and that it comes back the same."""

from __future__ import annotations

import math
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

import aukit
from aukit.contracts.params import slots
from aukit.contracts.run import StageParams


class Params(aukit.Params):
    size: int = Field(3, ge=1, description="a size")
    rate: float = Field(0.5, description="a rate")
    flag: bool = Field(False, description="a flag")
    mode: Literal["a", "b"] = Field("a", description="a mode")
    pair: tuple[float, ...] = Field((), description="numbers")
    limit: float | None = Field(None, description="none: no limit")
    part: aukit.Choice = aukit.slot("loss", "l2")


@pytest.mark.parametrize(
    "table",
    [
        {"size": "5"},
        {"size": 5.0},
        {"size": True},
        {"size": 0},
        {"flag": 1},
        {"rate": "0.1"},
        {"mode": "c"},
        {"pair": 0.5},
        {"sise": 5},
        {"part": "l2"},
        {"part": {"delta": 1}},
    ],
)
def test_a_wrong_value_is_refused_and_not_bent(table):
    with pytest.raises(ValidationError):
        Params.from_table(table)


def test_what_toml_means_is_taken():
    params = Params.from_table({"rate": 1, "pair": [1, 2.5], "part": {"name": "huber", "delta": 2}})
    assert params.rate == 1.0
    assert params.pair == (1.0, 2.5)
    assert params.part.name == "huber"
    assert params.part.params == {"delta": 2}


def test_all_problems_of_a_table_come_at_once():
    with pytest.raises(ValidationError) as caught:
        Params.from_table({"size": 0, "mode": "c", "sise": 1})
    assert {error["loc"] for error in caught.value.errors()} == {("size",), ("mode",), ("sise",)}


def test_parameters_cannot_be_changed():
    with pytest.raises(ValidationError):
        Params().size = 4  # type: ignore[misc]


def test_a_table_has_no_none():
    assert "limit" not in Params().table()
    assert Params(limit=2.0).table()["limit"] == 2.0


finite = st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | finite | st.text()
tables = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(1, 10**9),
        "rate": finite,
        "flag": st.booleans(),
        "mode": st.sampled_from(["a", "b"]),
        "pair": st.lists(finite),
        "limit": finite,
        "part": st.dictionaries(st.text(min_size=1).filter(lambda k: k not in ("name", "params")), plain).map(
            lambda extra: {"name": "x", **{k: v for k, v in extra.items() if v is not None}}
        ),
    },
)


@given(tables)
def test_a_table_comes_back_the_same(table: dict[str, Any]):
    params = Params.from_table(table)
    assert Params.from_table(params.table()) == params
    for name, value in table.items():
        if name == "pair":
            assert list(params.pair) == [float(x) for x in value]
        elif name != "part":
            assert getattr(params, name) == value


def test_slots_are_found_with_their_kinds_and_defaults():
    class Two(Params):
        other: aukit.Choice = aukit.slot("augmentation", "paper", description="the views", flip=0.0)

    assert slots(Two) == {"part": "loss", "other": "augmentation"}
    assert Two().other.params == {"flip": 0.0}
    assert Two.model_fields["other"].description == "the views"
    assert Two.model_fields["part"].description == "the loss component"


def test_nothing_is_smaller_unless_said_so():
    assert aukit.Params().smoke() == {}


def test_a_stage_takes_one_name_or_several():
    assert StageParams.from_table({"data": "faces"}).data == ("faces",)
    assert StageParams.from_table({"data": ["a", "b"]}).data == ("a", "b")
    with pytest.raises(ValidationError):
        StageParams.from_table({})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_is_finite(value):
    with pytest.raises(ValidationError):
        Params.from_table({"rate": value})
