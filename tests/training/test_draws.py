"""What samplers say of their draws reaches data.json, the list of labels and the user."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.clips.writer import StoreWriter
from aukit.contracts.run import Event, Note
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.training.data import open_data
from aukit.training.forecast import forecast

AUS = ("AU01", "AU12")
RECIPE = """
name = "f"
summary = "key frames"
[data.made]
path = "made.h5"
split = { train = ["a", "b", "c"], validation = ["d"], test = ["e"] }
[stages.learn]
name = "regression"
data = "made"
sampler = { name = "key-frame", count = 8 }
steps = 1
select = "last"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """Each person's AU01 goes up and down once, AU12 five times."""
    with StoreWriter(tmp_path / "made.h5", data_set="made", origin="synthetic", aus=AUS, size=32) as out:
        for subject in "abcde":
            labels = np.zeros((60, 2), np.float32)
            labels[30:40, 0] = 2
            labels[:, 1] = 3 * (np.arange(60) // 6 % 2)
            out.add_video(
                subject, subject=subject, fps=20, frames=np.zeros((60, 32, 32, 3), np.uint8), intensity=labels
            )
    path = tmp_path / "f.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_facts_are_kept_and_a_shortfall_is_told(recipe: Path) -> None:
    loaded = load_recipe(recipe, data_root=recipe.parent, overrides=["stages.learn.sampler.count=20"])
    events: list[Event] = []
    data = open_data(loaded, registry=load_host(), emit=events.append)
    facts = data.facts()["stages"]["learn"]["draws"]
    assert list(facts) == ["train"]  # what selects is drawn by `random`, which has nothing to say
    own = {"extra": 0, "asked": 20}
    assert facts["train"]["aus"] == {
        "AU01": {
            **own,
            "drawn": 9,
            "short": 11,
            "peaks": 3,
            "valleys": 6,
            "segments": 6,
            "key_frames_there": 9,
        },
        "AU12": {
            **own,
            "drawn": 20,
            "short": 0,
            "peaks": facts["train"]["aus"]["AU12"]["peaks"],
            "valleys": 20 - facts["train"]["aus"]["AU12"]["peaks"],
            "segments": facts["train"]["aus"]["AU12"]["segments"],
            "key_frames_there": 30,
        },
    }
    assert "whole tracks" in facts["train"]["reads"]
    warnings = [event.text for event in events if isinstance(event, Note) and event.level == "warning"]
    assert warnings == [
        "`learn`: the sampler `key-frame` found fewer train labels than it was asked for: AU01 9 of 20"
    ]


def test_a_draw_without_anything_to_say_leaves_data_json_as_it_was(recipe: Path) -> None:
    loaded = load_recipe(recipe, data_root=recipe.parent, overrides=['stages.learn.sampler.name="random"'])
    data = open_data(loaded, registry=load_host(), emit=lambda event: None)
    assert "draws" not in data.facts()["stages"]["learn"]


@pytest.mark.parametrize("name", ["key-frame", "stratified", "uniform-stride"])
def test_a_budget_is_forecast_with_the_sampler_of_the_recipe(recipe: Path, name: str) -> None:
    changes = [f'stages.learn.sampler={{ name = "{name}", fraction = 0.05 }}']
    loaded = load_recipe(recipe, data_root=recipe.parent, overrides=changes)
    found = forecast(loaded, registry=load_host(), draws=50)["stages"]["learn"]
    for au in AUS:
        assert found[au]["labelled"] == 180
        assert found[au]["drawn"] == 9
        assert found[au]["people"] >= 1
    # random: a sixth of AU01 and half of AU12 are positive
    positives = {au: found[au]["positives_drawn"] for au in AUS}
    if name == "uniform-stride":
        assert positives == {"AU01": pytest.approx(1.5, abs=0.3), "AU12": pytest.approx(4.5, abs=0.5)}
    else:
        assert positives["AU01"] >= 2.5


def test_a_forecast_says_what_cannot_be_found(recipe: Path) -> None:
    loaded = load_recipe(recipe, data_root=recipe.parent, overrides=["stages.learn.sampler.count=20"])
    found = forecast(loaded, registry=load_host(), draws=3)
    assert {au: budget["short"] for au, budget in found["stages"]["learn"].items()} == {"AU01": 11, "AU12": 0}
    assert "learn: labels that its sampler is asked for and does not find: 11 of AU01" in found["problems"]


def test_a_run_keeps_key_frames_beside_its_list_of_labels(go: Callable[..., Any], tmp_path: Path) -> None:
    sampler = 'stages.finetune.sampler={ name = "key-frame", fraction = 0.2, min_length = 1 }'
    go(tmp_path / "run", sampler, "stages.finetune.steps=1", "stages.pretrain.steps=1")
    kept = json.loads((tmp_path / "run/stages/finetune/labels-train.json").read_text())
    said = json.loads((tmp_path / "run/data.json").read_text())["stages"]["finetune"]
    for au, facts in said["draws"]["train"]["aus"].items():
        own = [video[au] for video in kept["key_frames"].values()]
        assert sum(len(one["peaks"]) for one in own) == facts["peaks"] > 0
        assert sum(len(one["segments"]) for one in own) == facts["segments"] > 0
        assert said["labels"]["train"]["labels"][au] == facts["drawn"]
