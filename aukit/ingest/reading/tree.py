"""Find a data set's files by what their names say, wherever below the root they lie.

Copies differ: a folder is spelled with or without an `s`, a letter is large or small, the whole lies one folder deeper
than it should, or the user named a folder inside it. File names carry subject, task and AU, so it is they that count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aukit.errors import DataError

DEPTH = 5
"""Folders that are looked into below the root: the deepest tree has four levels, and may lie one deeper."""
SHOWN = 8
"""Names of what was found instead, in an error."""
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
PICTURE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png")


@dataclass(frozen=True, kw_only=True)
class Tree:
    """The names below `root`, sorted: `files`, and `leaves`, the folders of pictures, which were not opened."""

    root: Path
    files: tuple[Path, ...]
    leaves: tuple[Path, ...]


def look_below(
    root: Path, *, own: str = "", leaf: Callable[[Path], bool] | None = None, depth: int = DEPTH
) -> Tree:
    """Every file below `root`, by name. A folder for which `leaf` is true is listed, not opened.

    `own` is a pattern of the data set's own folder names: a root of such a name is inside the data set, and its parent
    is taken instead.

    Raises:
        DataError: `root` is no folder.
    """
    root = Path(os.path.abspath(root))
    if not root.is_dir():
        raise DataError(
            "no such folder" if not root.exists() else "not a folder",
            where=str(root),
            hint="name the folder that holds the data set",
        )
    while own and re.fullmatch(own, root.name, re.IGNORECASE) and root.parent != root:
        root = root.parent
    walk = _Walk(leaf or (lambda _: False))
    walk.look(root, depth)
    files, leaves = (tuple(sorted(found, key=_order)) for found in (walk.files, walk.leaves))
    return Tree(root=root, files=files, leaves=leaves)


class _Walk:
    """Lists folders, each once, wherever links lead. Hidden names are what computers leave, and no data."""

    def __init__(self, leaf: Callable[[Path], bool]) -> None:
        self.leaf = leaf
        self.files: list[Path] = []
        self.leaves: list[Path] = []
        self._seen: set[tuple[int, int]] = set()

    def look(self, folder: Path, depth: int) -> None:
        try:
            state = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise DataError(f"cannot be listed: {error.strerror or error}", where=str(folder)) from error
        if (state.st_dev, state.st_ino) in self._seen:
            return
        self._seen.add((state.st_dev, state.st_ino))
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if not entry.is_dir():
                self.files.append(path)
            elif self.leaf(path):
                self.leaves.append(path)
            elif depth:
                self.look(path, depth - 1)


def _order(path: Path) -> tuple[str, str]:
    return (path.as_posix().casefold(), path.as_posix())


def only(found: dict[tuple[str, ...], Path], key: tuple[str, ...], path: Path) -> None:
    """Put `path` into `found` under `key`.

    Raises:
        DataError: another file is there already: which copy is meant, only the user knows.
    """
    if key in found:
        raise DataError(
            f"{' '.join(key)} is there twice: {found[key]} and {path}",
            where=str(path),
            hint="name the folder of one copy",
        )
    found[key] = path


def nothing_found(what: str, root: Path, expected: str) -> DataError:
    """The error for a folder that is not this data set: what was expected, and what is there instead."""
    try:
        names = (name for name in os.listdir(root) if not name.startswith("."))
        there = sorted(name + "/" * (root / name).is_dir() for name in names)
    except OSError:
        there = []
    more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
    found = ", ".join(there[:SHOWN]) + more if there else "nothing"
    return DataError(
        f"no {what} found",
        where=str(root),
        hint=f"expected below it:\n{expected.strip(chr(10))}\nfound: {found}",
    )
