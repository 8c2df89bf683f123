"""The paper's numbers, as printed. They stand beside results on real people only."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

SAME_AS: Mapping[str, frozenset[str]] = {
    "disfa": frozenset({"disfa"}),
    "bp4d": frozenset({"bp4d", "fera2015"}),
    "affwild2": frozenset({"affwild2"}),
}
"""The data sets of the printed tables, with the names that the same videos have here."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """One row of a printed table. `aus` has the AUs and `mean`; `doubtful` names cells that fit no other cell of it."""

    table: str
    data_set: str
    method: str
    labels: str
    metric: str
    aus: Mapping[str, float]
    source: str
    note: str = ""
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublishedAccuracy:
    """One row of the table of the predictive task: shares of 1."""

    table: str
    data_set: str
    top1: float
    top3: float
    top5: float
    source: str
    note: str = field(default="")


def numbers(table: str) -> tuple[Published, ...]:
    """The rows of a table, in its order; none where it is not known."""
    rows = (
        Published(**{**row, "doubtful": tuple(row.get("doubtful", ()))}) for row in _file().get("numbers", ())
    )
    return tuple(row for row in rows if row.table == table)


def accuracy(table: str) -> tuple[PublishedAccuracy, ...]:
    """The same for the predictive task."""
    rows = (PublishedAccuracy(**row) for row in _file().get("accuracy", ()))
    return tuple(row for row in rows if row.table == table)


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(resources.files("aukit.compare").joinpath("published.toml").read_text("utf-8"))
