"""What a suite lays over a recipe, and the `{VARIANT}` in its values that stands for another variant's run folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aukit.recipe import Change
from aukit.recipe.overrides import ablate, assign, override, take_out

_REFERENCE = re.compile(r"\{([A-Za-z0-9_-]+)\}")


def ablated(name: str, origin: str = "") -> Change:
    """An ablation; `origin` says who asked for it, by default the command line."""
    return lambda draft, registry: ablate(draft, name, registry, origin)


def overridden(text: str) -> Change:
    """A `--set`."""
    return lambda draft, registry: override(draft, text, registry)


def assigned(path: str, value: Any, origin: str) -> Change:
    """A value at a dotted path; `origin` says who asked for it."""
    return lambda draft, registry: assign(draft, path, value, registry, origin)


def taken_out(path: str, origin: str) -> Change:
    """What is at a dotted path is taken out."""
    return lambda draft, registry: take_out(draft, path, origin)


def references(value: Any) -> Iterator[str]:
    """The variants that a value's texts name."""
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from references(one)


def filled(value: Any, runs: Mapping[str, Path]) -> Any:
    """The value with run folders in the places of variants' names."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: str(runs[match[1]]), value)
    if isinstance(value, Mapping):
        return {key: filled(one, runs) for key, one in value.items()}
    return [filled(one, runs) for one in value] if isinstance(value, list) else value
