"""Runs of a real recipe on a tiny store, compared: what runs write is what a comparison reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aukit.compare.compare import compare_runs
from aukit.compare.result import MEAN
from aukit.rundir.atomic import read_json

RECIPE = """
name = "tiny"
[data.faces]
path = "tiny.h5"
split = { validation = 0.2, test = 0.5 }
[model]
backbone = { name = "resnet18-256", width = 4, channels = 8, blocks = [1, 1, 1, 1], output_stride = 8 }
[stages.pretrain]
name = "contrastive"
data = "faces"
batch = 2
stride = 1
steps = 2
validate_every = 1
validate_batches = 1
objective = { name = "dpc-nce", frames = 5, context = 3 }
augmentation = { name = "fast" }
[stages.finetune]
name = "regression"
data = "faces"
batch = 4
window = 5
steps = 2
evaluate_every = 1
sampler = { name = "random", fraction = 0.2 }
augmentation = { name = "fast" }
[evaluation]
resamples = 20
[compute]
device = "cpu"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from aukit.hosting.host import load_host
    from aukit.recipe import load_recipe
    from aukit.testing.store import tiny_store
    from aukit.training.run import run

    here, registry = tmp_path_factory.mktemp("real"), load_host(plugins=False)
    tiny_store(here / "tiny.h5", people=8, aus=("AU04", "AU12"), frames=30)
    (here / "tiny.toml").write_text(RECIPE)
    made: dict[str, Any] = {"base-0": [], "base-0-again": ["stages.finetune.batch=3"], "scratch-0": []}
    for name, overrides in made.items():
        ablations = ["no-pretraining"] if name.startswith("scratch") else []
        overrides = [*overrides, f'compute.data_root="{here}"']
        recipe = load_recipe(here / "tiny.toml", overrides=overrides, ablations=ablations, registry=registry)
        run(recipe, registry=registry, out=here / name)
    return here


def test_runs_are_scored_as_they_scored_themselves(runs: Path) -> None:
    found = compare_runs(runs / "base-0", runs / "scratch-0")
    for arm, name in zip(found.arms, ("base-0", "scratch-0"), strict=False):
        summary = read_json(runs / name / "summary.json")
        assert arm.scores["mae"][MEAN].value == pytest.approx(summary["mae_mean"])
        for au in ("AU04", "AU12"):
            assert arm.scores["icc"][au].value == pytest.approx(summary["icc"][au]["value"])
        counts = summary["label_counts"]["finetune"]
        assert arm.labels is not None
        assert arm.labels.frames == (counts["train"]["frames"],) * 2
        assert arm.labels.selection_cells == (counts["selection"]["cells"],) * 2
    assert [arm.title for arm in found.arms[:1]] == ["tiny"]
    assert "without stages.pretrain" in found.arms[1].title
    assert found.people == 4 and not found.forced


def test_a_value_that_differs_is_another_variant_on_the_same_frames(runs: Path) -> None:
    found = compare_runs(runs / "base-0", runs / "base-0-again")
    assert [arm.title for arm in found.arms[:2]] == [
        "tiny, stages.finetune.batch=4",
        "tiny, stages.finetune.batch=3",
    ]
    assert found.arms[1].differences["mae"]["AU04"].of == 4


def test_the_predictive_task_and_the_labels_of_real_runs(runs: Path) -> None:
    accuracy = compare_runs(runs / "base-0", shows="prediction").arms[0].accuracy
    metrics = read_json(runs / "base-0" / "summary.json")["stages"]["pretrain"]
    assert accuracy["top1"].value == metrics["validation_top1"]
    assert accuracy["top1_step2"].value == metrics["validation_top1_step2"]
    (arm,) = compare_runs(runs / "base-0", shows="labels").arms
    drawn = read_json(runs / "base-0" / "summary.json")["label_counts"]["finetune"]["train"]
    assert sum(arm.levels["training labels"]["AU04"]) == drawn["labels"]["AU04"]
    assert sum(arm.levels["all labels"]["AU04"]) == 8 * 30
