"""Returns things that are no list of records."""

from __future__ import annotations

from typing import Any

import aukit


@aukit.hookimpl
def aukit_components() -> Any:
    """A dictionary instead of a list."""
    return {"kind": "temporal"}


@aukit.hookimpl
def aukit_ablations() -> Any:
    """A list of strings."""
    return ["no-pretraining"]


@aukit.hookimpl
def aukit_schemas() -> None:
    """Nothing."""


@aukit.hookimpl
def aukit_recipes() -> Any:
    """A folder that does not exist."""
    return ["/a/folder/that/is/not/there"]
