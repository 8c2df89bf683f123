"""Read AU tracks back: our own CSV, Parquet and HDF5, a run's predictions, and the tables of other tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.tracks.cells import Wanted, read_cells, shortened
from aukit.tracks.foreign import LANDMARKS, Naming, find_naming
from aukit.tracks.read_h5 import is_predictions, predicted_tracks, read_h5
from aukit.tracks.read_parquet import read_parquet
from aukit.tracks.sidecar import read_sidecar
from aukit.tracks.tracks_file import TracksFile, table_in

SUFFIXES = (".csv", ".parquet", ".h5")
MOST_FRAMES = 10**9
_TRUTHS = {"1": True, "0": False, "1.0": True, "0.0": False, "true": True, "false": False}


class Table(Protocol):
    """Columns by name, whatever file they come from."""

    def __len__(self) -> int: ...

    def where(self, row: int) -> str:
        """Where a row is: `FILE:LINE` or `FILE, row N`."""
        ...

    def words(self, name: str) -> list[str]:
        """A column as text."""
        ...

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as finite numbers, NaN where there is none."""
        ...


def read_tracks(path: str | Path, *, calibrated: bool = False, first_frame: int | None = None) -> TracksFile:
    """Read a tracks file of any kind, or a folder of them as one.

    calibrated: our person-calibrated columns `AUxx_b` in place of `AUxx_r`. first_frame: the number that a foreign
    table gives to a video's first frame, where it is not what its tool does (OpenFace 2: 1, LibreFace: 0).

    Raises:
        DataError: missing, damaged, of no known kind; a cell that is no number, a frame that is none, two rows of one
            face in one frame. File and line are named.
        MissingExtraError: a Parquet file, and pyarrow is not installed.
    """
    path = Path(path)
    if path.is_dir():
        return _folder(path, calibrated, first_frame)
    suffix = path.suffix.lower()
    if suffix == ".h5" and is_predictions(path):
        return _predictions(path)
    if suffix in (".h5", ".parquet"):
        header, table, facts = read_h5(path) if suffix == ".h5" else read_parquet(path)
        naming = find_naming(header, where=str(path), calibrated=calibrated)
        return _from_table(path, table, naming, first_frame, facts)
    found: list[Naming] = []

    def choose(header: tuple[str, ...], where: str) -> Wanted:
        found.append(find_naming(header, where=where, calibrated=calibrated))
        return found[0].wanted()

    cells = read_cells(path, choose)
    facts = (read_sidecar(path) or {}) if found[0].kind == "aukit" else {}
    return _from_table(path, cells, found[0], first_frame, facts)


def _predictions(path: Path) -> TracksFile:
    found, videos = predicted_tracks(path)
    return TracksFile(
        path=path,
        kind="predictions",
        aus=found.aus,
        videos=videos,
        subjects={video.id: video.subject for video in found.videos},
        facts=read_sidecar(path) or {"run": {"recipe": found.model}, **found.facts},
        origin=found.origin,
        model_origin=str(found.facts.get("model_origin", "")),
    )


def _folder(path: Path, calibrated: bool, first_frame: int | None) -> TracksFile:
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    if not files:
        raise DataError("no table of AU tracks in this folder", where=str(path), hint="name a folder of CSVs")
    parts = [read_tracks(file, calibrated=calibrated, first_frame=first_frame) for file in files]
    aus = tuple(dict.fromkeys(au for part in parts for au in part.aus))
    videos: dict[str, Tracks] = {}
    for part in parts:
        twice = next((name for name in part.videos if name in videos), "")
        if twice:
            hint = "keep the file that you mean in this folder"
            raise DataError(f"the video {shortened(twice)!r} has two files", where=str(part.path), hint=hint)
        if part.aus != parts[0].aus:
            raise DataError(
                f"other AUs than {parts[0].path.name}", where=str(part.path), hint="one folder, one model"
            )
        videos.update(part.videos)
    return TracksFile(
        path=path,
        kind=parts[0].kind,
        aus=aus,
        videos=videos,
        subjects={name: who for part in parts for name, who in part.subjects.items()},
        facts=parts[0].facts,
        origin=_least_real(part.origin for part in parts),
        model_origin=_least_real(part.model_origin for part in parts),
    )


def _least_real(origins: Iterator[str]) -> str:
    found = sorted(set(origins), key=lambda origin: origin in ("", "real"))
    return found[0] if found else ""


def _from_table(
    path: Path, table: Table, naming: Naming, first_frame: int | None, facts: dict[str, Any]
) -> TracksFile:
    """Rows with known columns as tracks, a video after the other."""
    aus = tuple(naming.aus)
    rows = _rows(table, naming, first_frame)
    only = Path(str(table_in(facts.get("video")).get("name") or path.name)).stem
    names = table.words(naming.video) if naming.video else [only] * len(table)
    videos, subjects = {}, {}
    for name, places in _groups(names).items():
        order = places[np.lexsort((rows.face_id[places], rows.frame[places]))]
        tracks = rows[order]
        same = np.flatnonzero((np.diff(tracks.frame) == 0) & (np.diff(tracks.face_id) == 0))
        if len(same):
            raise DataError(
                f"frame {_shown(table, naming.frame, int(order[same[0]]))} has two rows of one face",
                where=table.where(int(max(order[same[0]], order[same[0] + 1]))),
                hint="one row for each frame and face",
            )
        videos[name] = tracks
        if naming.subject:
            subjects[name] = table.words(naming.subject)[places[0]]
    origin, model_origin = (_origin(table, column) for column in (naming.origin, naming.model_origin))
    known = naming.kind == "aukit"
    return TracksFile(
        path=path,
        kind=naming.kind,
        aus=aus,
        videos=videos or {only: rows},
        subjects=subjects,
        facts=facts,
        origin=origin or ("real" if known else ""),
        model_origin=model_origin or ("real" if known else ""),
    )


def _groups(names: list[str]) -> dict[str, NDArray[np.int64]]:
    found: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        found.setdefault(name, []).append(row)
    return {name: np.array(rows, dtype=np.int64) for name, rows in found.items()}


def _shown(table: Table, column: str, row: int) -> str:
    return f"{table.numbers(column)[row]:.0f}" if column else "0"


def _origin(table: Table, column: str) -> str:
    return _least_real(iter(table.words(column))) if column else ""


def _rows(table: Table, naming: Naming, first_frame: int | None) -> Tracks:
    """All the rows in the order of the file; `frame` counts from 0."""
    count = len(table)

    def column(name: str, default: float) -> NDArray[np.float64]:
        return table.numbers(name) if name else np.full(count, default)

    success = _truths(table, naming.success) if naming.success else np.ones(count, dtype=bool)
    values = [table.numbers(name) for name in naming.aus.values()]
    intensity = np.stack(values, axis=1).astype(np.float32).reshape(count, len(naming.aus))
    # OpenFace writes zeros where it failed: they are no intensities.
    intensity[~success] = np.nan
    seconds = column(naming.time, 0.0) * naming.unit
    _check(table, seconds, np.isfinite(seconds), "a row without its time", "each row needs one")
    confidence = column(naming.confidence, np.nan)
    return Tracks(
        frame=_frames(table, naming, first_frame),
        face_id=_whole(table, naming.face, -1) if naming.face else np.zeros(count, dtype=np.int64),
        timestamp=seconds,
        confidence=confidence.astype(np.float32),
        success=success & np.isfinite(intensity).all(axis=1),
        box=_boxes(table, naming, success),
        pose=np.stack([column(name, np.nan) for name in naming.pose or ("",) * 3], axis=1).astype(np.float32),
        intensity=intensity,
    )


def _frames(table: Table, naming: Naming, first_frame: int | None) -> NDArray[np.int64]:
    if not naming.frame:
        return np.zeros(len(table), dtype=np.int64)  # the table of a single picture
    frames = _whole(table, naming.frame, None)
    if first_frame is None:
        # Ports of OpenFace count from 0: a table with a frame 0 can do nothing else.
        first_frame = min(naming.first_frame, int(frames.min(initial=naming.first_frame)))
    _check(
        table,
        frames,
        frames >= max(first_frame, 0),
        "no frame has this number",
        f"frames count from {max(first_frame, 0)}",
    )
    return frames - first_frame


def _whole(table: Table, name: str, empty: int | None) -> NDArray[np.int64]:
    """A column of whole numbers."""
    values = table.numbers(name)
    if empty is not None:
        values = np.where(np.isnan(values), empty, values)
    with np.errstate(invalid="ignore"):
        fine = (values == np.floor(values)) & (np.abs(values) <= MOST_FRAMES)
    _check(table, values, fine, f"`{name}` is not a whole number", "such as 1")
    return values.astype(np.int64)


def _truths(table: Table, name: str) -> NDArray[np.bool_]:
    words = [word.lower() for word in table.words(name)]
    _check(
        table,
        words,
        np.array([word in _TRUTHS for word in words], dtype=bool),
        f"`{name}` is neither 0 nor 1",
        "1: the face was found",
    )
    return np.array([_TRUTHS[word] for word in words], dtype=bool)


def _check(
    table: Table, column: Sequence[str] | NDArray[Any], fine: NDArray[np.bool_], message: str, hint: str
) -> None:
    """Raise for the first row that is not fine."""
    wrong = np.flatnonzero(~fine)
    if len(wrong):
        row = int(wrong[0])
        found = column[row] if isinstance(column[row], str) else f"{column[row]:.10g}"
        raise DataError(message, where=table.where(row), hint=f"found `{shortened(found)}`; {hint}")


def _boxes(table: Table, naming: Naming, success: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The boxes of a table, or those about its 68 landmarks; NaN where there are none."""
    if naming.box:
        return np.stack([table.numbers(name) for name in naming.box], axis=1).astype(np.float32)
    if not naming.landmarks:
        return np.full((len(table), 4), np.nan, dtype=np.float32)
    points = np.stack([table.numbers(name) for name in naming.landmarks], axis=1)
    x, y = points[:, :LANDMARKS], points[:, LANDMARKS:]
    boxes = np.stack([x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)], axis=1)
    return np.where(success[:, None], boxes, np.nan).astype(np.float32)
