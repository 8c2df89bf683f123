"""A path that the user gave as a parameter."""

from __future__ import annotations

from pathlib import Path

from aukit.errors import DataError


def given_path(name: str, root: Path) -> Path:
    """`name` from the current folder, or else from `root`.

    Raises:
        DataError: it is in neither.
    """
    path = Path(name).expanduser()
    for candidate in (path, root / path):
        if candidate.exists():
            return candidate
    raise DataError("no such file or folder", where=name, hint=f"looked from here and from {root}")
