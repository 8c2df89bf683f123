"""Pseudonyms: numbers in the place of what people and videos are called, and the file that says who is who."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from aukit.contracts.schema import Schema, Split, SplitSizes
from aukit.errors import DataError
from aukit.rundir.atomic import write_text

COLUMNS = ["kind", "id", "name"]
LETTERS = {"subject": ("P", 2), "video": ("V", 3)}
"""How each kind's ids begin, and their least number of digits."""
SHORTEST = 3
"""Names of fewer letters are not looked for in sentences: they would be found in other words."""


class Pseudonyms:
    """`P01`, `P02` for subjects and `V001`, `V002` for videos, in the order in which they are first asked for.

    What the file `path` holds keeps its number, so that a later run, or another store made with the same file, calls
    everybody the same. The file is to be kept private, apart from the store.

    Raises:
        DataError: the file is no such list: with the line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[str, dict[str, str]] = {kind: {} for kind in LETTERS}
        if path.exists():
            self._read()

    def of(self, kind: str, name: str) -> str:
        """The pseudonym of a `subject` or `video`."""
        known = self.found[kind]
        if name not in known:
            letter, digits = LETTERS[kind]
            taken = set(known.values())
            number = len(known) + 1
            while f"{letter}{number:0{digits}}" in taken:
                number += 1
            known[name] = f"{letter}{number:0{digits}}"
        return known[name]

    def save(self) -> None:
        """Write the file, readable by its owner alone.

        Raises:
            StorageError: it cannot be written.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows([kind, id_, name] for kind, known in self.found.items() for name, id_ in known.items())
        if not self.path.exists() or self.path.read_text("utf-8") != text.getvalue():
            write_text(self.path, text.getvalue())
            self.path.chmod(0o600)

    def _read(self) -> None:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != COLUMNS:
                hint = "name another file, or remove this one"
                raise DataError("not a list of pseudonyms", where=str(self.path), hint=hint)
            for row in rows:
                where = f"{self.path}:{rows.line_num}"
                if not row:
                    continue
                if len(row) != len(COLUMNS) or row[0] not in LETTERS:
                    raise DataError("expected kind,id,name", where=where)
                kind, id_, name = row
                if name in self.found[kind] or id_ in self.found[kind].values():
                    raise DataError("this id or name is there twice", where=where)
                self.found[kind][name] = id_


def hidden(schema: Schema, subjects: Mapping[str, str]) -> Schema:
    """A schema with pseudonyms in the place of its subjects, also in its splits; who has none is left out."""

    def people(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(subjects[name] for name in names if name in subjects)

    def fold(split: Split | SplitSizes) -> Split | SplitSizes:
        if isinstance(split, SplitSizes):
            return split
        return Split(**{part: people(names) for part, names in split.parts()})

    splits = {name: tuple(map(fold, folds)) for name, folds in schema.splits.items()}
    return replace(schema, subjects=people(schema.subjects), splits=splits)


def hide(text: str, names: Mapping[str, str]) -> str:
    """A sentence with pseudonyms in the place of names, the longest names first."""
    for name in sorted(names, key=len, reverse=True):
        if len(name) >= SHORTEST:
            text = text.replace(name, names[name])
    return text
