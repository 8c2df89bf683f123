"""A few faces kept beside the numbers, so that a report needs no data: a strip of one person, and the worst
frames.

Nothing is picked to please. The strip shows the test person whose error is the median one, where that
person's labels are most active; predictions have no say in it.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aukit.errors import DataError, StorageError
from aukit.evaluation.predictions import Predictions, VideoPrediction

Face = NDArray[np.uint8]
ReadFrame = Callable[[str, int], Face]
"""Frame number i of a video: `read_frame(id, i)` gives uint8 (H,W,3)."""

JSON, PNG = "examples.json", "examples.png"


@dataclass(frozen=True)
class Strip:
    """A stretch `start <= i < stop` of one video, and the frames whose faces are shown."""

    video: str
    subject: str
    start: int
    stop: int
    frames: tuple[int, ...]


@dataclass(frozen=True)
class Worst:
    """A frame and the AU that was predicted worst there."""

    video: str
    subject: str
    frame: int
    seconds: float
    au: str
    label: float
    prediction: float


@dataclass(frozen=True)
class Examples:
    """What `save_examples` kept: faces uint8 (n,size,size,3) of the strip's frames and of the worst frames,
    in order.
    """

    strip: Strip
    worst: tuple[Worst, ...]
    strip_faces: NDArray[np.uint8]
    worst_faces: NDArray[np.uint8]


def choose_strip(predictions: Predictions, *, faces: int = 12, seconds: float = 20.0) -> Strip:
    """The median test person's most active stretch, with `faces` frames evenly over it.

    Median: of the mean absolute errors of people who show any AU (of all people, where none does).
    """
    errors: dict[str, list[NDArray[np.float64]]] = {}
    shows: set[str] = set()
    for video in predictions.videos:
        known = ~np.isnan(video.labels) & ~np.isnan(video.predictions)
        errors.setdefault(video.subject, []).append(
            np.abs(video.predictions - video.labels)[known].astype(np.float64)
        )
        if (video.labels >= 1).any():
            shows.add(video.subject)
    means = {
        subject: np.concatenate(parts).mean() for subject, parts in errors.items() if sum(map(len, parts))
    }
    people = sorted((s for s in means if s in shows or not shows & set(means)), key=lambda s: (means[s], s))
    if not people:
        raise DataError("no labelled frame was predicted, so there is nothing to show")
    subject = people[(len(people) - 1) // 2]
    stretches = [_active(v, seconds) for v in predictions.videos if v.subject == subject]
    _, video, start, stop = max(stretches, key=lambda stretch: stretch[0])
    shown = np.unique(np.linspace(start, stop - 1, min(faces, stop - start)).round().astype(int))
    return Strip(video.id, subject, start, stop, tuple(map(int, shown)))


def _active(video: VideoPrediction, seconds: float) -> tuple[float, VideoPrediction, int, int]:
    """The stretch of at most `seconds` with the largest sum of labels, and that sum."""
    mass = np.append(0.0, np.nansum(video.labels, axis=1, dtype=np.float64).cumsum())
    stops = np.searchsorted(video.timestamps, video.timestamps + seconds, side="left")
    full = video.timestamps + seconds <= video.timestamps[-1] + 1e-6
    full[0] = True
    sums = np.where(full, mass[stops] - mass[: len(stops)], -1.0)
    start = int(sums.argmax())
    return float(sums[start]), video, start, int(stops[start])


def choose_worst(predictions: Predictions, *, count: int = 10, apart: float = 1.0) -> tuple[Worst, ...]:
    """The frames with the largest absolute error of any AU; of frames within `apart` seconds only the worst."""
    rows: list[tuple[float, int, int, int]] = []
    for v, video in enumerate(predictions.videos):
        error = np.nan_to_num(np.abs(video.predictions - video.labels), nan=-1.0)
        if error.size:
            worst = error.max(axis=1)
            rows += [
                (float(worst[i]), v, int(i), int(error[i].argmax())) for i in np.argsort(-worst)[: 50 * count]
            ]
    chosen: list[Worst] = []
    for size, v, i, a in sorted(rows, key=lambda row: (-row[0], row[1:])):
        video = predictions.videos[v]
        time = float(video.timestamps[i])
        near = any(other.video == video.id and abs(other.seconds - time) < apart for other in chosen)
        if size < 0 or near:
            continue
        label, said = float(video.labels[i, a]), float(video.predictions[i, a])
        chosen.append(Worst(video.id, video.subject, i, time, predictions.aus[a], label, said))
        if len(chosen) == count:
            break
    return tuple(chosen)


def save_examples(folder: Path, predictions: Predictions, read_frame: ReadFrame, *, size: int = 112) -> None:
    """Write examples.json and examples.png (one tile a face) into the folder.

    Raises:
        StorageError: the folder cannot be written.
    """
    strip, worst = choose_strip(predictions), choose_worst(predictions)
    wanted = [(strip.video, frame) for frame in strip.frames] + [(one.video, one.frame) for one in worst]
    tiles = [_tile(read_frame(video, frame), size) for video, frame in wanted]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(tiles, axis=1)).save(buffer, format="PNG", optimize=True)
    table = {"size": size, "strip": asdict(strip), "worst": [asdict(one) for one in worst]}
    for name, data in ((PNG, buffer.getvalue()), (JSON, json.dumps(table, indent=2).encode())):
        part = folder / f".{name}.tmp"
        try:
            part.write_bytes(data)
            os.replace(part, folder / name)
        except OSError as error:
            raise StorageError(
                f"cannot write examples: {error}", where=str(folder), hint="free some space"
            ) from error


def load_examples(folder: Path) -> Examples | None:
    """What `save_examples` wrote; None where there is nothing.

    Raises:
        DataError: the files are damaged.
    """
    if not (folder / JSON).exists() or not (folder / PNG).exists():
        return None
    try:
        table = json.loads((folder / JSON).read_text())
        size = int(table["size"])
        with Image.open(folder / PNG) as image:
            pixels = np.asarray(image.convert("RGB"))
        faces = pixels.reshape(size, -1, size, 3).swapaxes(0, 1)
        strip = Strip(**{**table["strip"], "frames": tuple(table["strip"]["frames"])})
        worst = tuple(Worst(**one) for one in table["worst"])
        shown = len(strip.frames)
        return Examples(strip, worst, faces[:shown], faces[shown : shown + len(worst)])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"cannot read the examples: {error}", where=str(folder), hint="evaluate again"
        ) from error


def _tile(face: Face, size: int) -> Face:
    image = Image.fromarray(np.asarray(face, dtype=np.uint8))
    side = max(image.size)
    square = Image.new("RGB", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))
