"""A store and a recipe that train in a second, and one call that runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aukit.contracts.run import Event

RECIPE = """
name = "tiny"
seed = 3

[data.faces]
path = "tiny.h5"

[model]
backbone = {{ name = "resnet18-256", width = 4, channels = 8, blocks = [1, 1, 1, 1], output_stride = 8 }}

[stages.pretrain]
name = "contrastive"
data = "faces"
batch = 3
people = 2
stride = 1
steps = 6
validate_every = 3
validate_batches = 1
objective = {{ name = "dpc-nce", frames = 5, context = 3 }}
augmentation = {{ name = "fast" }}

[stages.finetune]
name = "regression"
data = "faces"
batch = 4
window = 5
steps = 6
evaluate_every = 3
sampler = {{ name = "random", fraction = 0.2 }}
optimizer = {{ lr = 1e-3 }}
augmentation = {{ name = "fast" }}

[evaluation]
resamples = 20

[compute]
device = "cpu"
checkpoint_every = 2
data_root = "{root}"
"""


@pytest.fixture(scope="session")
def store_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny.h5`: eight people, two AUs."""
    from aukit.testing.store import tiny_store

    folder = tmp_path_factory.mktemp("data")
    tiny_store(folder / "tiny.h5", people=8, aus=("AU04", "AU12"), frames=30)
    return folder


@pytest.fixture(scope="session")
def recipe_text(store_root: Path) -> str:
    """The recipe, with the store's folder filled in."""
    return RECIPE.format(root=store_root)


@pytest.fixture
def recipe_file(recipe_text: str, tmp_path: Path) -> Path:
    """The recipe on disk."""
    path = tmp_path / "tiny.toml"
    path.write_text(recipe_text, encoding="utf-8")
    return path


@pytest.fixture
def go(recipe_file: Path) -> Callable[..., Any]:
    """`go(folder, *overrides, recipe=..., resuming=False, on_event=None)`: load the recipe and run it, no report."""
    return lambda folder, *overrides, recipe=recipe_file, **options: _run(
        recipe, folder, overrides, **options
    )


@pytest.fixture(scope="session")
def finished(recipe_text: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """A finished run's folder, and the events it told."""
    place, events = tmp_path_factory.mktemp("finished"), list[Event]()
    (place / "tiny.toml").write_text(recipe_text, encoding="utf-8")
    _run(place / "tiny.toml", place / "run", (), on_event=events.append)
    return place / "run", events


def _run(recipe: Path, folder: Path, overrides: tuple[str, ...], **options: Any) -> Any:
    from aukit.hosting.host import load_host
    from aukit.recipe import load_recipe
    from aukit.training.run import run

    registry = load_host(plugins=False)
    return run(
        load_recipe(recipe, overrides=overrides, registry=registry), registry=registry, out=folder, **options
    )
