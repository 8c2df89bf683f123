"""What a recipe is made of: each table's component, who provides it, and where its code is."""

from __future__ import annotations

from dataclasses import dataclass

from aukit.recipe.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One typed call of a recipe."""

    table: str
    kind: str
    component: str
    provider: str
    version: str
    location: str
    """`path/file.py:line` of the class."""
    written: str
    """`recipe.toml:line`, or the option that brought it."""
    summary: str


def explain(recipe: Recipe) -> list[Explained]:
    """A row for each component, in the order of the recipe. Imports none of them."""
    return [
        Explained(
            table=path,
            kind=provided.record.kind,
            component=provided.name,
            provider=provided.provider,
            version=provided.version,
            location=provided.location,
            written=recipe.where(path),
            summary=provided.record.summary,
        )
        for path, provided in recipe.components.items()
    ]
