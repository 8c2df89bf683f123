"""A small world of components for recipes, so that these tests do not depend on what aukit ships."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field, model_validator

from aukit.contracts.component import Ablation, Component
from aukit.contracts.params import Choice, Params, slot
from aukit.contracts.run import StageParams
from aukit.contracts.schema import Schema, Split
from aukit.errors import RecipeError
from aukit.hosting.registry import Provided, Registry
from aukit.recipe import Recipe, load_recipe


class GruParams(Params):
    hidden: int = Field(8, ge=1, description="channels of the state")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout on the state")
    mode: Literal["plain", "fancy"] = Field("plain", description="kind of gate")
    kernel: tuple[int, int] = Field((1, 1), description="size of the gates")
    label: str = Field("", description="a word")
    bias: bool = Field(True, description="whether gates have one")


class NetParams(Params):
    blocks: tuple[int, ...] = Field((2, 2), min_length=1, max_length=3, description="blocks a stage")


class OptimizerParams(Params):
    name: str = Field("Adam", description="which")
    lr: float = Field(1e-3, gt=0, description="learning rate")


class TrainParams(StageParams):
    steps: int = Field(ge=1, description="optimiser steps")
    augmentation: Choice = slot("augmentation", "shake", strength=0.5)
    optimizer: OptimizerParams = Field(OptimizerParams(), description="the optimiser")

    @model_validator(mode="after")
    def _even(self) -> TrainParams:
        if self.steps == 13:
            raise ValueError("13 steps bring bad luck")
        return self

    def smoke(self) -> dict[str, Any]:
        return {"steps": 2}


class LabelledParams(TrainParams):
    sampler: Choice = slot("sampler", "random")


class ShakeParams(Params):
    strength: float = Field(0.1, ge=0, description="how much")


class SamplerParams(Params):
    fraction: float = Field(0.02, gt=0, le=1, description="share of the frames")
    count: int | None = Field(None, ge=1, description="an exact number instead")


class FacesParams(Params):
    aus: tuple[str, ...] = Field(("AU04", "AU12"), description="AUs")
    subjects: tuple[str, ...] = Field((), description="who")
    frames: int = Field(100, ge=1, description="frames of a video")
    fps: float = Field(20.0, gt=0, description="frames a second")
    size: int = Field(64, ge=8, description="pixels a side")
    seed: int = Field(0, ge=0, description="everything is drawn from it")
    origin: str = Field("synthetic", description="where frames come from")
    data_set: str = Field("synthetic", description="name of the set")

    def smoke(self) -> dict[str, Any]:
        return {"frames": 10}


class FileParams(Params):
    file: str = Field("events.jsonl", min_length=1, description="file name")


COMPONENTS = (
    ("backbone", "resnet18-256", NetParams),
    ("temporal", "convgru", GruParams),
    ("temporal", "none", Params),
    ("head", "pool-bn-linear", Params),
    ("augmentation", "shake", ShakeParams),
    ("augmentation", "still", Params),
    ("sampler", "random", SamplerParams),
    ("dataset", "synthetic", FacesParams),
    ("stage", "train", TrainParams),
    ("stage", "labelled", LabelledParams),
    ("tracker", "lines", FileParams),
)

DISFA = Schema(
    name="disfa",
    summary="four people",
    aus=("AU04", "AU12"),
    fps=20.0,
    subjects=("s1", "s2", "s3", "s4"),
    splits={
        "half": (Split(train=("s1", "s2"), test=("s3", "s4")), Split(train=("s3", "s4"), test=("s1", "s2"))),
        "one": (Split(train=("s1",), test=("s2",)),),
    },
    obtain="ask at example.org",
)
WILD = Schema(name="wild", summary="nobody named", aus=(), fps=30.0, subjects=())

ABLATIONS = (
    Ablation(
        name="no-memory",
        summary="frame by frame",
        set={"model.temporal.name": "none", "stages.tune.optimizer.lr": 0.5},
        remove=("stages.pre",),
    ),
    Ablation(
        name="strange", summary="fits nothing here", set={"model.temporal.gates": 3}, remove=("stages.other",)
    ),
)


def _provided(record: Any) -> Any:
    return Provided(record=record, provider="aukit", version="1.0", file="hooks.py")


@pytest.fixture(scope="session")
def registry() -> Registry:
    records = (
        Component(kind=kind, name=name, build="tests.nowhere:Class", params=params, summary=f"the {name}")
        for kind, name, params in COMPONENTS
    )
    return Registry(
        provided_components=tuple(map(_provided, records)),
        provided_ablations=tuple(map(_provided, ABLATIONS)),
        provided_schemas=tuple(map(_provided, (DISFA, WILD))),
        known=(),
    )


GOOD = """\
summary = "a small recipe"

[data.faces]
name = "synthetic"

[model.temporal]
name = "convgru"
hidden = 16

[stages.pre]
name = "train"
data = "faces"
steps = 30

[stages.tune]
name = "labelled"
data = ["faces"]
steps = 40
"""


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe that stands, in the current folder, as `good.toml`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUKIT_DATA", raising=False)
    (tmp_path / "good.toml").write_text(GOOD)
    return Path("good.toml")


@pytest.fixture
def load(good: Path, registry: Registry) -> Callable[..., Recipe]:
    """Load `good.toml`, or a text in its place, or a file."""

    def load(text: str = GOOD, *, file: str = "good.toml", **options: Any) -> Recipe:
        if text != GOOD:
            Path(file).write_text(text)
        return load_recipe(file, registry=registry, **options)

    return load


@pytest.fixture
def refusal(load: Callable[..., Recipe]) -> Callable[..., Sequence[tuple[str, str]]]:
    """What is wrong with a recipe: (problem, hint) of each, in order."""

    def refusal(text: str = GOOD, **options: Any) -> Sequence[tuple[str, str]]:
        with pytest.raises(RecipeError) as caught:
            load(text, **options)
        assert caught.value.exit_code == 2
        return [(str(problem), problem.hint) for problem in caught.value.problems]

    return refusal
