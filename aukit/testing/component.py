"""The contract check of a component, found by name or given as a record."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from aukit.contracts.component import Component
from aukit.contracts.params import Params
from aukit.hosting.build import construct, label, validate
from aukit.hosting.host import load_host
from aukit.hosting.registry import Registry
from aukit.testing.checks.params import check_params, merge
from aukit.testing.contract import ContractError, require
from aukit.testing.host import empty_host

_SLOW = ("dataset", "stage")
"""Kinds that are tried as `--smoke` would have them."""


def check_component(
    component: Component | str,
    *,
    registry: Registry | None = None,
    options: Mapping[str, Any] | None = None,
    **params: Any,
) -> None:
    """Check that a component keeps the contract of its kind, with these parameters.

    `component` is a record, or "kind/name" (also "kind/provider/name") in `registry` or among what is
    installed. `options` go to the check of its kind, such as `root` for a data set, `frame` for a locator.

    Raises:
        ContractError: with the first sentence that is not kept.
        ComponentError: there is no such component, or it cannot be built.
    """
    if isinstance(component, Component):
        provided = empty_host(component).find(component.kind, component.name)
    else:
        kind, _, name = component.partition("/")
        provided = (registry or load_host()).find(kind, name)
    record = provided.record
    if "data" in record.params.model_fields and record.kind == "stage":
        params.setdefault("data", "tiny")
    try:
        require(record.summary.strip(), "it has no summary")
        first = check_params(record.params, **params)
        if record.kind in _SLOW:
            table = merge(first.table(), first.smoke())
            first = validate(provided, merge(table, {name: first.table()[name] for name in params}))

        def make(*, params: Params = first, **wiring: Any) -> Any:
            return construct(provided, params, wiring)

        module = importlib.import_module(f"aukit.testing.checks.{record.kind}")
        getattr(module, f"check_{record.kind}")(make, **(options or {}))
    except ContractError as error:
        raise ContractError(f"{label(provided)}: {error}") from error
