"""The tables of a suite's file: what all variants have in common, and what each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from aukit.contracts.params import Params
from aukit.rundir.suite import Shows


class SuiteTable(Params):
    """[suite]: what every variant starts from, over which folds and seeds, and what is to be found out."""

    recipe: str = Field(
        "", description="the recipe that variants start from: a file beside the suite, or a shipped name"
    )
    hypothesis: str = Field(
        min_length=1,
        description="what is expected, in a sentence that can turn out wrong; kept with the plan",
    )
    primary: Literal["icc", "mae", "mse"] = Field(
        "icc", description="the metric that the hypothesis is about, mean over AUs"
    )
    shows: Shows = Field(
        "intensity",
        description="`intensity`: scores on test people; `prediction`: how well pre-training predicts; `labels`: how "
        "the levels are distributed",
    )
    fold_of: str = Field("", description="the [data] table whose fold varies; empty: none does")
    folds: tuple[int, ...] = Field((1,), min_length=1, description="folds, each with runs of its own")
    seeds: tuple[int, ...] = Field((0,), min_length=1, description="seeds, each with runs of its own")
    differs: tuple[Literal["labels", "aus", "origin", "test"], ...] = Field(
        (), description="what variants differ in on purpose, so that their table is not refused for it"
    )
    published: str = Field("", description="the table of published numbers that belongs beside it")
    ablate: tuple[str, ...] = Field((), description="ablations for every variant")
    set: dict[str, Any] = Field(
        {},
        description='values for every variant, by dotted path in quotes: { "stages.finetune.steps" = 500 }',
    )

    @field_validator("set")
    @classmethod
    def _quoted(cls, values: dict[str, Any]) -> dict[str, Any]:
        return quoted(values)

    @field_validator("folds", "seeds", "ablate")
    @classmethod
    def _once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(set(values)) < len(values):
            raise ValueError("something stands there twice")
        return values


class VariantTable(Params):
    """[variants.NAME]: one row of the table. It is laid over the common recipe in this order: ablate, remove, set."""

    title: str = Field("", description="what the table calls it; empty: its name")
    published: str = Field("", description="its row among the published numbers; empty: none")
    recipe: str = Field("", description="another recipe to start from than the suite's")
    ablate: tuple[str, ...] = Field((), description="ablations, after those for every variant")
    remove: tuple[str, ...] = Field((), description="dotted paths that are taken out")
    set: dict[str, Any] = Field(
        {},
        description="values by dotted path in quotes; `{NAME}` in a text is the run folder of the variant NAME at the "
        "same fold and seed, which then runs first",
    )

    @field_validator("set")
    @classmethod
    def _quoted(cls, values: dict[str, Any]) -> dict[str, Any]:
        return quoted(values)


def quoted(values: dict[str, Any]) -> dict[str, Any]:
    """The values of `set`, whose keys are whole paths.

    Raises:
        ValueError: a key without a dot holds a table: a path that was not put in quotes.
    """
    for key, value in values.items():
        if "." not in key and isinstance(value, Mapping) and value:
            raise ValueError(f'put the whole path in quotes: "{key}.{next(iter(value))}"')
    return values
