"""Parameters of trackers."""

from __future__ import annotations

from pydantic import Field

from aukit.contracts.params import Params


class JsonLinesParams(Params):
    """Every event of a run as one line of JSON."""

    file: str = Field("events.jsonl", min_length=1, description="file name inside the run folder")


class TensorBoardParams(Params):
    """Metrics for TensorBoard; needs the extra `tensorboard`."""

    subfolder: str = Field("tensorboard", min_length=1, description="folder name inside the run folder")
    flush_seconds: int = Field(10, ge=1, description="seconds between writes to disk")
