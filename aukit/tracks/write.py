"""From rows as they are predicted to a finished tracks file and its sidecar."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aukit.contracts.tracks import Tracks
from aukit.errors import UsageError
from aukit.rundir.atomic import plain, storage, write_json
from aukit.tracks.baseline import Baseline, neutral_values, spread
from aukit.tracks.columns import Layout
from aukit.tracks.sidecar import column_meanings, sidecar_path
from aukit.tracks.spool import Spool
from aukit.tracks.writers import format_of, open_writer


@dataclass(frozen=True, kw_only=True)
class VideoRows:
    """The rows of one video, in order; `video` and `subject` where they come from a clip store."""

    rows: Iterable[Tracks]
    video: str = ""
    subject: str = ""


def refuse_existing(*files: Path) -> None:
    """Nothing that exists is replaced unasked.

    Raises:
        UsageError: one of the files is there.
    """
    for file in files:
        if file.exists():
            raise UsageError(
                "the file exists already" if file.is_file() else "this is a folder",
                where=str(file),
                hint="name another, or replace it with `--force`" if file.is_file() else "name a file",
            )


def write_tracks(
    out: Path,
    videos: Iterable[VideoRows],
    *,
    aus: tuple[str, ...],
    origin: str,
    model_origin: str,
    facts: Mapping[str, Any],
    baseline: Baseline | None = None,
    store: bool = False,
) -> dict[str, Any]:
    """Write `out` and `OUT.json` and return what the latter says. Memory does not grow with the videos' length.

    Args:
        out: .csv, .parquet or .h5. What is there is replaced, but only when all is predicted.
        videos: one, or with `store` several; their rows are taken one block after the other.
        aus: names of the columns of `Tracks.intensity`.
        origin: what people the videos show; `model_origin` those that the model learnt from.
        facts: the first part of the sidecar; read after the last row, so its lists may grow till then.
        baseline: adds calibrated columns.

    Raises:
        UsageError, MissingExtraError: as `open_writer`.
        StorageError: the disk is full or the folder cannot be written. Nothing half-written stays.
    """
    format_of(out)
    begun = time.monotonic()
    with storage(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
    with Spool(out.parent, len(aus)) as spool:
        for video in videos:
            spool.begin(video.video, video.subject)
            for block in video.rows:
                spool.append(block)
        layout = Layout(
            aus=aus,
            origin=origin,
            model_origin=model_origin,
            pose=spool.has_pose,
            box=not store,
            baseline=baseline is not None,
            store=store,
        )
        document: dict[str, Any] = plain(
            {
                **facts,
                "columns": column_meanings(layout),
                "counts": _counts(spool, store),
                "seconds_taken": round(time.monotonic() - begun, 3),
            }
        )
        beside = sidecar_path(out)
        with storage(beside):
            beside.unlink(missing_ok=True)  # it tells of the old file, and would be wrong of the new one
        with open_writer(out, layout, document, rows=spool.rows) as append:
            for section in spool.sections:
                neutral = neutral_values(baseline, spool, section, aus) if baseline else None
                for block in spool.read(section):
                    rows = None if neutral is None else spread(neutral, block.face_id, len(aus))
                    append(layout.values(block, neutral=rows, video=section.video, subject=section.subject))
    write_json(beside, document)
    return document


def _counts(spool: Spool, store: bool) -> dict[str, Any]:
    """Rows, frames and successes; for one video those of each face."""
    found: dict[str, Any] = {
        "rows": spool.rows,
        "frames": sum(section.frames for section in spool.sections),
        "success": sum(section.success for section in spool.sections),
    }
    if store:
        return {"videos": len(spool.sections), **found}
    faces = spool.sections[0].faces if spool.sections else {}
    return {
        **found,
        "faces": {
            str(face): {"rows": rows, "success": success}
            for face, (rows, success) in sorted(faces.items())
            if face >= 0
        },
    }
