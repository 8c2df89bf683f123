"""Files and folders that are either whole or not there, and disk errors a person can act on."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aukit.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from error


def storage_error(error: OSError, path: Path) -> StorageError:
    """The StorageError for an OSError: full, not writable, or whatever the system says."""
    where = str(error.filename or path)
    if error.errno in _FULL:
        return StorageError(
            "the disk is full",
            where=where,
            hint="free some space and do it again; a run goes on with `--resume`",
        )
    if error.errno in _CLOSED:
        return StorageError(
            "the folder cannot be written", where=where, hint="choose another folder with `--out`"
        )
    return StorageError(error.strerror or str(error), where=where, hint="choose another folder with `--out`")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, data: bytes) -> None:
    """Write beside the target, flush to disk, rename over it.

    Raises:
        StorageError: the disk is full or the folder cannot be written; the old file is untouched.
    """
    partial = path.with_name(f".{path.name}.tmp")
    with storage(path):
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """`write_text` of indented JSON; a number that is not finite becomes null."""
    write_text(path, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: mappings, lists, text, numbers; NaN and infinities are null, numpy is plain."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return str(value)


@contextmanager
def folder_in_place(path: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends well it is renamed to `path`, replacing what was there.

    A kill leaves either the old folder, or the new one, or (between the two renames) none: callers that must never
    lose the old one give each version its own name, as checkpoints do.
    """
    partial = path.with_name(f".{path.name}.tmp")
    with storage(path):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            for file in partial.iterdir():
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())
            _sync_folder(partial)
            if path.exists():
                shutil.rmtree(path)
            partial.replace(path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _sync_folder(path.parent)
