"""How faces were cut travels from the stores into the model; what does not fit together is refused or told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aukit.contracts.faces import CropRule, FaceRules, Framing
from aukit.contracts.run import Event, Note
from aukit.errors import DataError
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.report.folder import read_run
from aukit.report.provenance import facts
from aukit.testing.store import tiny_store
from aukit.training.data import RunData, open_data
from aukit.training.estimator import AUEstimator

TIGHT = Framing(crop=CropRule(size=32), weights="sha256:1111")
WIDE = Framing(crop=CropRule(size=32, margin=0.3), weights="sha256:1111")
OTHER_WEIGHTS = TIGHT.model_copy(update={"weights": "sha256:2222"})
QUICK = TIGHT.model_copy(update={"faces": FaceRules(every=5, smooth=0.0)})

RECIPE = """
name = "framed"

[data.films]
path = "films.h5"

[data.faces]
path = "faces.h5"

[data.others]
path = "others.h5"

[model]
backbone = {{ name = "resnet18-256", width = 4, channels = 8, blocks = [1, 1, 1, 1], output_stride = 8 }}

[stages.pretrain]
name = "contrastive"
data = "films"
batch = 2
stride = 1
steps = 1
validate_batches = 1
objective = {{ name = "dpc-nce", frames = 5, context = 3 }}

[stages.finetune]
name = "regression"
data = "faces"
batch = 4
window = 3
steps = 1
sampler = {{ name = "random", fraction = 0.5 }}

[evaluation]
data = "{judged}"
resamples = 20
allow_overlap = true

[compute]
device = "cpu"
data_root = "{root}"
"""


def recipe(folder: Path, *, judged: str = "faces", **stores: Framing | None) -> Path:
    """A recipe, and its three stores, framed as said."""
    for name, framing in {"films": TIGHT, "faces": TIGHT, "others": TIGHT, **stores}.items():
        crop = framing.table() if framing else None
        tiny_store(folder / f"{name}.h5", people=4, aus=("AU04",), frames=12, data_set=name, crop=crop)
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(root=folder, judged=judged), encoding="utf-8")
    return path


def opened(path: Path, *overrides: str) -> tuple[RunData, list[str]]:
    """The data of a recipe, and the warnings on the way."""
    registry, events = load_host(plugins=False), list[Event]()
    loaded = load_recipe(path, overrides=overrides, registry=registry)
    data = open_data(loaded, registry=registry, emit=events.append)
    return data, [event.text for event in events if isinstance(event, Note) and event.level == "warning"]


@pytest.mark.parametrize("films", [TIGHT, QUICK])
def test_data_that_are_cut_alike_go_together(tmp_path: Path, films: Framing) -> None:
    """How often the locator looked changes no rule of cutting."""
    data, warnings = opened(recipe(tmp_path, films=films))
    assert data.framing == TIGHT
    assert warnings == []


@pytest.mark.parametrize(
    ("films", "words"),
    [
        (WIDE, "tight, margin 0.3, 32 pixels, found by yunet"),
        (OTHER_WEIGHTS, "sha256:2222"),
        (None, "ready-made squares"),
    ],
)
def test_pretraining_on_faces_cut_otherwise_is_told(
    tmp_path: Path, films: Framing | None, words: str
) -> None:
    data, warnings = opened(recipe(tmp_path, films=films))
    assert data.framing == TIGHT
    (warning,) = warnings
    assert "`pretrain`" in warning
    assert "`finetune`" in warning
    assert words in warning
    assert TIGHT.summary in warning


def test_judging_on_faces_cut_otherwise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="faces are cut otherwise") as caught:
        opened(recipe(tmp_path, judged="others", others=WIDE))
    assert caught.value.where == "data.others"
    assert WIDE.summary in caught.value.message
    assert TIGHT.summary in caught.value.message
    assert "prepare both" in caught.value.hint


def test_judging_on_ready_made_squares_is_told(tmp_path: Path) -> None:
    _, warnings = opened(recipe(tmp_path, judged="others", others=None))
    (warning,) = warnings
    assert "judged on faces framed otherwise (ready-made squares)" in warning


def test_one_stage_sees_one_framing(tmp_path: Path) -> None:
    path = recipe(tmp_path, others=WIDE)
    with pytest.raises(DataError, match="cut otherwise than in faces"):
        opened(path, 'stages.finetune.data=["faces", "others"]')
    path.write_text(path.read_text().replace('path = "faces.h5"', 'path = ["faces.h5", "others.h5"]'))
    with pytest.raises(DataError, match=r"cut otherwise than in .*faces\.h5") as caught:
        opened(path)
    assert caught.value.where.endswith("others.h5")


def test_a_store_with_a_framing_of_another_kind(tmp_path: Path) -> None:
    path = recipe(tmp_path)
    tiny_store(tmp_path / "strange.h5", people=4, aus=("AU04",), frames=12, crop={"enlarge": 0.1})
    with pytest.raises(DataError, match="framing kept here is not one that this aukit knows: `enlarge`"):
        opened(path, 'data.faces.path="strange.h5"')


def test_the_framing_is_in_the_model_the_data_and_the_report(tmp_path: Path) -> None:
    from aukit.training.run import run

    registry = load_host(plugins=False)
    done = run(load_recipe(recipe(tmp_path), registry=registry), registry=registry, out=tmp_path / "run")
    kept: dict[str, Any] = json.loads((done.folder / "model" / "model.json").read_text())
    assert kept["crop"] == TIGHT.table()
    assert AUEstimator.load(done.folder, device="cpu").framing == TIGHT
    said = json.loads((done.folder / "data.json").read_text())
    assert said["framing"] == said["tables"]["films"]["framing"] == TIGHT.summary
    assert dict(facts(read_run(done.folder)))["faces"] == TIGHT.summary
