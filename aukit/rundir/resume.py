"""Whether a run may go on: only with the recipe it began with."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator
from typing import Any

from aukit.errors import RunFolderError
from aukit.rundir.layout import RunFolder


def check(folder: RunFolder, resolved: str) -> None:
    """Refuse a finished run, and a recipe other than the one the run began with.

    Raises:
        RunFolderError: with the difference of the two resolved recipes in its message and as `difference`.
    """
    if folder.finished:
        raise RunFolderError(
            "this run is finished: there is nothing to resume",
            where=str(folder.path),
            hint="begin a new one elsewhere with `--out DIR`",
        )
    before = folder.resolved.read_text(encoding="utf-8")
    if before == resolved:
        return
    found = "\n".join(difference(before, resolved))
    raise RunFolderError(
        f"the recipe has changed since this run began\n{found}",
        where=str(folder.path),
        hint="undo the change to go on, or begin a new run elsewhere with `--out DIR`",
        difference=found,
    )


def difference(before: str, after: str) -> Iterator[str]:
    """A unified diff of two TOML texts, a line for each value, under its full dotted path."""
    old, new = (list(_lines(tomllib.loads(text))) for text in (before, after))
    for line in difflib.unified_diff(old, new, "the run's recipe", "the recipe now", lineterm="", n=0):
        if not line.startswith("@@"):
            yield line


def _lines(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _lines(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _lines(item, f"{path}.{index}")
    else:
        yield f"{path} = {json.dumps(value, default=str, ensure_ascii=False)}"
