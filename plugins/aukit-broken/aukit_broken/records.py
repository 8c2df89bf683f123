"""Returns records that do not stand, among one that does."""

from __future__ import annotations

from typing import Any

import aukit


def _component(**changes: Any) -> aukit.Component:
    fields: dict[str, Any] = {
        "kind": "temporal",
        "name": "broken-record",
        "build": "aukit_broken.late:Late",
        "summary": "a record",
    }
    return aukit.Component(**{**fields, **changes})


@aukit.hookimpl
def aukit_components() -> list[aukit.Component]:
    """One fault each; the last is well."""
    return [
        _component(kind="temporl"),
        _component(name="two words"),
        _component(build="aukit_broken.late.Late"),
        _component(params=dict),
        _component(name="broken-survivor"),
        _component(name="broken-survivor"),
    ]
