"""Checkpoints: tensors as safetensors, everything else as JSON. Nothing is ever pickled."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from aukit.errors import RunFolderError
from aukit.rundir.atomic import folder_in_place, read_json, storage, write_json

TENSORS = "model.safetensors"
STATE = "state.json"


def save(folder: Path, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]) -> None:
    """Write a folder of tensors and state; it appears whole or not at all.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    with folder_in_place(folder) as partial:
        _write(partial / TENSORS, tensors)
        write_json(partial / STATE, state)


def load(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Tensors (on the CPU) and state of a folder written by `save`.

    Raises:
        RunFolderError: a file is missing or damaged.
    """
    if not (folder / STATE).exists():
        raise RunFolderError("there is no checkpoint here", where=str(folder))
    return load_tensors(folder / TENSORS), read_json(folder / STATE)


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write a safetensors file beside its target and rename it over it; any layout and device, shared memory too.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.tmp")
    with storage(path):
        try:
            _write(partial, tensors)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise


def _write(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    # safetensors wants dense tensors of their own memory; a clone is needed only where memory is shared
    seen: set[int] = set()
    dense = {}
    for name, tensor in tensors.items():
        value = tensor.detach().to("cpu").contiguous()
        key = value.untyped_storage().data_ptr()
        dense[name] = value.clone() if key in seen else value
        seen.add(key)
    try:
        save_file(dense, path)
    except SafetensorError as error:  # its I/O errors are no OSError, but end in "(os error 28)"
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
            if f"(os error {number})" in str(error):
                raise OSError(number, os.strerror(number), str(path)) from error
        raise


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file, on the CPU.

    Raises:
        RunFolderError: the file is missing or damaged.
    """
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise RunFolderError(f"the weights cannot be read: {error}", where=str(path)) from error


class Checkpoints:
    """The checkpoints of one stage. Each has its own number, so the old one goes only after the new one stands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]) -> None:
        """Write the next checkpoint, then remove older ones.

        Raises:
            StorageError: the disk is full; the older checkpoint stands.
        """
        old = self._found()
        save(self.folder / f"{int(old[-1].name) + 1 if old else 1:06d}", tensors, state)
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)

    def load(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """The newest checkpoint, or None."""
        found = self._found()
        return load(found[-1]) if found else None

    def clear(self) -> None:
        """Remove all: the stage is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _found(self) -> list[Path]:
        return sorted(p for p in self.folder.iterdir() if p.name.isdigit()) if self.folder.is_dir() else []
