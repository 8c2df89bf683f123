"""A run's stages, taken from where other runs left the same, and left there for others."""

from __future__ import annotations

from pathlib import Path

from aukit.recipe import Recipe
from aukit.rundir.atomic import read_json, write_json
from aukit.rundir.checkpoint import STATE, TENSORS
from aukit.rundir.metrics_log import MetricsLog, read_rows
from aukit.rundir.shared import SharedStages
from aukit.training.data import RunData
from aukit.training.made_of import made_of
from aukit.training.results import CHECKPOINTS, LABELS, TAKEN


class Sharing:
    """What one run takes and gives."""

    def __init__(self, folder: Path, recipe: Recipe, data: RunData, device: str) -> None:
        self.shared = SharedStages(folder)
        self.made_of = made_of(recipe, data, device)

    def take(self, name: str, folder: Path, metrics: MetricsLog) -> bool:
        """Make the stage's folder a finished one, if another run has finished the same and this one has not begun it.

        Raises:
            StorageError: the disk is full.
        """
        found = self.shared.find(self.made_of[name])
        if found is None or (folder / CHECKPOINTS).is_dir():
            return False
        for row in self.shared.take(found, folder, (TENSORS, LABELS)):
            metrics.write(row.pop("stage"), row.pop("step"), row)
        write_json(folder / STATE, {**read_json(found / STATE), "rows": metrics.rows, TAKEN: found.name})
        return True

    def keep(self, name: str, folder: Path, metrics: MetricsLog) -> None:
        """Leave a finished stage for others.

        Raises:
            StorageError: the disk is full.
        """
        rows = [row for row in read_rows(metrics.path) if row["stage"] == name]
        files = [folder / file for file in (TENSORS, LABELS, STATE) if (folder / file).exists()]
        self.shared.keep(self.made_of[name], files, rows)
