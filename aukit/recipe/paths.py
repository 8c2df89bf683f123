"""Addresses inside a recipe: `stages.pretrain.optimizer.lr` as text, a tuple of keys and indices in code."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]
"""Keys of tables and indices of arrays, from the top of the recipe."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: Sequence[str | int]) -> str:
    """A path as text; a key that is not bare is quoted as in TOML."""
    return ".".join(_key(part) for part in path)


def _key(part: str | int) -> str:
    text = str(part)
    if _BARE.fullmatch(text):
        return text
    # TOML's basic strings are JSON's, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def parse_path(text: str) -> tuple[str, ...]:
    """A dotted path as TOML reads it, quoted keys included. An index is still text: only its table can tell.

    Raises:
        ValueError: it is no dotted path.
    """
    if "\n" in text:
        raise ValueError("a path is one line")
    table: Any = tomllib.loads(f"{text} = 0")
    path = []
    while isinstance(table, dict):
        if len(table) != 1:
            raise ValueError("a path names one value")
        ((key, table),) = table.items()
        path.append(key)
    return tuple(path)


def has(value: Any, key: str | int) -> bool:
    """Whether a table has this key, or an array this index."""
    if isinstance(value, list):
        return isinstance(key, int) and key < len(value)
    return isinstance(value, Mapping) and key in value


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value below `value` with its path: tables and arrays before what is in them."""
    if isinstance(value, Mapping):
        children: Iterator[tuple[str | int, Any]] = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    else:
        return
    for key, child in children:
        yield (*path, key), child
        yield from walk(child, (*path, key))
