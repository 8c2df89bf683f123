"""Markdown tables of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aukit.cli.list_components import parameters
from aukit.contracts.params import Params
from aukit.recipe.messages import nested


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. A bar may stand inside code, where it does not end a cell."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Text as code; nothing where there is none."""
    return f"`{text}`" if text else ""


def parameter_table(params: type[Params]) -> str:
    """Name, type, default and meaning of each parameter, in the words of `aukit list-components NAME`."""
    rows = parameters(params)
    if not rows:
        return "No parameters."
    return table(
        ("parameter", "type", "default", "meaning"),
        [
            (
                code(row["name"]),
                code(row["type"]),
                row["default"] if row["default"] == "required" else code(row["default"]),
                row["description"].replace("<", "&lt;"),
            )
            for row in rows
        ],
    )


def inner_tables(params: type[Params]) -> Iterator[tuple[str, type[Params]]]:
    """The fields of a parameter model that are tables themselves; slots are not, they hold components."""
    for name in params.model_fields:
        for model in nested(params, name):
            if issubclass(model, Params):
                yield name, model
