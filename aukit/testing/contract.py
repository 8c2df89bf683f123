"""What all contract checks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]
"""Gives a new component; accepts the wiring of its kind by keyword."""


class ContractError(AssertionError):
    """A component does not keep the contract of its kind. The message is the sentence that is not kept."""


def require(condition: object, sentence: str) -> None:
    """Raise `ContractError` with the sentence unless the condition holds."""
    if not condition:
        raise ContractError(sentence)


def require_whole(thing: object, name: str, least: int) -> None:
    """The attribute `name` is an integer of at least `least`."""
    value = getattr(thing, name, None)
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
    require(fits, f"its `{name}` is {value!r}, expected a whole number of at least {least}")
