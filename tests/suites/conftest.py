"""A suite of three variants that trains in seconds."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aukit.contracts.run import Event

RECIPE = """
name = "tiny"

[data.faces]
path = "tiny.h5"

[model]
backbone = {{ name = "resnet18-256", width = 4, channels = 8, blocks = [1, 1, 1, 1], output_stride = 8 }}

[stages.pretrain]
name = "contrastive"
data = "faces"
batch = 3
stride = 1
steps = 2
validate_every = 2
validate_batches = 1
objective = {{ name = "dpc-nce", frames = 5, context = 3 }}
augmentation = {{ name = "fast" }}

[stages.finetune]
name = "regression"
data = "faces"
batch = 4
window = 5
steps = 4
evaluate_every = 2
sampler = {{ name = "random", fraction = 0.2 }}
optimizer = {{ lr = 1e-3 }}
augmentation = {{ name = "fast" }}

[evaluation]
resamples = 20

[compute]
device = "cpu"
checkpoint_every = 1
data_root = "{root}"
"""

SUITE = """
name = "three"
summary = "pre-trained, from scratch, and one that starts from another's weights"

[suite]
recipe = "tiny.toml"
hypothesis = "pre-training raises the mean ICC"
seeds = [0, 1]
set = { "stages.finetune.batch" = 3 }

[variants.after]
title = "from the weights of scratch"
set = { "model.weights" = "{scratch}" }
remove = ["stages.pretrain"]

[variants.pretrained]
title = "pre-trained"

[variants.slower]
title = "pre-trained, half the rate"
set = { "stages.finetune.optimizer.lr" = 5e-4 }

[variants.scratch]
ablate = ["no-pretraining"]
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
    """The recipe that the variants start from."""
    return RECIPE.format(root=store_root)


@pytest.fixture
def suite_file(recipe_text: str, tmp_path: Path) -> Path:
    """The suite on disk, its recipe beside it."""
    return write_suite(tmp_path, recipe_text)


def write_suite(folder: Path, recipe: str, suite: str = SUITE) -> Path:
    """Write recipe and suite into a folder; returns the suite."""
    (folder / "tiny.toml").write_text(recipe, encoding="utf-8")
    (folder / "three.toml").write_text(suite, encoding="utf-8")
    return folder / "three.toml"


@pytest.fixture(scope="session")
def finished(recipe_text: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """The folder of the suite, finished two runs at a time, and all events."""
    place, events = tmp_path_factory.mktemp("suite"), list[Event]()
    run(write_suite(place, recipe_text), out=place / "out", jobs=2, on_event=events.append)
    return place / "out", events


def run(file: Path, *, overrides: tuple[str, ...] = (), **options: Any) -> Any:
    """Load a suite and run it."""
    from aukit.suites.run import run_suite

    return run_suite(load(file, *overrides), **options)


def load(file: Path, *overrides: str) -> Any:
    """Load a suite."""
    from aukit.hosting.host import load_host
    from aukit.suites.load import Options, load_suite

    return load_suite(file, registry=load_host(plugins=False), options=Options(overrides=overrides))


@pytest.fixture
def tools() -> SimpleNamespace:
    """`text`: the suite; `write(folder, recipe, suite)`, `load(file, *overrides)`, `run(file, **options)`."""
    return SimpleNamespace(text=SUITE, write=write_suite, load=load, run=run)
