"""The contract of parameters: whatever a recipe can say is dumped, read again, and means the same."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w
from pydantic import ValidationError

from aukit.contracts.params import Params
from aukit.testing.contract import ContractError, require


def check_params(params: Any, **given: Any) -> Params:
    """The parameters `given`, through TOML and back; also what `--smoke` makes of them.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    require(
        isinstance(params, type) and issubclass(params, Params), f"{params} is no subclass of aukit.Params"
    )
    for name, field in params.model_fields.items():
        require(field.description, f"its parameter `{name}` has no description: that is its help text")
    first = _read(params, given, "its parameters")
    dumped = tomllib.loads(tomli_w.dumps(first.table()))
    again = _read(params, dumped, "its dumped parameters")
    require(again == first, f"dumped and read again, its parameters are others: {again!r}, not {first!r}")
    require(
        not _accepts(params, {**dumped, "no_such_parameter": 1}), "it accepts a parameter it does not have"
    )
    require(
        params.model_config.get("frozen"), "its parameters can be changed: keep `frozen` in its model_config"
    )
    _read(params, merge(dumped, first.smoke()), "what `--smoke` makes of its parameters")
    return first


def merge(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` over `table`; tables inside are merged likewise."""
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _read(params: type[Params], table: Mapping[str, Any], what: str) -> Params:
    try:
        return params.from_table(table)
    except ValidationError as error:
        raise ContractError(f"{what} are refused: {error}") from error


def _accepts(params: type[Params], table: Mapping[str, Any]) -> bool:
    try:
        params.from_table(table)
    except ValidationError:
        return False
    return True
