"""Every event of a run as one line of JSON, with the time it happened."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

from aukit.contracts.run import Event
from aukit.rundir.atomic import plain


class JsonLines:
    """Appends `{"time": seconds since 1970, "event": class name, ...fields}` to a file of the run folder."""

    def __init__(self, folder: Path, file: str) -> None:
        self.path = folder / file

    def on(self, event: Event) -> None:
        """Write the event; the file is whole after each."""
        fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
        row = plain({"time": round(time.time(), 3), "event": type(event).__name__, **fields})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
