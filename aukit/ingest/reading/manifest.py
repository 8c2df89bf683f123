"""The manifest of own videos: who is on which, and who trains, validates or is tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aukit.contracts.schema import Split
from aukit.errors import DataError, did_you_mean
from aukit.ingest.reading.table import find_columns, read_table
from aukit.ingest.reading.video_names import VideoNames

COLUMNS = ("video", "subject", "session", "split")
PARTS = {
    "train": "train",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row: a video's own name, who is on it, and in which part that person is, "" where nothing is said."""

    video: str
    subject: str
    session: str
    part: str
    where: str


def read_manifest(path: Path, names: VideoNames) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The rows, in their order, and what the user should know.

    Raises:
        DataError: with file and line: no such column or video, a video twice, an unknown part, a part without a
            subject, one subject in two parts, no row at all.
    """
    table = read_table(path)
    columns, unknown = find_columns(table, COLUMNS, needed=("video",))
    entries: dict[str, Entry] = {}
    missing: list[DataError] = []
    for row in table.rows:
        cell = {name: row.cells[column] for name, column in columns.items()}
        if not cell["video"]:
            raise DataError("no video is named", where=row.where)
        try:
            video = names.find(cell["video"], row.where)
        except DataError as error:
            missing.append(error)
            continue
        if video in entries:
            raise DataError(
                f"video `{video}` is there twice, first in line {entries[video].where.rpartition(':')[2]}",
                where=row.where,
                hint="a video has one row",
            )
        entries[video] = Entry(
            video=video,
            subject=cell.get("subject", ""),
            session=cell.get("session", ""),
            part=_part(cell.get("split", ""), row.where),
            where=row.where,
        )
    if missing:
        first, more = missing[0], len(missing) - 1
        also = f" (and {more} more rows name files that are not there)" if more else ""
        raise DataError(first.message + also, where=first.where, hint=first.hint)
    if not entries:
        raise DataError("the manifest names no video", where=str(path))
    unnamed = [name for name in names.paths if name not in entries]
    notes = [f"the manifest does not name {_some(unnamed)}: left out"] if unnamed else []
    notes += [f"{path.name}: the column `{column}` is not read" for column in unknown]
    return tuple(entries.values()), tuple(notes)


def split_of(entries: Sequence[Entry]) -> Split | None:
    """The partition that the manifest states; None where it states none.

    Raises:
        DataError: a part is given to somebody without a name, or two parts to one person.
    """
    said: dict[str, Entry] = {}
    for entry in entries:
        if not entry.part:
            continue
        if not entry.subject:
            hint = "people are split, not videos: give each video of a part its subject"
            raise DataError(
                f"`{entry.part}` is said of a video without a subject", where=entry.where, hint=hint
            )
        first = said.setdefault(entry.subject, entry)
        if first.part != entry.part:
            line = first.where.rpartition(":")[2]
            raise DataError(
                f"subject {entry.subject} is in {entry.part} here and in {first.part} in line {line}",
                where=entry.where,
                hint="a person belongs to one part only",
                subject=entry.subject,
            )
    members = {
        part: tuple(sorted(who for who, entry in said.items() if entry.part == part))
        for part in set(PARTS.values())
    }
    return Split(**members) if said else None


def _part(cell: str, where: str) -> str:
    if not cell:
        return ""
    part = PARTS.get(cell.casefold())
    if part is None:
        raise DataError(f"there is no part `{cell}`", where=where, hint=did_you_mean(cell.casefold(), PARTS))
    return part


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
