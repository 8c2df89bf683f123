"""A dry run says what would happen, and nothing happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aukit.errors import DataError, RecipeError
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.training.plan import plan


def planned(recipe: Path, *overrides: str) -> dict[str, Any]:
    registry = load_host(plugins=False)
    return plan(load_recipe(recipe, overrides=overrides, registry=registry), registry=registry)


def test_facts(recipe_file: Path) -> None:
    found = planned(recipe_file)
    json.dumps(found, allow_nan=False)
    assert found["data"]["faces"]["train"] == {"people": 4, "videos": 4, "frames": 120}
    assert found["seconds_to_make_data"] == 0
    assert found["model"]["features_chw"] == [8, 4, 4]
    assert found["model"]["parameters"]["all"] > 1000
    pretrain, finetune = found["stages"]["pretrain"], found["stages"]["finetune"]
    assert pretrain["clips_bthwc"] == [3, 5, 32, 32, 3]
    assert pretrain["seconds_a_window"] == pytest.approx(4 * 0.05)
    assert finetune["train"]["labelled_frames"] == 24
    assert finetune["train"]["labels"] == 24 * 2
    assert finetune["seconds_between_frames"] == pytest.approx(0.1)
    assert 4 <= finetune["frames_a_step"] <= 20
    assert found["evaluation"]["frames"] == 60
    assert found["seconds_estimated"] >= 0
    assert pretrain["seconds_a_step"] > 0


def test_it_names_what_a_run_leaves(recipe_file: Path, finished: tuple[Path, list[Any]]) -> None:
    for name in planned(recipe_file)["writes"]:
        path = finished[0] / name
        assert path.is_dir() if name.endswith("/") else path.is_file() or name == "report.html", name


def test_a_generated_data_set_is_planned_and_not_made(recipe_file: Path, tmp_path: Path) -> None:
    small = (
        '[data.faces]\nname = "synthetic"\ntrain = 2\nvalidation = 1\ntest = 1\nframes = 5000\nsize = 32\n'
    )
    recipe_file.write_text(recipe_file.read_text().replace('[data.faces]\npath = "tiny.h5"\n', small))
    before = set(tmp_path.rglob("*"))
    found = planned(recipe_file, f'compute.data_root="{tmp_path}"')
    assert set(tmp_path.rglob("*")) == before
    assert found["data"]["faces"]["made"] is False
    assert found["data"]["faces"]["test"] == {"people": 1, "videos": 1, "frames": 5000}
    assert found["seconds_estimated"] >= found["seconds_to_make_data"] - 0.5
    assert found["seconds_to_make_data"] > 0
    assert found["disk_mb"]["data_to_make"] == pytest.approx(4 * 5000 * 32 * 32 * 3 / 1e6, abs=0.1)
    assert found["stages"]["finetune"]["train"]["labelled_frames"] == 2000


def test_what_a_run_would_refuse_is_refused(recipe_file: Path) -> None:
    with pytest.raises(RecipeError):
        planned(recipe_file, 'data.faces.path="absent.h5"')
    with pytest.raises(DataError, match="longer than every video"):
        planned(recipe_file, "stages.pretrain.objective.frames=31")
