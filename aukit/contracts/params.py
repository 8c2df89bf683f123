"""`Params`: the one source of a component's defaults, types, help text, validation and documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field


class Choice(BaseModel):
    """A typed call inside a recipe: the name of a component and that component's parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def params(self) -> dict[str, Any]:
        """The component's parameters, without its name."""
        return dict(self.model_extra or {})


class Params(BaseModel):
    """Base of every component's parameters. Frozen; an unknown key is an error; importable without torch.

    TOML's `inf` and `nan` are refused: a rate or a bound that is one of them is a mistake.
    Field descriptions become help text, so write them for a reader: unit, range, and the source of the default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Validate a TOML table. JSON's strict mode is what TOML means: `"5"` is no number, an array may be a tuple.

        Raises:
            pydantic.ValidationError: with one entry for each thing that is wrong.
        """
        return cls.model_validate_json(json.dumps(table), strict=True)

    def table(self) -> dict[str, Any]:
        """The parameters as plain TOML values; a field that is None is left out (TOML has no null)."""
        return self.model_dump(mode="json", exclude_none=True)

    def smoke(self) -> dict[str, Any]:
        """Overrides that make this component take seconds: what `--smoke` sets. Nothing by default."""
        return {}

    def cites(self) -> str:
        """Sources of what these values turn on, beside the component's own, separated by `;`. None by default."""
        return ""


def slot(kind: str, default: str, *, description: str = "", **params: Any) -> Any:
    """A field of `Params` that holds another component: `loss: Choice = slot("loss", "l2")`.

    The recipe resolver looks the name up under `kind` and validates the rest against that component's own parameters.
    """
    return Field(
        default=Choice(name=default, **params),
        description=description or f"the {kind} component",
        json_schema_extra={"aukit_kind": kind},
    )


def slots(params: type[BaseModel]) -> dict[str, str]:
    """The component slots of a parameter model: field name -> kind."""
    found = {}
    for name, field in params.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "aukit_kind" in extra:
            found[name] = str(extra["aukit_kind"])
    return found
