"""suite.json: what a suite set out to measure, written before the first run meets a test person."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from aukit.errors import RunFolderError
from aukit.rundir.atomic import read_json, storage, write_json
from aukit.rundir.layout import RunFolder

FORMAT = "aukit suite"
VERSION = 1
FILE = "suite.json"
_RUN = re.compile(r'"[^"]*?([A-Za-z0-9_-]+/fold\d+-seed\d+)"')

Shows = Literal["intensity", "prediction", "labels"]
"""What the table of a suite is about: AU intensities of test people, the accuracy of pre-training, or label counts."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One row of the table. `published` is the method's name in the published numbers; empty: it has none there."""

    name: str
    title: str
    published: str = ""


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One run: its folder under the suite's, and the digest of the complete recipe that it is to be made with."""

    variant: str
    fold: int
    seed: int
    folder: str
    digest: str
    tuning: bool = False
    """Made to choose a value on validation people; never a row of the table."""


@dataclass(frozen=True, kw_only=True)
class SuitePlan:
    """The whole plan. `differs`: what the variants differ in on purpose, such as "labels"."""

    name: str
    summary: str
    shows: Shows
    hypothesis: str
    primary: str
    """The metric that the hypothesis is about: "icc", "mae" or "mse"."""
    variants: tuple[Variant, ...]
    runs: tuple[PlannedRun, ...]
    differs: tuple[str, ...] = ()
    published: str = ""
    """The table of published numbers that stands beside it, where the data is real: "table2"."""
    written: str = ""
    """When, as ISO 8601 with the zone."""
    tuned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By variant and fold, what was chosen on validation people: `{"r18": {"1": {"stages.finetune.steps": 500}}}`."""
    changes: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    """What was changed afterwards: `{"written": ..., "what": ...}`."""

    def variant(self, name: str) -> Variant:
        """The variant of that name; KeyError where there is none."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        raise KeyError(name)


@dataclass(frozen=True)
class SuiteFolder:
    """A suite's folder: suite.toml, suite.json, `VARIANT/foldF-seedS/`: run folders, shared/: stages."""

    path: Path

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.path / FILE

    @property
    def source(self) -> Path:
        """The suite's recipe as it was written."""
        return self.path / "suite.toml"

    @property
    def shared(self) -> Path:
        """Results of stages, by what went into them."""
        return self.path / "shared"

    @property
    def failures(self) -> Path:
        """Runs that failed in the last call, with the reason: `{folder: message}`."""
        return self.path / "failures.json"

    def run(self, planned: PlannedRun) -> RunFolder:
        """The folder of one run."""
        return RunFolder(self.path / planned.folder)


def run_digest(tables: Mapping[str, Any]) -> str:
    """A digest of a complete recipe's tables, without what is not meant to change a result.

    Where one of the values is the folder of another run of the suite, it does not matter where the suite lies.
    """
    said = {key: value for key, value in tables.items() if key not in ("compute", "trackers", "summary")}
    said["precision"] = tables.get("compute", {}).get("precision")
    text = _RUN.sub(r'"SUITE/\1"', json.dumps(said, sort_keys=True, default=list))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_suite(folder: Path) -> bool:
    """Whether a folder holds a suite."""
    return (folder / FILE).is_file()


def write_plan(folder: Path, plan: SuitePlan) -> None:
    """Write suite.json.

    Raises:
        StorageError: the folder cannot be written.
    """
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FILE, {"format": FORMAT, "version": VERSION, **asdict(plan)})


def read_plan(folder: Path) -> SuitePlan:
    """Read suite.json.

    Raises:
        RunFolderError: there is none, it is damaged, or it was written by a newer aukit.
    """
    path = folder / FILE
    if not path.is_file():
        raise RunFolderError(
            "this folder holds no suite: it has no suite.json",
            where=str(folder),
            hint="name the folder that `aukit run SUITE` made",
        )
    try:
        table = read_json(path)
        if table.pop("format", "") != FORMAT:
            raise RunFolderError("this is no plan of a suite", where=str(path))
        if table.pop("version") > VERSION:
            raise RunFolderError(
                "this suite was written by a newer aukit", where=str(path), hint="upgrade aukit"
            )
        table["variants"] = tuple(Variant(**item) for item in table["variants"])
        table["runs"] = tuple(PlannedRun(**item) for item in table["runs"])
        table |= {key: tuple(table[key]) for key in ("differs", "changes")}
        return SuitePlan(**table)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunFolderError(
            f"the plan is not one that version {VERSION} has: {error}",
            where=str(path),
            hint="the file was changed or cut short; the command that began the suite, with `--out` elsewhere, "
            "begins it anew",
        ) from None
