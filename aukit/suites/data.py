"""Data that recipes make by themselves: made before the first run, since two runs at a time would both make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aukit.contracts.run import Event
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe
from aukit.training.tables import generate, table_paths


def make_data(recipes: Sequence[Recipe], registry: Registry, tell: Callable[[Event], None]) -> None:
    """Make the stores of all generated data sets that the recipes use and that are not there.

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
