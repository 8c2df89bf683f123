"""A run folder as the report sees it: files read once, whatever is missing is None or empty."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aukit.errors import DataError, RunFolderError
from aukit.evaluation.examples import Examples, load_examples
from aukit.evaluation.predictions import Predictions, read_predictions
from aukit.evaluation.result import Evaluation
from aukit.rundir.atomic import read_json
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import read_rows


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything a report knows of a run."""

    path: Path
    settings: Mapping[str, Any]
    settings_text: str
    environment: Mapping[str, Any]
    data: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]
    seconds: Mapping[str, float]
    evaluation: Evaluation | None
    predictions: Predictions | None
    examples: Examples | None

    @property
    def name(self) -> str:
        """The recipe's name."""
        return str(self.settings.get("name") or self.path.name)

    @property
    def origin(self) -> str:
        """The least real origin of what shaped or tested the model."""
        known = self.data.get("origin") or (self.evaluation.origin if self.evaluation else "")
        return str(known or "unknown")

    @property
    def components(self) -> dict[str, Mapping[str, str]]:
        """`{place in the recipe: {name, kind, provider, version, cite}}`."""
        return dict(self.environment.get("components", {}))


def read_run(path: Path) -> Run:
    """Read a run folder.

    Raises:
        RunFolderError: there is no such folder, or it holds no run.
        DataError: one of its files is damaged.
    """
    if not path.is_dir():
        raise RunFolderError(
            "there is no such run folder", where=str(path), hint="name a folder that `aukit run` made"
        )
    layout = RunFolder(path)
    if not layout.resolved.exists():
        raise RunFolderError(
            "this folder holds no run: it has no resolved.toml",
            where=str(path),
            hint="name a folder that `aukit run` made",
        )
    text = layout.resolved.read_text(encoding="utf-8")
    results = _json(layout.results)
    return Run(
        path=path,
        settings=_toml(text, layout.resolved),
        settings_text=text,
        environment=_json(layout.environment) or {},
        data=_json(layout.data) or {},
        rows=tuple(read_rows(layout.metrics)),
        seconds=_seconds(layout),
        evaluation=Evaluation.from_json(results) if results else None,
        predictions=read_predictions(layout.predictions) if layout.predictions.exists() else None,
        examples=load_examples(path),
    )


def _json(path: Path) -> Any:
    try:
        return read_json(path) if path.exists() else None
    except ValueError as error:
        raise DataError(
            f"not JSON: {error}", where=str(path), hint="the run's file was changed or cut short"
        ) from error


def _toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(
            f"not TOML: {error}", where=str(path), hint="the run's file was changed or cut short"
        ) from error


def _seconds(layout: RunFolder) -> dict[str, float]:
    """Seconds of each finished stage, in the order of the metrics."""
    stages = layout.path / "stages"
    folders = [folder for folder in stages.iterdir() if folder.is_dir()] if stages.is_dir() else []
    found = {folder.name: (_json(folder / "state.json") or {}).get("seconds") for folder in folders}
    return {name: float(seconds) for name, seconds in found.items() if seconds is not None}
