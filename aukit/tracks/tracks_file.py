"""What a tracks file holds, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError, UsageError, did_you_mean
from aukit.tracks.cells import shortened

TOOLS = {"openface2": "OpenFace 2", "libreface": "LibreFace"}


@dataclass(frozen=True, kw_only=True)
class TracksFile:
    """The tracks of one or more videos: `videos` by name, each with rows ordered by frame, then face.

    `kind`: aukit, predictions (a run's file), openface2 or libreface. `facts`: what the sidecar or the file itself
    says. `subjects`: whose video it is, where that is known. `origin` and `model_origin` are empty where nobody says.
    """

    path: Path
    kind: str
    aus: tuple[str, ...]
    videos: Mapping[str, Tracks]
    subjects: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    model_origin: str = ""

    def video(self, name: str = "") -> Tracks:
        """The tracks of one video; of the only one where no name is given.

        Raises:
            DataError: no such video, or several and no name.
        """
        if not name and len(self.videos) == 1:
            return next(iter(self.videos.values()))
        if name in self.videos:
            return self.videos[name]
        message = f"no video {shortened(name)!r}" if name else f"tracks of {len(self.videos)} videos"
        raise DataError(message, where=str(self.path), hint=did_you_mean(name, self.videos))

    def places(self, aus: Sequence[str] | None = None) -> dict[str, int]:
        """The columns of these AUs in `Tracks.intensity`, in the given order; all of them by default.

        Raises:
            UsageError: there are no tracks of one of them.
        """
        chosen = dict.fromkeys(aus or self.aus, 0)
        for au in chosen:
            if au not in self.aus:
                raise UsageError(f"no tracks of {au}", where=str(self.path), hint=did_you_mean(au, self.aus))
        return {au: self.aus.index(au) for au in chosen}

    @property
    def scores(self) -> Mapping[str, Mapping[str, Any]]:
        """What the model's evaluation said of each AU: `verdict`, `icc` and so on; empty where nobody says."""
        aus = table_in(table_in(self.facts.get("scores")).get("aus"))
        return {au: score for au, score in aus.items() if isinstance(score, Mapping)}

    @property
    def tested_on(self) -> str:
        """On whom the model was tested, in words; empty where nobody says."""
        return str(table_in(self.facts.get("scores")).get("tested_on") or "")

    @property
    def source(self) -> str:
        """Who made the tracks, in a few words: the run's name, or the tool's."""
        if self.kind in TOOLS:
            return TOOLS[self.kind]
        run = table_in(self.facts.get("run")).get("folder")
        return f"aukit, run {run}" if run else "aukit"

    @property
    def mark(self) -> str:
        """One line that must stand on whatever is made from a file that is not all real; else empty."""
        parts = []
        if self.model_origin not in ("", "real"):
            parts.append(f"{self.model_origin} model: not for real people")
        if self.origin not in ("", "real"):
            parts.append(f"{self.origin} faces")
        return " · ".join(parts)


def table_in(value: Any) -> Mapping[str, Any]:
    """A part of facts that somebody else wrote: a table, or nothing."""
    return value if isinstance(value, Mapping) else {}
