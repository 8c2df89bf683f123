"""One command at a time works in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aukit.errors import RunFolderError
from aukit.rundir.atomic import storage

FILE = ".lock"
PATIENCE = 60.0
"""Seconds: processes of a command that was killed end at their next word to it."""


@contextmanager
def locked(folder: Path, wait: Callable[[str], None], *, patience: float = PATIENCE) -> Iterator[int | None]:
    """Hold a folder, which is made if need be. Yields the lock's descriptor, for processes that are to hold it, too.

    The system lets go of it when the last of them ends, however it ends. Where files cannot be locked (Windows, some
    network disks), nothing is held and None is yielded.

    Args:
        wait: told once, in words, that another command is there.
        patience: seconds to wait for it.

    Raises:
        RunFolderError: another command works in the folder.
        StorageError: the folder cannot be written.
    """
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        held = _hold(descriptor, folder, wait, patience)
        try:
            yield descriptor if held else None
        finally:
            with suppress(OSError):
                if [file.name for file in folder.iterdir()] == [FILE]:  # nothing came of it
                    (folder / FILE).unlink()
                    folder.rmdir()
    finally:
        os.close(descriptor)


def _hold(descriptor: int, folder: Path, wait: Callable[[str], None], patience: float) -> bool:
    try:
        import fcntl
    except ImportError:
        return False
    until, told = time.monotonic() + patience, False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                raise RunFolderError(
                    "another command works in this folder",
                    where=str(folder),
                    hint="wait until it has ended, or choose another folder with `--out DIR`",
                ) from None
        except OSError:
            return False
        if not told:
            wait(f"another command works in {folder}, or its last processes are about to end: waiting")
            told = True
        time.sleep(0.2)
