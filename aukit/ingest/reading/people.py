"""Only people whom the data set knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from aukit.contracts.schema import Schema

Key = TypeVar("Key", bound="str | tuple[str, str]")


def known_only(sources: Mapping[Key, Path], schema: Schema) -> tuple[dict[Key, Path], tuple[str, ...]]:
    """The sources of the schema's own people, and a note on the others: they are in none of its splits.

    A key is a person, or begins with one. A schema that names nobody knows everybody.
    """
    if not schema.subjects:
        return dict(sources), ()

    def person(key: Key) -> str:
        return key if isinstance(key, str) else key[0]

    strange = sorted({person(key) for key in sources} - set(schema.subjects))
    kept = {key: path for key, path in sources.items() if person(key) not in strange}
    return kept, (
        f"not among the people of `{schema.name}`, left out: {', '.join(strange)}",
    ) if strange else ()
