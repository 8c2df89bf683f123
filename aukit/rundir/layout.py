"""Where everything in a run folder lies, and who may write into one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aukit.errors import RunFolderError
from aukit.rundir.atomic import storage


@dataclass(frozen=True)
class RunFolder:
    """One run's folder.

    ```
    recipe.toml       the recipe as it was written          resolved.toml   complete; reloads to the same recipe
    environment.json  python, packages, device, git, seed   data.json       files, splits, label masks, overlaps
    metrics.jsonl     one row a line                        train.log       what was said
    stages/NAME/      model.safetensors, then state.json: the stage is finished; checkpoints/ while it trains
    model/            model.safetensors, model.json: what `AUEstimator.load` reads
    predictions.h5  results.json  examples.json, examples.png  report.html  model_card.md
    summary.json      last: its presence means finished
    ```
    """

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe as it was written."""
        return self.path / "recipe.toml"

    @property
    def resolved(self) -> Path:
        """The complete recipe."""
        return self.path / "resolved.toml"

    @property
    def environment(self) -> Path:
        """What code and machine made the run."""
        return self.path / "environment.json"

    @property
    def data(self) -> Path:
        """Files, splits, label masks, overlaps."""
        return self.path / "data.json"

    @property
    def metrics(self) -> Path:
        """One row of numbers a line."""
        return self.path / "metrics.jsonl"

    @property
    def log(self) -> Path:
        """What was said during the run."""
        return self.path / "train.log"

    @property
    def model(self) -> Path:
        """The finished model."""
        return self.path / "model"

    @property
    def predictions(self) -> Path:
        """Predictions on test people."""
        return self.path / "predictions.h5"

    @property
    def results(self) -> Path:
        """The whole evaluation, from which report and summary are made."""
        return self.path / "results.json"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.path / "report.html"

    @property
    def summary(self) -> Path:
        """The summary: its presence means that the run is finished."""
        return self.path / "summary.json"

    def stage(self, name: str) -> Path:
        """The folder of one stage."""
        return self.path / "stages" / name

    @property
    def finished(self) -> bool:
        """Whether the run is complete."""
        return self.summary.exists()

    @classmethod
    def refuse(cls, path: Path) -> None:
        """Refuse a path at which no new run can begin; nothing is made.

        Raises:
            RunFolderError: the folder exists and holds something, or the path is a file.
            StorageError: it cannot be looked into.
        """
        if path.exists() and not path.is_dir():
            raise RunFolderError(
                "this is a file, not a folder", where=str(path), hint="choose another with `--out DIR`"
            )
        with storage(path):
            taken = path.exists() and any(path.iterdir())
        if taken:
            folder = cls(path)
            raise RunFolderError(
                "the run folder exists already",
                where=str(path),
                hint=_ways_out(folder),
                finished=folder.finished,
            )

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """A new, empty folder for a run.

        Raises:
            RunFolderError: as `refuse`.
            StorageError: it cannot be made or written.
        """
        cls.refuse(path)
        with storage(path):
            path.mkdir(parents=True, exist_ok=True)
        return cls(path)

    @classmethod
    def open(cls, path: Path, *, hint: str = "name the folder that `aukit run` made") -> RunFolder:
        """An existing run's folder; `hint` is what to do where it is none.

        Raises:
            RunFolderError: there is no such folder, or it holds no run.
        """
        if not path.is_dir():
            raise RunFolderError(
                "this is a file, not a run folder" if path.exists() else "there is no such run folder",
                where=str(path),
                hint=hint,
            )
        if not cls(path).resolved.exists():
            raise RunFolderError(
                "this folder holds no run: it has no resolved.toml",
                where=str(path),
                hint=hint,
            )
        return cls(path)


def _ways_out(folder: RunFolder) -> str:
    if folder.finished:
        return "it holds a finished run: begin a new one elsewhere with `--out DIR`, or remove the folder"
    if folder.resolved.exists():
        return "go on with it: `--resume`; or begin a new run elsewhere: `--out DIR`"
    return "it holds no run that `--resume` could go on with: begin a new one elsewhere with `--out DIR`"
