"""Looks well, but its class cannot be imported when it is built."""

from __future__ import annotations

import aukit


@aukit.hookimpl
def aukit_components() -> list[aukit.Component]:
    """A record whose class is nowhere, and one whose module cannot be imported."""
    return [
        aukit.Component(
            kind="temporal",
            name="broken-late",
            build="aukit_broken.late:Late",
            summary="its class is missing",
        ),
        aukit.Component(
            kind="temporal",
            name="broken-later",
            build="aukit_broken.dead:Dead",
            summary="its module cannot be imported",
        ),
    ]
