"""Pictures of tracks that a prediction makes at once: overlay, plot, timeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aukit.errors import UsageError

SHOWS: Mapping[str, str] = {"overlay": ".mp4", "plot": ".png", "timeline": ".html"}
"""What can be asked for, and how the files' names end."""


def check_show(kind: str, target: Path) -> None:
    """Refuse a name with another ending.

    Raises:
        UsageError: it has one.
    """
    if target.suffix.lower() != SHOWS[kind]:
        raise UsageError(
            f"cannot write the {kind} as `{target.suffix}`",
            where=str(target),
            hint=f"let it end in {SHOWS[kind]}",
        )


def make_show(kind: str, video: Path, tracks: Path, target: Path) -> tuple[str, ...]:
    """Write one of them from a tracks file; what the user should know of it.

    Raises:
        DataError, StorageError: as its writer.
    """
    if kind == "overlay":
        from aukit.tracks.overlay import write_overlay

        return write_overlay(video, tracks, target).notes
    if kind == "plot":
        from aukit.tracks.plot import write_plot

        write_plot(tracks, target)
    else:
        from aukit.tracks.timeline import write_timeline

        write_timeline(tracks, target, video=video)
    return ()
