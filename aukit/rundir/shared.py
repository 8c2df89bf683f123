"""Results of stages that several runs share, each in a folder named by the digest of all that went into it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aukit.rundir.atomic import folder_in_place, plain, write_json, write_text
from aukit.rundir.metrics_log import read_rows

FACTS = "made_of.json"
ROWS = "rows.jsonl"


def address(facts: Mapping[str, Any]) -> str:
    """The name of what was made of `facts`."""
    text = json.dumps(plain(facts), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class SharedStages:
    """Finished stages, kept for other runs. Files are linked where the disk can: nobody writes into them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, facts: Mapping[str, Any]) -> Path | None:
        """The folder of the stage that was made of `facts`; None where there is none."""
        found = self.folder / address(facts)
        return found if (found / FACTS).exists() else None

    def keep(
        self, facts: Mapping[str, Any], files: Iterable[Path], rows: Iterable[Mapping[str, Any]]
    ) -> None:
        """Keep a finished stage's files and its rows of metrics; what is there already stays.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        if self.find(facts):
            return
        with folder_in_place(self.folder / address(facts)) as partial:
            for file in files:
                _link(file, partial / file.name)
            write_text(partial / ROWS, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
            write_json(partial / FACTS, facts)

    @staticmethod
    def take(found: Path, into: Path, names: Iterable[str]) -> list[dict[str, Any]]:
        """Put those of a kept stage's files into a run's own folder of that stage; returns its rows of metrics."""
        for name in names:
            if (found / name).exists():
                (into / name).unlink(missing_ok=True)
                _link(found / name, into / name)
        return read_rows(found / ROWS)


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(file, target)
