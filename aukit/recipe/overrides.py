"""Changes laid over a recipe: `--set path=value` and named ablations. A path must exist in its table's schema."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Sequence
from typing import Any

from aukit.errors import ComponentError, Problem, did_you_mean
from aukit.hosting.registry import Registry
from aukit.recipe.draft import Draft
from aukit.recipe.messages import shown, unknown
from aukit.recipe.paths import Path, dotted, parse_path, walk
from aukit.recipe.shape import shape_at

SET = "--set"
"""Where a value came from that an override brought."""


def parse_value(text: str) -> Any:
    """The right side of an override: a TOML value; what is none, or is a date, is taken as text."""
    try:
        table = tomllib.loads(f"v = {text}")
    except tomllib.TOMLDecodeError:
        return text
    if set(table) != {"v"} or any(
        isinstance(value, datetime.date | datetime.time) for _, value in walk(table)
    ):
        return text
    return table["v"]


def override(draft: Draft, text: str, registry: Registry) -> list[Problem]:
    """Apply one `path=value`; what is wrong with its path, if anything is."""
    left, sign, right = text.partition("=")
    if not sign:
        message = f"expected PATH=VALUE, got `{text}`"
        return [Problem(where=SET, message=message, hint="such as stages.pretrain.optimizer.lr=1e-4")]
    return assign(draft, left.strip(), parse_value(right.strip()), registry, SET)


def assign(draft: Draft, text: str, value: Any, registry: Registry, origin: str) -> list[Problem]:
    """Put a value at a dotted path; what is wrong with the path, if anything is. `origin` says who asked for it."""
    try:
        keys = parse_path(text)
    except ValueError:
        message = f"`{text}` is no dotted path"
        return [Problem(where=origin, message=message, hint="such as stages.pretrain.optimizer.lr")]
    path, problem = _find(draft, keys, registry, origin)
    if problem:
        return [problem]
    draft.put(path, value, origin)
    return []


def take_out(draft: Draft, text: str, origin: str, hint: str = "") -> list[Problem]:
    """Take out what is at a dotted path; that there is nothing is a problem."""
    try:
        found = draft.remove(parse_path(text))
    except ValueError:
        found = False
    message = "this recipe has nothing there to remove"
    return [] if found else [Problem(where=origin, path=text, message=message, hint=hint)]


def ablate(draft: Draft, name: str, registry: Registry, asked: str = "") -> list[Problem]:
    """Apply the ablation `name`: first what it removes, then what it sets; what of it does not fit the recipe.

    `asked`: who asked for it, by default the command line.
    """
    origin = f"{asked}: ablate {name}" if asked else f"--ablate {name}"
    try:
        ablation = registry.ablation(name).record
    except ComponentError as error:
        return [Problem(where=asked or "--ablate", message=error.message, hint=error.hint)]
    problems = []
    for text in ablation.remove:
        problems += take_out(draft, text, origin, ablation.summary)
    for text, value in ablation.set.items():
        problems += assign(draft, text, value, registry, origin)
    return problems


def _find(draft: Draft, keys: Sequence[str], registry: Registry, origin: str) -> tuple[Path, Problem | None]:
    """The path that `keys` mean, or what is wrong at the first level that does not have its key."""
    path: Path = ()
    for key in keys:
        shape = shape_at(path, draft, registry)
        held = draft.get(path)
        if shape is None or (shape.keys is None and isinstance(held, list)):
            value = "" if held is None else f" ({shown(held)})"
            message = f"`{dotted(path)}` holds a value{value}, not a table"
            hint = f"set `{dotted(path)}` itself"
        elif shape.keys is None or key in shape.keys:
            path = draft.address((*map(str, path), key))
            continue
        elif shape.holds:
            message, hint = f"this recipe has no {shape.holds} `{key}`", did_you_mean(key, shape.keys)
        else:
            message, hint = unknown(key, shape.keys, owner=shape.owner)
        return (), Problem(where=origin, path=dotted(keys), message=message, hint=hint)
    return path, None
