"""metrics.jsonl: one row of numbers a line, and nothing in it that depends on the clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aukit.rundir.atomic import plain, storage, write_text


class MetricsLog:
    """Appends rows `{"stage", "step", ...}`, counts them, and can go back to an earlier count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = len(read_rows(path))

    def write(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """Append a row and hand it to the system, so that a killed process loses none.

        Raises:
            StorageError: the disk is full.
        """
        row = json.dumps(plain({"stage": stage, "step": step, **values}), ensure_ascii=False, allow_nan=False)
        with storage(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(row + "\n")
        self.rows += 1

    def rewind(self, rows: int) -> None:
        """Keep the first `rows` rows: those the checkpoint knows. A resumed run computes the others again, equal."""
        kept = read_rows(self.path)[:rows]
        write_text(self.path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))
        self.rows = len(kept)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a metrics file, in order; a last line that was torn by a kill is left out."""
    rows: list[dict[str, Any]] = []
    if not path.exists():
        return rows
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows
