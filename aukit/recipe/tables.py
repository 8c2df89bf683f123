"""The fixed tables of a recipe: what stands at its top, and in [data.*], [model], [evaluation] and [compute]."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from aukit.contracts.params import Choice, Params, slot

_AU = re.compile(r"AU\d\d")


class HeadTable(Params):
    """The keys at the top of a recipe."""

    name: str = Field("", description="the run's name; empty: the file's name")
    summary: str = Field("", description="one line for lists and reports")
    seed: int = Field(0, ge=0, description="everything random is drawn from it")


class SplitPeople(Params):
    """A split that names its people."""

    train: tuple[str, ...] = Field((), description="subject ids that may be trained on")
    validation: tuple[str, ...] = Field((), description="subject ids for choices: stopping, learning rates")
    test: tuple[str, ...] = Field((), description="subject ids for the final numbers")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        counts = Counter((*self.train, *self.validation, *self.test))
        twice = [subject for subject, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"names subject `{twice[0]}` twice: a person belongs to one part only")
        return self


class SplitShares(Params):
    """A split drawn from the seed; who is left over is trained on."""

    validation: float = Field(0.0, ge=0, lt=1, description="share of the people for choices")
    test: float = Field(0.0, ge=0, lt=1, description="share of the people for the final numbers")

    @model_validator(mode="after")
    def _somebody_trains(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("the shares of validation and test leave nobody to train on")
        return self


class SplitBlocks(Params):
    """The same people in every part: each video is cut into blocks, and the blocks are shared out."""

    blocks: int = Field(
        ge=1, description="contiguous blocks that each video is cut into; 1: whole videos are shared out"
    )
    validation: float = Field(
        0.0, ge=0, lt=1, description="share of each person's labelled blocks for choices"
    )
    test: float = Field(0.0, ge=0, lt=1, description="share of them for the final numbers")
    gap: float = Field(
        2.0,
        gt=0,
        description="seconds between what is trained on and what is tested; at least the longest window of a stage",
    )

    @model_validator(mode="after")
    def _something_trains(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("the shares of validation and test leave no block to train on")
        return self


_FORMS: Mapping[type, str] = {
    str: "preset",
    SplitPeople: "people",
    SplitShares: "shares",
    SplitBlocks: "blocks",
}


def _split_form(value: Any) -> str:
    if type(value) in _FORMS:
        return _FORMS[type(value)]
    if not isinstance(value, Mapping) or "train" in value:
        return "people"
    if "blocks" in value or "gap" in value:
        return "blocks"
    return "people" if any(isinstance(part, list | tuple) for part in value.values()) else "shares"


SplitTable = Annotated[
    Annotated[str, Tag("preset")]
    | Annotated[SplitPeople, Tag("people")]
    | Annotated[SplitShares, Tag("shares")]
    | Annotated[SplitBlocks, Tag("blocks")],
    Discriminator(_split_form),
]


class CommonData(Params):
    """What every [data] table has beside its component's parameters or its path."""

    # `schema` is a method of pydantic's models, so the field has another name in code.
    schema_name: str = Field(
        "", alias="schema", description="a data set that aukit or a plugin knows, by name"
    )
    split: SplitTable = Field(
        "default",
        description="a preset of the data set, {train = [ids], ...}, shares {validation = 0.2, test = 0.3}, or "
        "{blocks = 10, ...}: the same people in every part",
    )
    fold: int = Field(1, ge=1, description="which fold of the preset")
    max_videos: int | None = Field(None, ge=1, description="read only so many videos of each part")


class StoredData(CommonData):
    """A [data] table that names prepared files."""

    path: tuple[str, ...] = Field(min_length=1, description="one prepared .h5 file or several")

    @field_validator("path", mode="before")
    @classmethod
    def _one_file(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        return tuple(value) if isinstance(value, list) else value

    def smoke(self) -> dict[str, Any]:
        """Two videos of each part."""
        return {"max_videos": 2}


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """One data set of a recipe: made by a `dataset` component or read from `path`, never both."""

    dataset: Choice | None
    path: tuple[str, ...]
    schema: str
    split: str | SplitPeople | SplitShares | SplitBlocks
    fold: int
    max_videos: int | None


class ModelTable(Params):
    """The model: what it predicts and its three parts."""

    aus: tuple[str, ...] = Field((), description="AUs to predict; empty: all that the labelled data have")
    backbone: Choice = slot("backbone", "resnet18-256")
    temporal: Choice = slot("temporal", "convgru")
    head: Choice = slot("head", "pool-bn-linear")
    weights: str = Field(
        "",
        description="a finished run's folder, whose model's weights are where training starts: the backbone's, and "
        "those of temporal module and head where they fit (the head's only for the same AUs); empty: from new weights",
    )

    @field_validator("aus")
    @classmethod
    def _named(cls, aus: tuple[str, ...]) -> tuple[str, ...]:
        wrong = next((au for au in aus if not _AU.fullmatch(au)), None)
        if wrong is not None:
            raise ValueError(f'`{wrong}` is no AU name: two digits, such as "AU04"')
        if len(set(aus)) < len(aus):
            raise ValueError("an AU is named twice")
        return aus


class EvaluationTable(Params):
    """How the finished model is judged."""

    data: str = Field("", description="a [data] table; empty: the one the last stage with labels learns from")
    split: Literal["validation", "test"] = Field("test", description="whose people")
    predictor: Literal["windowed", "streaming"] = Field(
        "windowed", description="each frame from a window that ends there, or the state carried on"
    )
    window: int | None = Field(None, ge=1, description="frames in a window; not given: the label stage's own")
    clip: bool = Field(False, description="cut predictions to 0..5")
    resamples: int = Field(1000, ge=1, description="draws of the subject bootstrap")
    confidence: float = Field(0.95, gt=0, lt=1, description="coverage of the intervals")
    allow_overlap: bool = Field(False, description="go on although a stage saw people of the test part")

    def smoke(self) -> dict[str, Any]:
        """Intervals that are only good for seeing that they are there."""
        return {"resamples": 20}


class ComputeTable(Params):
    """Where and how it is computed. Nothing here is meant to change a result."""

    device: str = Field(
        "auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="`auto`, `cpu`, `mps`, `cuda`, `cuda:1`"
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32", description="of the forward pass; bf16 halves memory on new GPUs"
    )
    threads: int = Field(0, ge=0, description="CPU threads of torch; 0: torch's own choice")
    checkpoint_every: int = Field(200, ge=1, description="steps between checkpoints")
    deterministic: bool = Field(True, description="refuse operations whose result varies from run to run")
    data_root: str = Field("", description="where relative paths start; empty: the current folder")

    def smoke(self) -> dict[str, Any]:
        """A checkpoint within the few steps of a smoke run."""
        return {"checkpoint_every": 2}


TOP_KEYS = (
    *HeadTable.model_fields,
    "extends",
    "data",
    "model",
    "stages",
    "evaluation",
    "compute",
    "trackers",
)
"""Every key that may stand at the top of a recipe."""
