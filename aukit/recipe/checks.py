"""What must hold between the tables of a recipe: data that stages name, splits, folds and AUs. Reads no data."""

from __future__ import annotations

from collections.abc import Sequence

from aukit.contracts.run import StageParams
from aukit.contracts.schema import Schema
from aukit.errors import ComponentError, did_you_mean
from aukit.recipe.paths import Path
from aukit.recipe.resolve import Resolver


def check(resolved: Resolver) -> dict[str, Schema]:
    """Note every contradiction in `resolved.problems`; the known schema of each [data] table that names one."""
    schemas = _schemas(resolved)
    for top, example in (("data", "[data.faces]"), ("stages", "[stages.finetune]")):
        if not resolved.draft.get((top,)):
            resolved.problem((top,), "a recipe needs at least one", f"such as {example}")
    for name, schema in schemas.items():
        _split(resolved, name, schema)
    for path, provided in resolved.components.items():
        if issubclass(provided.record.params, StageParams):
            _known(resolved, (*resolved.draft.address(path.split(".")), "data"))
    _known(resolved, ("evaluation", "data"))
    _earlier(resolved)
    for stage, names in label_stages(resolved):
        _labels(resolved, stage, names, schemas)
    return schemas


def label_stages(resolved: Resolver) -> list[tuple[str, tuple[str, ...]]]:
    """The stages that are shown labels, with the data these come from."""
    return [
        (name, params.data)
        for name in resolved.stages
        if isinstance(params := resolved.params[f"stages.{name}"], StageParams) and params.sees_labels()
    ]


# What is written is looked at, not what resolved, so that one wrong key does not hide a wrong name beside it.
def _known(resolved: Resolver, path: Path) -> None:
    """Refuse names of [data] tables that this recipe does not have."""
    tables = resolved.draft.get(("data",))
    tables = tables if isinstance(tables, dict) else {}
    written = resolved.draft.get(path)
    if written == []:
        resolved.problem(path, "names no data table", did_you_mean("", tables))
    for data in written if isinstance(written, list) else [written]:
        if isinstance(data, str) and data and data not in tables:
            resolved.problem(path, f"this recipe has no data table `{data}`", did_you_mean(data, tables))


def _earlier(resolved: Resolver) -> None:
    """Refuse names of stages that do not come before the one that uses them."""
    written = resolved.draft.get(("stages",))
    order = list(written) if isinstance(written, dict) else []
    for number, stage in enumerate(order):
        params = resolved.params.get(f"stages.{stage}")
        for key, named in params.stages().items() if isinstance(params, StageParams) else ():
            if named and named not in order[:number]:
                message = f"no stage `{named}` comes before `{stage}`"
                resolved.problem(("stages", stage, key), message, did_you_mean(named, order[:number]))


def _schemas(resolved: Resolver) -> dict[str, Schema]:
    """The known schema of each [data] table that names one; an unknown one is noted."""
    found = {}
    tables = resolved.draft.get(("data",))
    for name, table in tables.items() if isinstance(tables, dict) else ():
        schema = table.get("schema") if isinstance(table, dict) else None
        if isinstance(schema, str) and schema:
            try:
                found[name] = resolved.registry.schema(schema).record
            except ComponentError as error:
                resolved.problem(("data", name, "schema"), error.message, error.hint)
    return found


def _split(resolved: Resolver, name: str, schema: Schema) -> None:
    table = resolved.data.get(name)
    if table is None or not isinstance(table.split, str) or not schema.splits:
        return
    folds = schema.splits.get(table.split)
    if folds is None:
        message = f"`{schema.name}` has no split `{table.split}`"
        resolved.problem(("data", name, "split"), message, did_you_mean(table.split, schema.splits))
    elif table.fold > len(folds):
        plural = "s" if len(folds) > 1 else ""
        message = (
            f"the split `{table.split}` of `{schema.name}` has {len(folds)} fold{plural}, got {table.fold}"
        )
        resolved.problem(("data", name, "fold"), message)


def _labels(resolved: Resolver, stage: str, data: Sequence[str], schemas: dict[str, Schema]) -> None:
    """Refuse AUs that none of a stage's data codes, where all of them say what they code."""
    if not data:
        return
    coded: dict[str, None] = {}
    for name in data:
        aus = _aus(resolved, name, schemas)
        if aus is None:
            return
        coded |= dict.fromkeys(aus)
    if not coded:
        message = "learns from labels, and its data have none"
        resolved.problem(("stages", stage, "data"), message, "name a data table with labels")
        return
    for au in resolved.model.aus if resolved.model else ():
        if au not in coded:
            message = f"the data of the stage `{stage}` do not code `{au}`"
            resolved.problem(("model", "aus"), message, "they code " + ", ".join(f"`{au}`" for au in coded))


def _aus(resolved: Resolver, name: str, schemas: dict[str, Schema]) -> tuple[str, ...] | None:
    """The AUs that a data table codes; None where only its files can tell."""
    if name in schemas and not schemas[name].example:
        return schemas[name].aus
    table = resolved.data.get(name)
    params = resolved.params.get(f"data.{name}") if table and table.dataset else None
    aus = getattr(params, "aus", None)
    return aus if isinstance(aus, tuple) else None
