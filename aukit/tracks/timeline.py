"""A page to scrub through tracks: one HTML file that opens anywhere and asks nothing of a network."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.tracks import Tracks
from aukit.errors import UsageError
from aukit.report.facs import au_name
from aukit.rundir.atomic import plain, write_text
from aukit.tracks.faces import longest_step, main_faces
from aukit.tracks.read import read_tracks
from aukit.tracks.tracks_file import TracksFile

TICKS = 10_000
"""Times are kept in ten-thousandths of a second."""
MOST_VALUES = 20_000_000
"""More values than these make a page that browsers open slowly: 4 bytes each, and a third more as text."""
SHOWN_FACES = 6


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What was written. `notes`: what the user should know."""

    path: Path
    bytes: int
    notes: tuple[str, ...]


def write_timeline(
    tracks: TracksFile | str | Path,
    out: str | Path,
    *,
    video: str | Path | None = None,
    aus: Sequence[str] | None = None,
    name: str = "",
) -> Timeline:
    """Write a page with every AU over time, the values at a cursor, and the video beside it.

    All values are inside, exact: 4 bytes each and 8 for each row, and a third more as text, so an hour of twelve AUs at
    30 frames a second takes about 8 MB. The video is not inside: the page names its path, seen from where the page
    lies. Six faces are shown at most, those that are there longest.

    Args:
        tracks: a tracks file of any kind.
        out: an .html file; one that is there is replaced.
        video: the video file, for the page to play.
        aus: which AUs; all by default.
        name: which of the file's videos, where it has several.

    Raises:
        UsageError: an AU that the file does not have; more than twenty million values.
        DataError: the tracks cannot be read.
        StorageError: the disk is full or the folder cannot be written.
    """
    file, out = tracks if isinstance(tracks, TracksFile) else read_tracks(tracks), Path(out)
    places, shown = file.places(aus), file.video(name)
    faces = main_faces(shown, SHOWN_FACES)
    values = int(np.isin(shown.face_id, faces).sum()) * len(places)
    if values > MOST_VALUES:
        raise UsageError(
            f"{values:,} values are too many for one page", where=str(out), hint="choose some of the AUs"
        )
    title = name or next(iter(file.videos))
    others = len(main_faces(shown)) - len(faces)
    notes = [f"{others} more faces are in the tracks, but not on the page"] if others else []
    page = _page(
        {
            "title": title,
            "mark": file.mark,
            "facts": _facts(shown, file),
            "about": " ".join([_about(file), *(f"{note}." for note in notes)]),
            "video": _relative(Path(video), out) if video else "",
            "ticks": TICKS,
            "gap": longest_step(shown.timestamp),
            "last": int(shown.frame.max(initial=0)),
            **_times(shown),
            "aus": [_au(au, file.scores.get(au, {})) for au in places],
            "faces": [_face(shown, face, list(places.values())) for face in faces],
        },
        title,
    )
    write_text(out, page)
    return Timeline(path=out, bytes=len(page.encode()), notes=tuple(notes))


def _about(file: TracksFile) -> str:
    about = (
        "Intensities on the FACS scale, 0 to 5; what lies beyond runs along the edge; a dash: there is none."
    )
    if file.scores:
        about += " Verdicts and ICC(3,1): the run's own evaluation"
        about += f", on {file.tested_on}." if file.tested_on else "."
    return about


def _facts(tracks: Tracks, file: TracksFile) -> str:
    frames, seconds = len(np.unique(tracks.frame)), float(tracks.timestamp.max(initial=0.0))
    return f"{frames:,} frames, {seconds:.1f} s · {file.source}"


def _au(au: str, score: Mapping[str, Any]) -> dict[str, Any]:
    icc = score.get("icc")
    value = icc.get("value") if isinstance(icc, Mapping) else None
    return {
        "au": au,
        "name": au_name(au),
        "verdict": str(score.get("verdict", "")),
        "reason": str(score.get("reason", "")),
        "icc": value if isinstance(value, int | float) else None,
    }


def _times(tracks: Tracks) -> dict[str, str]:
    frames, first = np.unique(tracks.frame, return_index=True)
    return {"frames": _counts(frames), "times": _counts(tracks.timestamp[first] * TICKS)}


def _face(tracks: Tracks, face: int, places: Sequence[int]) -> dict[str, Any]:
    """One face's rows; its values lie AU after AU."""
    own = tracks[tracks.face_id == face]
    return {
        "id": face,
        "frames": _counts(own.frame),
        "times": _counts(own.timestamp * TICKS),
        "values": _packed(own.intensity[:, places].T.astype("<f4")),
    }


def _counts(values: NDArray[Any]) -> str:
    """Numbers from 0 on, rounded, 4 bytes each."""
    return _packed(np.clip(np.rint(values), 0, np.iinfo(np.uint32).max).astype("<u4"))


def _packed(values: NDArray[Any]) -> str:
    """The bytes of little-endian values in Base64: the order of all machines that run browsers."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _relative(video: Path, page: Path) -> str:
    """The video's path as the page sees it, as part of an address."""
    try:
        path = os.path.relpath(video.resolve(), page.resolve().parent)
    except ValueError:  # on another drive
        return video.resolve().as_uri()
    return quote(Path(path).as_posix())


def _page(data: dict[str, Any], title: str) -> str:
    folder = resources.files("aukit.tracks") / "templates"
    # `<` could end the script element that the data lie in.
    text = json.dumps(plain(data), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    parts = {
        "title": html.escape(title),
        "style": (folder / "timeline.css").read_text("utf-8"),
        "script": (folder / "timeline.js").read_text("utf-8"),
        "data": text,
    }
    template = (folder / "timeline.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)
