"""The hooks a plugin can implement. They take no argument and return records, so they never have to change.

A plugin is a module under the entry-point group `aukit`:

    # aukit_bigru/__init__.py
    import aukit

    class BiGRUParams(aukit.Params):
        channels: int = 128

    @aukit.hookimpl
    def aukit_components():
        return [aukit.Component(kind="temporal", name="bi-gru", build="aukit_bigru.module:BiGRU",
                                params=BiGRUParams, summary="a GRU that reads both ways")]

The module should import neither torch nor anything slow: the class lives in a module of its own, which is
imported when a component is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from aukit.contracts.component import Ablation, Component
    from aukit.contracts.schema import Schema

PROJECT = "aukit"
"""The name of the pluggy project and of the entry-point group."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of a hook."""

_hookspec = pluggy.HookspecMarker(PROJECT)


@_hookspec
def aukit_components() -> Sequence[Component]:  # type: ignore[empty-body]
    """Components to be named in recipes.

    Example:
        return [aukit.Component(kind="loss", name="pinball", build="aukit_pinball.module:Pinball",
                                params=PinballParams, summary="quantile regression")]
    """


@_hookspec
def aukit_ablations() -> Sequence[Ablation]:  # type: ignore[empty-body]
    """Named changes to a recipe, applied by `--ablate NAME`.

    Example:
        return [aukit.Ablation(name="no-memory", summary="frame by frame",
                               set={"model.temporal.name": "none"})]
    """


@_hookspec
def aukit_schemas() -> Sequence[Schema]:  # type: ignore[empty-body]
    """Data sets whose AUs, people and protocols are known.

    Example:
        return [aukit.Schema(name="my-lab", summary="40 people, posed", aus=("AU04", "AU12"), fps=25.0,
                             subjects=tuple(f"P{i:02}" for i in range(40)))]
    """


@_hookspec
def aukit_recipes() -> Sequence[Path]:  # type: ignore[empty-body]
    """Folders of recipes (`*.toml`) that the plugin ships, runnable by name.

    Example:
        return [importlib.resources.files("aukit_bigru") / "recipes"]
    """
