"""Contracts of a run: stages, the context they work in, and the events that trackers see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from pydantic import Field, field_validator

from aukit.contracts.params import Choice, Params, slots

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


class StageParams(Params):
    """What every stage's table has: the data it sees. A stage that learns from labels adds a `sampler` slot."""

    data: tuple[str, ...] = Field(
        description="names of tables under [data], or one name; their training people"
    )

    def runs(self) -> tuple[str, ...]:
        """Folders of other, finished runs whose models this stage uses, such as a teacher's: whom they saw, it saw."""
        return ()

    def stages(self) -> Mapping[str, str]:
        """Earlier stages whose results this one uses, by the parameter that names each; empty names do not count."""
        return {}

    def sees_labels(self) -> bool:
        """Whether the stage is shown labels: where it has a `sampler`, unless it says otherwise."""
        return "sampler" in slots(type(self))

    @field_validator("data", mode="before")
    @classmethod
    def _one_name(cls, value: Any) -> Any:
        if isinstance(value, str):
            return (value,)
        return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class StageResult:
    """What a stage leaves: the model it trained, labels it made (pseudo-labels, by video), and its numbers."""

    model: Any
    labels: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


class StageContext(Protocol):
    """A stage's whole world. It has no door to the test people: `clips("test")` raises.

    Randomness is a function of (seed, stage, key): `rng("augment", step)` gives the same generator after a resume.
    """

    name: str
    seed: int
    device: torch.device
    folder: Path
    model: Any
    results: Mapping[str, StageResult]
    precision: str
    """Of the forward pass: "fp32" or "bf16"."""
    checkpoint_every: int
    """Steps from one `save` to the next."""

    def build(self, kind: str, choice: Choice, **wiring: Any) -> Any:
        """Build a component that the stage's parameters name; its weights depend on seed, stage and kind alone."""
        ...

    def new_part(self, part: str) -> torch.nn.Module:
        """The model's backbone, temporal module or head as the recipe describes it, with new weights."""
        ...

    def model_of(self, run: str) -> tuple[Any, Any]:
        """The model of another finished run, in evaluation mode on the device, and `aukit.training.saved.ModelFacts`.

        Only of runs that the stage's parameters tell by `StageParams.runs`: whom they saw counts as seen.
        """
        ...

    def clips(self, split: str) -> Any:
        """The stage's clips of "train" or "validation" people (`aukit.clips.clipset.ClipSet`).

        Labels are already masked to the sample.
        """
        ...

    def features(self, split: str) -> Mapping[str, NDArray[np.float32]]:
        """`{video: (T,C)}`: pooled features of the model as it stands, computed once."""
        ...

    def rng(self, *key: str | int) -> np.random.Generator:
        """A generator that depends on the run's seed, this stage and the key, and on nothing else."""
        ...

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write one row of metrics and tell the trackers."""
        ...

    def progress(self, task: str, done: int, total: int, **more: Any) -> None:
        """Tell how far a piece of work is; `more` are further fields of `Progress`."""
        ...

    def note(self, text: str, level: str = "info") -> None:
        """Tell the user something."""
        ...

    def save(self, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]) -> None:
        """Replace this stage's checkpoint. `state` is JSON."""
        ...

    def restore(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """The checkpoint that an interrupted run left, or None."""
        ...


@runtime_checkable
class Stage(Protocol):
    """One step of training. It owns its optimiser and its loop. Wiring: params (the validated table).

    A stage may also have `check(ctx)`: it is called for every stage before the first one trains, to refuse early what
    could not work. Where it has `loop(ctx)` that returns an `aukit.training.loop.Loop`, a dry run times a step of it.
    Where it makes labels, `preview(ctx)` gives a StageResult with labels at the same frames, whatever their values, and
    nothing computed: later stages' checks and a dry run see those.
    """

    def run(self, ctx: StageContext) -> StageResult:
        """Train, or whatever the stage does, and return what it leaves."""
        ...


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a run."""


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """The data is checked and training begins. `stages` are (name, component) in order."""

    folder: Path
    recipe: str
    origin: str
    stages: tuple[tuple[str, str], ...]
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """Work with a known end: making data, a stage's steps, evaluating. `values` are the newest numbers."""

    task: str
    done: int
    total: int
    frames_per_second: float = 0.0
    seconds_left: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Metrics(Event):
    """One row of metrics.jsonl."""

    stage: str
    step: int
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class StageFinished(Event):
    """A stage is complete and its weights are on disk."""

    stage: str
    seconds: float
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Note(Event):
    """Something the user should know. `level` is "info" or "warning"."""

    text: str
    level: str = "info"


@dataclass(frozen=True, kw_only=True)
class RunFinished(Event):
    """The run is complete; `summary` is summary.json."""

    folder: Path
    summary: Mapping[str, Any]


@runtime_checkable
class Tracker(Protocol):
    """Watches a run. Wiring: folder (the run folder). Its failure is reported and never stops a run."""

    def on(self, event: Event) -> None:
        """Called for every event, in order, from the run's own thread."""
        ...
