"""A run folder as a comparison sees it: small files read at once, predictions later."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aukit.errors import DataError
from aukit.rundir.layout import RunFolder

Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. `settings` is its resolved recipe; `data` and `summary` are empty where the run did not come so far."""

    path: Path
    settings: Settings
    data: Mapping[str, Any]
    summary: Mapping[str, Any]
    fold: int
    seed: int
    labels: Mapping[str, str]
    """A digest of the list of training labels of each stage that has one."""
    selection: Mapping[str, str]
    """The same of the labels by which a stage chose."""

    @property
    def folder(self) -> RunFolder:
        """Where everything of it lies."""
        return RunFolder(self.path)

    @property
    def finished(self) -> bool:
        """Whether it is complete."""
        return bool(self.summary)

    @property
    def judged(self) -> bool:
        """Whether it met test people."""
        return self.folder.results.is_file() and self.folder.predictions.is_file()

    @property
    def origin(self) -> str:
        """The least real origin of what shaped or tested the model."""
        return str(self.data.get("origin") or "unknown")

    @property
    def data_sets(self) -> frozenset[str]:
        """All that shaped or tested the model, by name."""
        tables = self.data.get("tables", {}).values()
        return frozenset(name for table in tables for name in table.get("data_sets", ()))

    @property
    def split(self) -> str:
        """Whose people were judged: "test", or "validation" where something is being chosen."""
        return str(self.settings.get("evaluation", {}).get("split", "test"))

    @property
    def protocol(self) -> str:
        """Whether people or blocks of the same people were tested."""
        return str(self.data.get("protocol") or "by person")

    @property
    def aus(self) -> tuple[str, ...]:
        """What it predicts."""
        return tuple(self.data.get("aus", ()))

    def __str__(self) -> str:
        return str(self.path)


def read_run(path: Path, *, fold: int | None = None, seed: int | None = None) -> Run:
    """Read a run folder. Its fold is that of the data it is judged on, unless a plan says.

    Raises:
        RunFolderError: there is no such folder, or it holds no run.
        DataError: one of its files is damaged.
    """
    folder = RunFolder.open(path)
    settings = _toml(folder.resolved)
    return Run(
        path=path,
        settings=settings,
        data=json_table(folder.data),
        summary=json_table(folder.summary),
        fold=judged_fold(settings) if fold is None else fold,
        seed=int(settings.get("seed", 0)) if seed is None else seed,
        labels=_digests(path, "labels-train.json"),
        selection=_digests(path, "labels-validation.json"),
    )


def judged_fold(settings: Settings) -> int:
    """The fold of the [data] table whose people are judged."""
    stages = settings.get("stages", {})
    labelled = [stage for stage in stages.values() if "sampler" in stage] or list(stages.values())
    names = labelled[-1].get("data", ()) if labelled else ()
    tables = settings.get("data", {})
    name = settings.get("evaluation", {}).get("data") or (names[-1] if names else "")
    return int(tables.get(name, {}).get("fold", 1))


def _digests(path: Path, name: str) -> dict[str, str]:
    files = sorted((path / "stages").glob(f"*/{name}"))
    return {file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def json_table(path: Path) -> dict[str, Any]:
    """A table from a JSON file; an empty one where there is no file.

    Raises:
        DataError: it is damaged.
    """
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"not JSON: {error}", where=str(path), hint=_SPOILED) from error
    if not isinstance(found, dict):
        raise DataError("not the table that a run writes", where=str(path), hint=_SPOILED)
    return found


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"not TOML: {error}", where=str(path), hint=_SPOILED) from error


_SPOILED = "the file was changed or cut short"
