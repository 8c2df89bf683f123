"""Builds a component: find its record, validate its parameters, import its class, call the class with them"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from aukit.contracts.component import Component
from aukit.contracts.params import Params
from aukit.errors import ComponentError, MissingExtraError, did_you_mean
from aukit.hosting.host import load_host
from aukit.hosting.registry import Provided, Registry


def build(
    kind: str,
    name: str,
    wiring: Mapping[str, Any] | None = None,
    *,
    registry: Registry | None = None,
    **params: Any,
) -> Any:
    """Build the component `name` (or `provider/name`) of `kind`.

    `wiring` is what the surroundings know (see the contract of each kind), `params` what a recipe says; those
    not given have their defaults. The result is `Class(**wiring, **params)`; a stage is `Class(params=...)`.

    Raises:
        ComponentError: the name is unknown or ambiguous, a parameter is wrong, the class breaks its contract.
        MissingExtraError: the class needs packages that are not installed.
    """
    provided = (registry or load_host()).find(kind, name)
    values = validate(provided, params)
    return construct(provided, values, wiring or {})


def validate(provided: Provided[Component], table: Mapping[str, Any]) -> Params:
    """The component's parameters from a table, or from Python values that can be written as one.

    Raises:
        ComponentError: with one line for each thing that is wrong.
    """
    try:
        return provided.record.params.from_table(to_jsonable_python(dict(table)))
    except ValidationError as error:
        fields = provided.record.params.model_fields
        lines = []
        for entry in error.errors():
            path = ".".join(str(part) for part in entry["loc"])
            if entry["type"] == "extra_forbidden" and len(entry["loc"]) == 1:
                lines.append(f"`{path}`: no such parameter; {did_you_mean(path, fields)}")
            else:
                lines.append(f"`{path}`: {entry['msg']}")
        raise ComponentError(f"parameters of {label(provided)}: " + "; ".join(lines)) from error


def construct(provided: Provided[Component], params: Params, wiring: Mapping[str, Any]) -> Any:
    """`Class(**wiring, **params)`, with validated parameters.

    Raises:
        ComponentError: the class is missing or does not accept the wiring or its own parameters.
        MissingExtraError: the class needs packages that are not installed.
    """
    component = load_class(provided)
    given: dict[str, Any]
    if provided.record.kind == "stage":
        given = {"params": params}
    else:
        given = {field: getattr(params, field) for field in type(params).model_fields}
    both = sorted(given.keys() & wiring.keys())
    if both:
        raise ComponentError(f"{label(provided)} has a parameter named like its wiring: `{both[0]}`")
    arguments = {**wiring, **given}
    try:
        inspect.signature(component).bind(**arguments)
    except TypeError as error:
        raise _refused(provided, arguments, error) from error
    except ValueError:
        pass  # a class written in C may have no signature
    try:
        return component(**arguments)
    except Exception as error:
        # A module without an `__init__` of its own has torch's, which seems to take anything and refuses it inside.
        if str(error).startswith(
            f"{getattr(component, '__name__', component)}.__init__() got an unexpected keyword"
        ):
            raise _refused(provided, arguments, error) from error
        error.add_note(f"while {label(provided)} was built")
        raise


def _refused(provided: Provided[Component], arguments: Mapping[str, Any], error: Exception) -> ComponentError:
    names = ", ".join(f"`{name}`" for name in arguments) or "nothing"
    return ComponentError(
        f"{label(provided)} does not accept its arguments: {error}",
        where=provided.location,
        hint=f"a {provided.record.kind} with these parameters is called with {names}",
    )


def load_class(provided: Provided[Component]) -> Any:
    """Import the class that a record names.

    Raises:
        ComponentError: its module fails or has no such class.
        MissingExtraError: its module needs packages that an extra of its distribution brings.
    """
    record = provided.record
    module_name, _, name = record.build.partition(":")
    try:
        module = import_module(module_name)
    except ImportError as error:
        if record.extra:
            raise MissingExtraError(
                f"{label(provided)} needs packages that are not installed: {error}",
                hint=f'pip install "{provided.provider}[{record.extra}]"',
                extra=record.extra,
            ) from error
        raise ComponentError(f"{label(provided)} cannot be imported: {error}", where=module_name) from error
    if not hasattr(module, name):
        raise ComponentError(
            f"{label(provided)}: its module has no `{name}`",
            where=module_name,
            hint=did_you_mean(name, (other for other in vars(module) if not other.startswith("_"))),
        )
    return getattr(module, name)


def label(provided: Provided[Component]) -> str:
    """How messages name a component: "the temporal `bi-gru` of aukit-example-temporal 0.1.0"."""
    return f"the {provided.record.kind} `{provided.name}` of {provided.source}"
