"""From plain tables to typed ones, in two steps: look the component up, then validate against its own parameters.

Nothing stops at the first problem: all of them are collected.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from aukit.contracts.component import Component
from aukit.contracts.params import Choice, Params, slots
from aukit.errors import ComponentError, Problem, did_you_mean
from aukit.hosting.registry import Provided, Registry
from aukit.recipe.draft import Draft
from aukit.recipe.messages import article, names, problems, shown, unknown
from aukit.recipe.paths import Path, dotted, walk
from aukit.recipe.tables import (
    TOP_KEYS,
    CommonData,
    ComputeTable,
    DataTable,
    EvaluationTable,
    HeadTable,
    ModelTable,
    StoredData,
)

_Table = TypeVar("_Table", bound=Params)
_TABLE_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Resolver:
    """Resolves a draft once. What stands is in the attributes, what does not in `problems`."""

    def __init__(self, draft: Draft, registry: Registry) -> None:
        self.draft = draft
        self.registry = registry
        self.problems: list[Problem] = []
        self.params: dict[str, Params] = {}
        self.components: dict[str, Provided[Component]] = {}
        self._no_dates()
        self.head = self._head()
        self.data = self._named("data", self._data)
        self.model = self._fixed("model", ModelTable)
        self.stages = self._named("stages", self._stage)
        self.evaluation = self._fixed("evaluation", EvaluationTable)
        self.compute = self._fixed("compute", ComputeTable)
        self.trackers = self._trackers()

    def problem(self, path: Path, message: str, hint: str = "") -> None:
        """Note what is wrong at a path."""
        self.problems.append(
            Problem(where=self.draft.where(path), path=dotted(path), message=message, hint=hint)
        )

    def _no_dates(self) -> None:
        for path, value in list(walk(self.draft.tables)):
            if isinstance(value, datetime.date | datetime.time):
                self.problem(
                    path, f"no value of a recipe is a date or a time, got {value}", "put it in quotes"
                )
                self.draft.put(path, str(value), self.draft.where(path))

    def _head(self) -> HeadTable | None:
        for key in [key for key in self.draft.tables if key not in TOP_KEYS]:
            self.problem((key,), *unknown(key, TOP_KEYS, owner="a recipe"))
        known = names(HeadTable)
        table = {key: value for key, value in self.draft.tables.items() if key in known}
        return self._validate((), table, HeadTable, "a recipe")

    def _fixed(self, name: str, model: type[_Table]) -> _Table | None:
        table = self._table((name,))
        return None if table is None else self._validate((name,), table, model, f"[{name}]")

    def _named(self, top: str, resolve: Any) -> dict[str, Any]:
        """The tables of [data] or [stages] that stand, by name, in file order."""
        found = {}
        for name in self._table((top,)) or {}:
            path = (top, name)
            if not _TABLE_NAME.fullmatch(name):
                self.problem(path, "the name of a table has letters, digits, `-` and `_` only")
                continue
            table = self._table(path)
            resolved = None if table is None else resolve(path, table)
            if resolved is not None:
                found[name] = resolved
        return found

    def _data(self, path: Path, table: Mapping[str, Any]) -> DataTable | None:
        if "name" in table and "path" in table:
            self.problem(
                path, "gives both `name` and `path`", "`name` makes the data, `path` reads prepared files"
            )
            return None
        if "name" not in table and "path" not in table:
            kinds = ", ".join(f"`{item.name}`" for item in self.registry.components("dataset"))
            hint = f"`path` names a prepared .h5 file, `name` a dataset: {kinds}"
            self.problem(path, "gives neither `path` nor `name`", hint)
            return None
        if "path" in table:
            stored = self._validate(path, table, StoredData, "a data table")
            return None if stored is None else _data_table(stored, None, stored.path)
        shared = {key: value for key, value in table.items() if key in names(CommonData)}
        own = {key: value for key, value in table.items() if key not in shared}
        choice = self._call(path, own, "dataset")
        dataset = self.params.get(dotted(path))
        common = self._validate(path, shared, CommonData, "a data table")
        if choice is None or common is None or dataset is None:
            return None
        self.params[dotted(path)] = dataset
        return _data_table(common, choice, ())

    def _stage(self, path: Path, table: Mapping[str, Any]) -> Choice | None:
        return self._call(path, table, "stage")

    def _trackers(self) -> tuple[Choice, ...]:
        tables = self.draft.get(("trackers",))
        if tables is None:
            return ()
        if not isinstance(tables, list):
            self.problem(
                ("trackers",), f"expected an array of tables, got {shown(tables)}", "write [[trackers]]"
            )
            return ()
        found = []
        for index in range(len(tables)):
            table = self._table(("trackers", index))
            choice = None if table is None else self._call(("trackers", index), table, "tracker")
            if choice is not None:
                found.append(choice)
        return tuple(found)

    def _table(self, path: Path) -> dict[str, Any] | None:
        table = self.draft.get(path)
        if table is None:
            return {}
        if isinstance(table, dict):
            return table
        self.problem(path, f"expected a table, got {shown(table)}")
        return None

    def _call(
        self, path: Path, table: Mapping[str, Any], kind: str, default: Choice | None = None
    ) -> Choice | None:
        """The typed call that a table is, complete; without `name` it changes the default call."""
        if "name" not in table and default is not None:
            table = {"name": default.name, **default.params, **table}
        name = table.get("name")
        if name is None:
            options = [item.name for item in self.registry.components(kind)]
            self.problem(path, f"has no `name`: which {kind} is it?", did_you_mean("", options))
            return None
        if not isinstance(name, str):
            self.problem((*path, "name"), f"expected text in quotes, got {shown(name)}")
            return None
        try:
            provided = self.registry.find(kind, name)
        except ComponentError as error:
            self.problem((*path, "name"), error.message, error.hint)
            return None
        self.components[dotted(path)] = provided
        rest = {key: value for key, value in table.items() if key != "name"}
        params = self._validate(path, rest, provided.record.params, f"`{name}`")
        return None if params is None else Choice(name=name, **params.table())

    def _validate(
        self, path: Path, table: Mapping[str, Any], model: type[_Table], owner: str
    ) -> _Table | None:
        table = dict(table)
        complete = True
        for field, kind in slots(model).items():
            choice = self._slot((*path, field), table.get(field), kind, model.model_fields[field].default)
            complete = complete and choice is not None
            table.pop(field, None)
            if choice is not None:
                table[field] = {"name": choice.name, **choice.params}
        try:
            params = model.from_table(table)
        except ValidationError as error:
            self.problems += problems(error, table, model, path, self.draft.where, owner=owner)
            return None
        if not complete:
            return None
        self.params[dotted(path)] = params
        return params

    def _slot(self, path: Path, value: Any, kind: str, default: Choice) -> Choice | None:
        if value is not None and not isinstance(value, dict):
            hint = f"write {{ name = {shown(value)} }}" if isinstance(value, str) else ""
            self.problem(path, f"expected a table that names {article(kind)}, got {shown(value)}", hint)
            return None
        return self._call(path, value or {}, kind, default)


def _data_table(common: CommonData, dataset: Choice | None, path: Sequence[str]) -> DataTable:
    return DataTable(
        dataset=dataset,
        path=tuple(path),
        schema=common.schema_name,
        split=common.split,
        fold=common.fold,
        max_videos=common.max_videos,
    )
