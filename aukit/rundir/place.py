"""Which folder a run has."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from aukit.errors import RunFolderError
from aukit.recipe import Recipe
from aukit.rundir import resume
from aukit.rundir.layout import RunFolder


def place_of(recipe: Recipe, out: Path | None, resuming: bool) -> Path:
    """The folder for a run: `out`, or `runs/NAME/TIME_DIGEST`; where one goes on, the newest of this very recipe.

    Raises:
        RunFolderError: there is a run already, or none of this recipe to go on with.
    """
    path = out or _own(recipe, resuming)
    if resuming:
        hint = "name the folder of a run, or leave `--resume` out to begin one"
        resume.check(RunFolder.open(path, hint=hint), recipe.dump())
    else:
        RunFolder.refuse(path)
    return path


def _own(recipe: Recipe, resuming: bool) -> Path:
    home, digest = Path("runs") / recipe.name, hashlib.sha256(recipe.dump().encode()).hexdigest()[:6]
    if not resuming:
        return home / f"{time.strftime('%Y-%m-%dT%H-%M-%S')}_{digest}"
    begun = sorted(path for path in home.glob(f"*_{digest}") if not RunFolder(path).finished)
    if not begun:
        raise RunFolderError(
            "there is no unfinished run of this recipe",
            where=str(home),
            hint="say which run to go on with: `--out DIR`",
        )
    return begun[-1]
