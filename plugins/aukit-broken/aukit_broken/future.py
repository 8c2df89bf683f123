"""Made for another version of the records."""

from __future__ import annotations

import aukit


@aukit.hookimpl
def aukit_components() -> list[aukit.Component]:
    """A component of times to come."""
    return [
        aukit.Component(
            kind="temporal",
            name="broken-future",
            build="aukit_broken.late:Late",
            summary="from the future",
            api=99,
        )
    ]
