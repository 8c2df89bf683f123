"""Implements a hook that does not exist."""

from __future__ import annotations

import aukit


@aukit.hookimpl
def aukit_componets() -> list[aukit.Component]:
    """Nobody calls it."""
    return []
