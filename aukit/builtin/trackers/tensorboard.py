"""Metrics for TensorBoard. The extra `tensorboard` brings the package that this needs."""

from __future__ import annotations

import math
from pathlib import Path

import tensorboard  # noqa: F401  (fails here, by name, where the extra is missing)
from torch.utils.tensorboard import SummaryWriter

from aukit.contracts.run import Event, Metrics, RunFinished


class TensorBoard:
    """Writes each row of metrics as scalars `stage/name` at the row's step."""

    def __init__(self, folder: Path, subfolder: str, flush_seconds: int) -> None:
        self.writer = SummaryWriter(str(folder / subfolder), flush_secs=flush_seconds)

    def on(self, event: Event) -> None:
        """Write the rows of metrics; close with the run."""
        if isinstance(event, Metrics):
            for name, value in event.values.items():
                if math.isfinite(value):
                    self.writer.add_scalar(f"{event.stage}/{name}", value, event.step)
        elif isinstance(event, RunFinished):
            self.writer.close()
