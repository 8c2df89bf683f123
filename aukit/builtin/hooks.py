"""What aukit itself answers to the hooks: its components, ablations and data-set protocols."""

from __future__ import annotations

from aukit.builtin.ablations import ABLATIONS
from aukit.builtin.records import data, model, objectives, training
from aukit.builtin.schemas import SCHEMAS
from aukit.contracts.component import Ablation, Component
from aukit.contracts.schema import Schema
from aukit.hosting.hookspecs import hookimpl


@hookimpl
def aukit_components() -> list[Component]:
    """The components that aukit ships."""
    return [*model.RECORDS, *objectives.RECORDS, *training.RECORDS, *data.RECORDS]


@hookimpl
def aukit_ablations() -> list[Ablation]:
    """The ablations that aukit ships."""
    return list(ABLATIONS)


@hookimpl
def aukit_schemas() -> list[Schema]:
    """The data sets whose protocols aukit knows."""
    return list(SCHEMAS)
