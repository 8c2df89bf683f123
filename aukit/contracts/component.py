"""The records a plugin returns. A plugin only returns data; the host looks it up, checks it and builds from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aukit.contracts.params import Params

API = 1
"""The version of the records and contracts in this file. A component made for another one is refused by name."""

KINDS: Mapping[str, str] = {
    "backbone": "frames to feature maps",
    "temporal": "feature maps of a clip to states over time",
    "objective": "a self-supervised loss for pre-training",
    "head": "states to AU intensities",
    "loss": "predictions against labels, some of them missing",
    "augmentation": "uint8 clips to random views in 0..1",
    "sampler": "which labels may be used",
    "dataset": "source videos and what is known of them",
    "locator": "faces in a frame",
    "tracker": "an observer of a run's events",
    "stage": "one step of training",
}
"""Every kind of component, with what it does."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """One component that a plugin offers.

    `build` is the import path `package.module:Class`, imported only when the component is built as
    `Class(**wiring, **params)`. `extra` names the optional extra of aukit that brings the packages it needs.
    """

    kind: str
    name: str
    build: str
    params: type[Params] = Params
    summary: str
    cite: str = ""
    extra: str = ""
    api: int = API


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """A named change to a recipe: dotted paths to set, and paths to remove. Applied by `--ablate NAME`."""

    name: str
    summary: str
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()
    api: int = API
