"""`Recipe`: everything a run needs to know, complete and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from aukit.contracts.component import Component
from aukit.contracts.params import Choice, Params
from aukit.contracts.schema import Schema
from aukit.hosting.registry import Provided
from aukit.recipe.draft import Draft
from aukit.recipe.paths import Path as Address
from aukit.recipe.source import SourceText
from aukit.recipe.tables import ComputeTable, DataTable, EvaluationTable, ModelTable


@dataclass(frozen=True, kw_only=True, eq=False)
class Recipe:
    """A resolved recipe. Made by `aukit.recipe.load_recipe`; two are equal where their complete tables are.

    Every `Choice` in it has complete parameters. `components`, `schemas` and `params()` go by dotted path.
    """

    name: str
    summary: str
    seed: int
    data: Mapping[str, DataTable]
    model: ModelTable
    stages: Mapping[str, Choice]
    evaluation: EvaluationTable
    compute: ComputeTable
    trackers: tuple[Choice, ...]
    source: SourceText
    components: Mapping[str, Provided[Component]]
    schemas: Mapping[str, Schema]
    """The known schema of each [data] table that names one, by the table's name."""
    _params: Mapping[str, Params]
    _draft: Draft

    def params(self, path: str) -> Params:
        """The typed parameters of a table, by dotted path: `stages.pretrain`, `stages.pretrain.objective`."""
        return self._params[path]

    def where(self, path: str) -> str:
        """Who said the value at a dotted path: `file:line`, or an option such as `--set`."""
        return self._draft.where(self.address(path))

    def address(self, path: str) -> Address:
        """A dotted path as keys and indices."""
        return self._draft.address(path.split(".") if path else ())

    def all_params(self) -> Mapping[str, Params]:
        """The typed parameters of every table, by dotted path; those of the recipe's own top under the empty one."""
        return self._params

    def files(self, data: str) -> tuple[Path, ...]:
        """The files of a [data] table, found from the data root; none where a component makes the data."""
        root = Path(self.compute.data_root).expanduser()
        return tuple(root / Path(path).expanduser() for path in self.data[data].path)

    def used_data(self) -> tuple[str, ...]:
        """The [data] tables that a stage or the evaluation reads, in file order."""
        used = {self.evaluation.data}
        for stage in self.stages:
            used |= set(getattr(self.params(f"stages.{stage}"), "data", ()))
        return tuple(name for name in self.data if name in used)

    def tables(self) -> dict[str, Any]:
        """The complete recipe as plain TOML values."""
        return {
            "name": self.name,
            "summary": self.summary,
            "seed": self.seed,
            "data": {name: _data(table) for name, table in self.data.items()},
            "model": self.model.table(),
            "stages": {name: choice.model_dump(mode="json") for name, choice in self.stages.items()},
            "evaluation": self.evaluation.table(),
            "compute": self.compute.table(),
            "trackers": [choice.model_dump(mode="json") for choice in self.trackers],
        }

    def dump(self) -> str:
        """The complete recipe as TOML. It loads to an equal one."""
        return tomli_w.dumps(self.tables())

    def __eq__(self, other: object) -> bool:
        return self.tables() == other.tables() if isinstance(other, Recipe) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.dump())


def _data(table: DataTable) -> dict[str, Any]:
    if table.dataset is not None:
        call = table.dataset.model_dump(mode="json")
    else:
        call = {"path": table.path[0] if len(table.path) == 1 else list(table.path)}
    split = table.split if isinstance(table.split, str) else table.split.table()
    limit = {} if table.max_videos is None else {"max_videos": table.max_videos}
    return {**call, "schema": table.schema, "split": split, "fold": table.fold, **limit}
