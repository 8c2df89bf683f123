"""Whether a run may go on: only with the recipe it began with."""

from __future__ import annotations

import difflib

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
    lines = difflib.unified_diff(
        before.splitlines(), resolved.splitlines(), "the run's recipe", "the recipe now", lineterm="", n=1
    )
    difference = "\n".join(lines)
    raise RunFolderError(
        f"the recipe has changed since this run began\n{difference}",
        where=str(folder.path),
        hint="undo the change to go on, or begin a new run elsewhere with `--out DIR`",
        difference=difference,
    )
