"""Which keys may stand at a place of a recipe: what `--set`, ablations and unknown-key messages go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from aukit.contracts.params import Choice, slots
from aukit.errors import ComponentError
from aukit.hosting.registry import Registry
from aukit.recipe.draft import Draft
from aukit.recipe.messages import names, nested
from aukit.recipe.paths import Path, has
from aukit.recipe.tables import TOP_KEYS, CommonData, ComputeTable, EvaluationTable, ModelTable, StoredData

FIXED: Mapping[str, type[BaseModel]] = {
    "model": ModelTable,
    "evaluation": EvaluationTable,
    "compute": ComputeTable,
}
"""The tables whose keys are the same in every recipe."""

CALLS: Mapping[str, str] = {"data": "dataset", "stages": "stage", "trackers": "tracker"}
"""The tables that hold typed calls, with the kind of component they call."""


@dataclass(frozen=True)
class Shape:
    """The keys that may stand in a table; None where nothing can be said, because its component is unknown."""

    owner: str
    keys: Sequence[str] | None
    holds: str = ""
    """What the keys name, where a recipe chooses them itself."""


def shape_at(path: Path, draft: Draft, registry: Registry) -> Shape | None:
    """What may stand in the table at `path`; None where a plain value stands and not a table."""
    if not path:
        return Shape("a recipe", [key for key in TOP_KEYS if key != "extends"])
    top = str(path[0])
    if top in FIXED:
        return _inside(FIXED[top], f"[{top}]", path, 1, draft, registry)
    if top not in CALLS:
        return None
    if len(path) == 1:
        held = draft.get(path)
        indices = [str(index) for index in range(len(held))] if isinstance(held, list) else []
        keys = list(held) if isinstance(held, dict) else indices
        return Shape(
            "this recipe", keys, {"data": "data table", "stages": "stage", "trackers": "tracker"}[top]
        )
    if top == "data":
        return _data(path, draft, registry)
    return _call(CALLS[top], None, path, 2, draft, registry)


def _data(path: Path, draft: Draft, registry: Registry) -> Shape | None:
    if len(path) > 2 and path[2] in names(StoredData):
        return _inside(StoredData, "a data table", path, 2, draft, registry)
    if not has(draft.get(path[:2]), "name"):
        return Shape("a data table", [*names(StoredData), "name"]) if len(path) == 2 else None
    shape = _call("dataset", None, path, 2, draft, registry)
    if len(path) > 2 or shape is None or shape.keys is None:
        return shape
    return Shape(shape.owner, [*shape.keys, *names(CommonData), "path"])


def _call(
    kind: str, default: Choice | None, path: Path, depth: int, draft: Draft, registry: Registry
) -> Shape | None:
    name = draft.get((*path[:depth], "name")) or (default.name if default else None)
    try:
        params = registry.find(kind, str(name)).record.params
    except ComponentError:
        return Shape(f"`{name}`", None)
    if len(path) == depth:
        return Shape(f"`{name}`", ["name", *names(params)])
    if path[depth] == "name":
        return None
    return _inside(params, f"`{name}`", path, depth, draft, registry)


def _inside(
    model: type[BaseModel], owner: str, path: Path, depth: int, draft: Draft, registry: Registry
) -> Shape | None:
    if len(path) == depth:
        return Shape(owner, names(model))
    key = str(path[depth])
    kind = slots(model).get(key)
    if kind:
        return _call(kind, model.model_fields[key].default, path, depth + 1, draft, registry)
    models = nested(model, key)
    if not models:
        return None
    if len(models) == 1:
        return _inside(models[0], f"`{key}`", path, depth + 1, draft, registry)
    keys = dict.fromkeys(name for one in models for name in names(one))
    return Shape(f"`{key}`", list(keys)) if len(path) == depth + 1 else None
