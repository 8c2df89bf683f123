"""`aukit list-components`: every component by kind, or one component with its parameters."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel

from aukit.cli import options, terminal
from aukit.contracts.component import KINDS, Component
from aukit.errors import ComponentError, did_you_mean

if TYPE_CHECKING:
    from aukit.contracts.params import Params
    from aukit.hosting.registry import Provided, Registry

EPILOG = options.examples(
    "aukit list-components",
    "aukit list-components --kind temporal",
    "aukit list-components convgru",
    then="aukit recipes show quickstart",
)


def list_components(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show this component's parameters.")
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only this kind.")] = None,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
    as_json: options.Json = False,
) -> None:
    """List the components that a recipe can name, or show one with its parameters."""
    if kind is not None and kind not in KINDS:
        raise ComponentError(f"there is no kind of component `{kind}`", hint=did_you_mean(kind, KINDS))
    registry = options.load_registry(no_plugins, plugin)
    if name is None:
        found = registry.components(kind)
        if as_json:
            terminal.document([record(provided) for provided in found])
        else:
            listing(found, [kind] if kind else KINDS)
        return
    found = named(registry, name, kind)
    if as_json:
        terminal.document([{**record(item), "parameters": parameters(item.record.params)} for item in found])
        return
    for number, item in enumerate(found):
        if number:
            terminal.out()
        card(item)


def named(registry: Registry, name: str, kind: str | None) -> list[Provided[Component]]:
    """The components called `name` (or `provider/name`), of one kind or of all.

    Raises:
        ComponentError: there is none, or two providers bring it.
    """
    provider, _, bare = name.rpartition("/")
    options_ = registry.components(kind)
    kinds = {item.record.kind for item in options_ if item.name == bare and provider in ("", item.provider)}
    if kind is not None or len(kinds) == 1:
        return [registry.find(kind or kinds.pop(), name)]
    if not kinds:
        raise ComponentError(
            f"there is no component `{name}`", hint=did_you_mean(bare, {item.name for item in options_})
        )
    return [registry.find(one, name) for one in KINDS if one in kinds]


def listing(found: list[Provided[Component]], kinds: Iterable[str]) -> None:
    """Each kind, then its components with provider and summary."""
    names = max((len(item.name) for item in found), default=0)
    providers = max((len(item.provider) for item in found), default=0)
    for number, kind in enumerate(kinds):
        if number:
            terminal.out()
        terminal.out(f"{kind}: {KINDS[kind]}")
        here = [item for item in found if item.record.kind == kind]
        for item in here:
            terminal.out(f"  {item.name:<{names}}  {item.provider:<{providers}}  {item.record.summary}")
        if not here:
            terminal.out("  (none)")


def card(item: Provided[Component]) -> None:
    """One component: where it comes from, and a table of its parameters."""
    terminal.out(f"{item.record.kind} {item.name}: {item.record.summary}")
    terminal.out(f"from {item.source}, {options.shorter(item.location)}")
    if item.record.cite:
        terminal.out(f"source: {item.record.cite}")
    if item.record.extra:
        terminal.out(f'needs: pip install "{item.provider}[{item.record.extra}]"')
    found = parameters(item.record.params)
    if not found:
        terminal.out("no parameters")
        return
    terminal.out()
    terminal.table(
        ("parameter", "type and default, meaning"),
        [(row["name"], f"{row['type']}{_default(row['default'])}\n{row['description']}") for row in found],
    )


def _default(text: str) -> str:
    return f" ({text})" if text == "required" else f", default {text}" if text else ""


def record(item: Provided[Component]) -> dict[str, Any]:
    """A component as JSON."""
    return {
        "kind": item.record.kind,
        "name": item.name,
        "summary": item.record.summary,
        "provider": item.provider,
        "version": item.version,
        "location": item.location,
        "cite": item.record.cite,
    }


def parameters(params: type[Params]) -> list[dict[str, str]]:
    """Name, type with range, default and description of each parameter, as a recipe would write them."""
    from aukit.contracts.params import slots

    kinds = slots(params)
    fields = {field.alias or name: field for name, field in params.model_fields.items()}
    schema = params.model_json_schema()
    required = set(schema.get("required", ()))
    rows = []
    for name, field in schema.get("properties", {}).items():
        default = fields[name].get_default(call_default_factory=True)
        rows.append(
            {
                "name": name,
                "type": kinds.get(name) or type_name(field, schema.get("$defs", {})),
                "default": "required" if name in required else toml(default),
                "description": str(field.get("description", "")),
            }
        )
    return rows


def toml(value: Any) -> str:
    """A default as a recipe writes it; empty for None, which TOML does not have."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
        if set(value) == {"name"}:
            value = value["name"]
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return "" if value is None else json.dumps(value, ensure_ascii=False)


BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
WORDS = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "object": "table"}


def type_name(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A JSON schema's type for a reader: `int >= 1`, `list of float`, `"fp32" | "bf16"`."""
    if "$ref" in field:
        return type_name(definitions[field["$ref"].rsplit("/", 1)[-1]], definitions)
    either = field.get("anyOf") or field.get("oneOf")
    if either:
        parts = [type_name(part, definitions) for part in either if part.get("type") != "null"]
        return " | ".join(dict.fromkeys(parts))
    if "enum" in field or "const" in field:
        return " | ".join(json.dumps(value) for value in field.get("enum", [field.get("const")]))
    kind = str(field.get("type", "any"))
    if kind == "array":
        items = field.get("items") or (field.get("prefixItems") or [{}])[0]
        return f"list of {type_name(items, definitions)}" if items else "list"
    bounds = [f"{sign} {field[key]:g}" for key, sign in BOUNDS.items() if key in field]
    return " ".join([WORDS.get(kind, kind), ", ".join(bounds)]).strip()
