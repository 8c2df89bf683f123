"""pydantic's findings in plain sentences: what was expected, what is there, what may have been meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

import tomli_w
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from aukit.errors import Problem, did_you_mean, nearest
from aukit.recipe.paths import Path, dotted, has

_Context = Mapping[str, Any]

_TYPES = {
    "a whole number": ("int_type", "int_parsing", "int_from_float", "int_parsing_size"),
    "a number": ("float_type", "float_parsing"),
    "a finite number": ("finite_number",),
    "text in quotes": ("string_type", "string_sub_type"),
    "`true` or `false`": ("bool_type", "bool_parsing"),
    "an array": ("list_type", "tuple_type", "set_type", "frozen_set_type"),
    "a table": ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"),
}


def _always(words: str) -> Callable[[_Context], str]:
    return lambda _: words


EXPECTED: Mapping[str, Callable[[_Context], str]] = {
    **{kind: _always(words) for words, kinds in _TYPES.items() for kind in kinds},
    "greater_than": lambda context: f"a number above {context['gt']:g}",
    "greater_than_equal": lambda context: f"at least {context['ge']:g}",
    "less_than": lambda context: f"a number below {context['lt']:g}",
    "less_than_equal": lambda context: f"at most {context['le']:g}",
    "multiple_of": lambda context: f"a multiple of {context['multiple_of']:g}",
    "literal_error": lambda context: re.sub(r"'([^']*)'", r'"\1"', str(context["expected"])),
    "enum": lambda context: re.sub(r"'([^']*)'", r'"\1"', str(context["expected"])),
    "too_short": lambda context: _entries("at least", context["min_length"]),
    "too_long": lambda context: _entries("at most", context["max_length"]),
    "string_too_short": lambda context: (
        "text that is not empty"
        if context["min_length"] == 1
        else f"at least {context['min_length']} characters"
    ),
    "string_too_long": lambda context: f"at most {context['max_length']} characters",
    "string_pattern_mismatch": lambda context: f"text that matches {context['pattern']}",
}
"""pydantic's error type to what was expected. Other types keep pydantic's words."""


def _entries(bound: str, count: int) -> str:
    return f"{bound} {count} entr{'y' if count == 1 else 'ies'}"


def shown(value: Any) -> str:
    """A value as it stands in a recipe; tables and long arrays by their size."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]" if len(value) <= 4 else f"an array of {len(value)}"
    return tomli_w.dumps({"v": value}).removeprefix("v = ").strip()


def article(noun: str) -> str:
    """`a stage`, `an objective`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def unknown(key: str, keys: Iterable[str], *, owner: str) -> tuple[str, str]:
    """Message and hint for a key that `owner` (a component in backticks, or a table) does not have."""
    keys = list(keys)
    what = "parameter" if owner.startswith("`") else "key"
    if not keys:
        return f"unknown {what}", f"{owner} takes none"
    accepted = f"{owner} accepts " + ", ".join(f"`{option}`" for option in keys)
    close = did_you_mean(key, keys) + " " if nearest(key, keys) else ""
    return f"unknown {what} of {owner}", f"{close}{accepted}"


def problems(
    error: ValidationError,
    table: Mapping[str, Any],
    model: type[BaseModel],
    path: Path,
    where: Callable[[Path], str],
    *,
    owner: str,
) -> list[Problem]:
    """One problem for each place of `table` that `model` refuses.

    `path` is the table's own address, `where` says who wrote a value, `owner` names the table in sentences.
    """
    by_place: dict[Path, list[ErrorDetails]] = {}
    for entry in error.errors():
        by_place.setdefault(_address(entry, table), []).append(entry)
    found = []
    for inside, entries in by_place.items():
        message, hint = _sentence(inside, entries, table, model, owner)
        place = (*path, *inside)
        found.append(Problem(message=message, where=where(place), path=dotted(place), hint=hint))
    return found


def _address(entry: ErrorDetails, table: Any) -> Path:
    """pydantic's location without the names of union members, which no recipe contains."""
    path: Path = ()
    value = table
    for number, part in enumerate(entry["loc"], 1):
        if has(value, part):
            value = value[part]
        elif not (number == len(entry["loc"]) and entry["type"] == "missing" and isinstance(part, str)):
            continue
        path = (*path, part)
    return path


def _sentence(
    inside: Path, entries: list[ErrorDetails], table: Any, model: type[BaseModel], owner: str
) -> tuple[str, str]:
    """Message and hint for one place. Several entries there are the members of a union, none of which fits."""
    first = entries[0]
    kind = first["type"]
    owners = _models(model, inside[:-1])
    if kind == "extra_forbidden":
        keys = dict.fromkeys(key for one in owners for key in names(one))
        return unknown(str(inside[-1]), keys, owner=owner if len(inside) == 1 else f"`{dotted(inside[:-1])}`")
    if kind in ("value_error", "assertion_error"):
        return str(first["ctx"]["error"]), ""
    field = _field(owners[0], inside) if len(owners) == 1 else None
    hint = f"`{dotted(inside)}`: {field.description}" if field and field.description else ""
    if kind == "missing" and inside and inside[-1] == first["loc"][-1]:
        return "missing, and it has no default", hint
    value = _value(table, inside)
    if kind == "missing":
        return f"too few entries, got {shown(value)}", hint
    expected = dict.fromkeys(
        EXPECTED[one["type"]](one.get("ctx", {})) for one in entries if one["type"] in EXPECTED
    )
    if not expected:
        return first["msg"][:1].lower() + first["msg"][1:], hint
    options = re.findall(r"'([^']*)'", str(first.get("ctx", {}).get("expected", "")))
    if isinstance(value, str) and nearest(value, options):
        hint = did_you_mean(value, options)
    got = _entries("", len(value)).strip() if kind in ("too_short", "too_long") else shown(value)
    return f"expected {' or '.join(expected)}, got {got}", hint


def _value(table: Any, inside: Path) -> Any:
    for part in inside:
        table = table[part]
    return table


def names(model: type[BaseModel]) -> list[str]:
    """The keys a model's table may have."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _field(model: type[BaseModel], inside: Path) -> FieldInfo | None:
    """The field that the last key in a path names; an index belongs to the field above it."""
    keys = [part for part in inside if isinstance(part, str)]
    if not keys:
        return None
    return next(
        (field for name, field in model.model_fields.items() if keys[-1] in (field.alias, name)), None
    )


def _models(model: type[BaseModel], inside: Path) -> list[type[BaseModel]]:
    """The models that may describe the table at a path inside `model`: one, or the members of a union."""
    models = [model]
    for part in inside:
        if isinstance(part, str):
            models = [one for parent in models for one in nested(parent, part)] or models
    return models


def nested(model: type[BaseModel], key: str) -> list[type[BaseModel]]:
    """The models that a field's annotation names, anywhere inside it."""
    field = _field(model, (key,))
    return [] if field is None else list(_inside(field.annotation))


def _inside(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _inside(argument)
