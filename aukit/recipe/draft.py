"""A recipe on its way: plain tables, and for every value who said it (a file's line, `--set`, `--smoke` ...)."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from typing import Any, Self

from aukit.recipe.paths import Path, has, walk
from aukit.recipe.source import SourceText

DATA_KEYS = ("schema", "split", "fold", "max_videos")
"""What every [data] table has, whatever fills it; these keys outlive a change of `name` or `path`."""

STAGE_KEYS = ("data",)
"""What every [stages] table has; it outlives a change of `name`."""


class Draft:
    """The tables of a recipe while files, ablations and overrides are laid over one another.

    Values are assigned, inline tables too; tables under headers are merged key by key. A new `name` clears the
    parameters of the old one.
    """

    def __init__(self) -> None:
        self.tables: dict[str, Any] = {}
        self._origins: dict[Path, str] = {}

    @classmethod
    def of(cls, source: SourceText) -> Self:
        """The tables of one file."""
        draft = cls()
        draft.lay(source)
        return draft

    def where(self, path: Path) -> str:
        """Who said the value at `path`, or the nearest table above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        return self._origins.get((), "")

    def get(self, path: Path) -> Any:
        """The value at `path`, None where there is none."""
        value: Any = self.tables
        for part in path:
            if not has(value, part):
                return None
            value = value[part]
        return value

    def address(self, keys: Iterable[str]) -> Path:
        """Keys as text, with indices as numbers where an array stands."""
        path: Path = ()
        for key in keys:
            path = (*path, int(key) if key.isdecimal() and isinstance(self.get(path), list) else key)
        return path

    def lay(self, source: SourceText) -> None:
        """Lay a file over what is there."""
        origins = {path: f"{source.file}:{line}" for path, line in source.map.lines.items()}
        self._origins[()] = source.file
        self._merge((), self.tables, source.tables, origins, source.map.inline)

    def put(self, path: Path, value: Any, origin: str) -> None:
        """Assign a value; tables on the way are made, also in place of a value that is none."""
        table: Any = self.tables
        for length, part in enumerate(path[:-1], 1):
            if not isinstance(self.get(path[:length]), list if isinstance(path[length], int) else dict):
                table[part] = {}
                self._forget(path[:length])
                self._origins[path[:length]] = origin
            table = table[part]
        if isinstance(table, dict):
            self._make_room(path[:-1], table, (path[-1],), value)
        table[path[-1]] = copy.deepcopy(value)
        self._forget(path)
        self._origins[path] = origin

    def remove(self, path: Path) -> bool:
        """Take a value out; whether it was there."""
        table = self.get(path[:-1])
        if not isinstance(table, dict) or path[-1] not in table:
            return False
        del table[path[-1]]
        self._forget(path)
        return True

    def _merge(
        self,
        path: Path,
        below: dict[str, Any],
        above: dict[str, Any],
        origins: dict[Path, str],
        inline: Collection[Path],
    ) -> None:
        self._make_room(path, below, above, above.get("name"))
        for key, value in above.items():
            here = (*path, key)
            if isinstance(value, dict) and isinstance(below.get(key), dict) and here not in inline:
                self._origins[here] = origins[here]
                self._merge(here, below[key], value, origins, inline)
                continue
            below[key] = copy.deepcopy(value)
            self._forget(here)
            for place in (here, *(place for place, _ in walk(value, here))):
                self._origins[place] = origins[place]

    def _make_room(self, path: Path, table: dict[str, Any], keys: Collection[Any], name: Any) -> None:
        """Clear what a new `name` (or, of data, a new `path`) among the `keys` to come makes meaningless."""
        if not path:  # the recipe's own name calls nothing
            return
        data, stage = len(path) == 2 and path[0] == "data", len(path) == 2 and path[0] == "stages"
        renamed = "name" in keys and "name" in table and name != table["name"]
        moved = data and (("path" in keys and "name" in table) or ("name" in keys and "path" in table))
        if not (renamed or moved):
            return
        kept = DATA_KEYS if data else STAGE_KEYS if stage else ()
        for key in [key for key in table if key not in kept]:
            del table[key]
            self._forget((*path, key))

    def _forget(self, path: Path) -> None:
        for place in [place for place in self._origins if place[: len(path)] == path]:
            del self._origins[place]
