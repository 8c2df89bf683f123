"""What a label budget is expected to buy, against the hypergeometric distribution and against real draws."""

from __future__ import annotations

from math import comb
from pathlib import Path

import numpy as np
import pytest

from aukit.clips.writer import StoreWriter
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.training.forecast import forecast

AUS = ("AU01", "AU12", "AU26")
RECIPE = """
name = "f"
summary = "a forecast"
[data.made]
path = "made.h5"
split = { train = ["a", "b", "c", "d"], test = ["e", "f", "g", "h"] }
[stages.learn]
name = "regression"
data = "made"
sampler = { name = "random", count = 40 }
steps = 1
select = "last"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """AU01 is frequent everywhere, AU12 is shown by one training person, AU26 by two test people alone."""
    rng = np.random.default_rng(0)
    with StoreWriter(tmp_path / "made.h5", data_set="made", origin="synthetic", aus=AUS, size=32) as out:
        for subject in "abcdefgh":
            labels = np.zeros((100, 3), np.float32)
            labels[:50, 0] = 2
            labels[:40, 1] = 3 * (subject == "a" or subject in "efgh")
            labels[:10, 2] = subject in "ef"
            frames = rng.integers(0, 255, (100, 32, 32, 3)).astype(np.uint8)
            out.add_video(subject, subject=subject, fps=20, frames=frames, intensity=labels)
    path = tmp_path / "f.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def test_expectations_are_those_of_drawing_without_replacement(recipe: Path) -> None:
    found = forecast(load_recipe(recipe, data_root=recipe.parent), registry=load_host(), draws=400)
    often, rarely, never = (found["stages"]["learn"][au] for au in AUS)
    # 40 of 400 frames: 200 show AU01, 40 show AU12
    assert often["drawn"] == 40
    assert often["positives_drawn"] == pytest.approx(40 * 200 / 400, abs=0.6)
    assert rarely["positives_drawn"] == pytest.approx(40 * 40 / 400, abs=0.4)
    tail = np.cumsum([comb(40, k) * comb(360, 40 - k) / comb(400, 40) for k in range(41)])
    assert abs(rarely["positives_low"] - np.searchsorted(tail, 0.05)) <= 1
    assert often["people"] == pytest.approx(4, abs=0.1)
    assert rarely["people"] == pytest.approx(1, abs=0.1)
    assert never["positives"] == never["positives_drawn"] == 0


def test_what_cannot_be_learnt_or_judged_is_said_with_its_reason(recipe: Path) -> None:
    found = forecast(load_recipe(recipe, data_root=recipe.parent), registry=load_host(), draws=20)
    learn, judged = found["stages"]["learn"], found["evaluation"]
    assert not learn["AU01"]["problem"]
    assert "fewer than 10" in learn["AU12"]["problem"]
    assert learn["AU26"]["problem"] == "no training frame shows it"
    assert [bool(judged[au]["problem"]) for au in AUS] == [False, False, True]
    assert len(found["problems"]) == 3
    enough = forecast(
        load_recipe(recipe, data_root=recipe.parent, overrides=["stages.learn.sampler.count=300"]),
        registry=load_host(),
        draws=20,
    )
    assert "1.0 people" in enough["stages"]["learn"]["AU12"]["problem"]


def test_a_generated_data_set_that_is_not_made_promises_nothing(tmp_path: Path) -> None:
    found = forecast(load_recipe("quickstart", data_root=tmp_path), registry=load_host(), draws=2)
    assert found["unknown"] == ["faces"]
    assert found["stages"] == found["evaluation"] == {}
