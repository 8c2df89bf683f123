"""Data of a suite's runs, before the first of them: what recipes make by themselves, and what would not go together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aukit.contracts.run import Event, Note
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe
from aukit.training.tables import generate, table_paths


def make_data(recipes: Sequence[Recipe], registry: Registry, tell: Callable[[Event], None]) -> None:
    """Make the stores of all generated data sets that the recipes use and that are not there.

    Before the first run, since two runs at a time would both make them.

    Raises:
        StorageError: the disk is full or the data root cannot be written.
    """
    made: set[Path] = set()
    for recipe in recipes:
        for name in recipe.used_data():
            dataset, path = recipe.data[name].dataset, table_paths(recipe, name)[0]
            if dataset and path not in made:
                generate(dataset, path, registry=registry, emit=tell)
                made.add(path)


def tell_mixture(recipes: Sequence[Recipe], tell: Callable[[Event], None]) -> None:
    """Warn where some runs see stand-ins and others real data alone: no table would show them together."""
    some = {_sees_stand_ins(recipe) for recipe in recipes}
    if len(some) > 1:
        text = "some runs see stand-ins and others do not: their table is refused, but for `aukit compare --force`"
        tell(Note(text=text, level="warning"))


def _sees_stand_ins(recipe: Recipe) -> bool:
    datasets = [recipe.data[name].dataset for name in recipe.used_data()]
    return any(dataset.params.get("origin") == "stand-in" for dataset in datasets if dataset)
