"""Room on a disk, asked for before hours of work."""

from __future__ import annotations

import shutil
from pathlib import Path

from aukit.errors import StorageError


def require_space(path: Path, need: int, *, hint: str = "free some space, or write elsewhere") -> None:
    """Say at once that the disk on which `path` will lie is too small for `need` bytes.

    Raises:
        StorageError: it is.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if need > free:
        raise StorageError(
            f"the disk is too small: {need / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free",
            where=str(path),
            hint=hint,
        )
