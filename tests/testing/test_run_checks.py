"""The checks of trackers, stages and parameters, and the one that finds a component by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ConfigDict, Field

import aukit
from aukit.contracts.component import KINDS
from aukit.contracts.run import Event, Metrics, StageResult
from aukit.errors import ComponentError
from aukit.testing import (
    ContractError,
    check_component,
    check_params,
    check_stage,
    check_tracker,
    empty_host,
)


class Tracker:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "events.txt"

    def on(self, event: Event) -> None:
        with self.file.open("a") as file:
            file.write(f"{event}\n")


class OnlyMetrics(Tracker):
    def on(self, event: Event) -> None:
        assert isinstance(event, Metrics)


class OnlyFinite(Tracker):
    def on(self, event: Event) -> None:
        if isinstance(event, Metrics):
            [int(value) for value in event.values.values()]


class AlwaysNew(Tracker):
    def on(self, event: Event) -> None:
        if type(event).__name__ == "RunStarted":
            self.file.touch(exist_ok=False)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (OnlyMetrics, "it fails at the event RunStarted: AssertionError"),
        (OnlyFinite, "it fails at the event Metrics: ValueError: cannot convert float NaN"),
        (AlwaysNew, "it fails at the event RunStarted: FileExistsError"),
    ],
)
def test_a_wrong_tracker_is_caught(wrong, sentence):
    check_tracker(Tracker)
    with pytest.raises(ContractError, match=sentence):
        check_tracker(wrong)


class Stage:
    """Nudges the head three times, with a checkpoint after each."""

    def run(self, ctx: Any) -> Any:
        found = ctx.restore()
        first = 0
        if found is not None:
            tensors, state = found
            ctx.model.load_state_dict(tensors)
            first = state["step"]
        for step in range(first, 3):
            self.step(ctx, step)
            ctx.log(step, {"step": float(step)})
            ctx.save(ctx.model.state_dict(), {"step": step + 1})
        return self.result(ctx)

    def step(self, ctx: Any, step: int) -> None:
        with torch.no_grad():
            ctx.model.head.linear.weight += float(ctx.rng("nudge", step).normal())

    def result(self, ctx: Any) -> Any:
        clip = ctx.clips("train").clips[0]
        return StageResult(
            model=ctx.model, labels={clip.id: np.zeros_like(clip.labels)}, metrics={"done": 1.0}
        )


class Unseeded(Stage):
    def step(self, ctx: Any, step: int) -> None:
        with torch.no_grad():
            ctx.model.head.linear.weight += float(np.random.default_rng().normal())


class StartsOver(Stage):
    def run(self, ctx: Any) -> Any:
        for step in range(3):
            self.step(ctx, step if ctx.restore() is None else step + 10)
        ctx.save(ctx.model.state_dict(), {})
        return self.result(ctx)


class LooksAtTest(Stage):
    def step(self, ctx: Any, step: int) -> None:
        ctx.clips("test")


class ReturnsModel(Stage):
    def result(self, ctx: Any) -> Any:
        return ctx.model


class LeavesNan(Stage):
    def step(self, ctx: Any, step: int) -> None:
        torch.nn.init.constant_(ctx.model.head.linear.bias, float("nan"))


class LeavesHalf(Stage):
    def result(self, ctx: Any) -> Any:
        return StageResult(model=ctx.model.backbone)


class LabelsStrangers(Stage):
    def result(self, ctx: Any) -> Any:
        clip = ctx.clips("validation").clips[0]
        return StageResult(model=ctx.model, labels={clip.id: clip.labels})


class LabelsTooFew(Stage):
    def result(self, ctx: Any) -> Any:
        clip = ctx.clips("train").clips[0]
        return StageResult(model=ctx.model, labels={clip.id: clip.labels[1:]})


class LabelsByChance(Stage):
    def result(self, ctx: Any) -> Any:
        clip = ctx.clips("train").clips[0]
        labels = np.random.default_rng().random(clip.labels.shape).astype(np.float32)
        return StageResult(model=ctx.model, labels={clip.id: labels})


class Foresees(Stage):
    """Says beforehand which frames it labels."""

    def preview(self, ctx: Any) -> Any:
        clip = ctx.clips("train").clips[0]
        return StageResult(model=ctx.model, labels={clip.id: np.ones_like(clip.labels)})


class ForeseesLess(Foresees):
    def result(self, ctx: Any) -> Any:
        found = super().result(ctx)
        next(iter(found.labels.values()))[0] = np.nan
        return found


class WordsAsMetrics(Stage):
    def result(self, ctx: Any) -> Any:
        return StageResult(model=ctx.model, metrics={"verdict": "good"})


@pytest.mark.parametrize("stage", [Stage, Foresees])
def test_a_right_stage_passes(stage):
    check_stage(stage)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (Unseeded, "two runs from one seed give other weights"),
        (StartsOver, "stopped after a checkpoint and resumed, it gives other weights"),
        (ReturnsModel, "`run` returns a AUModel, expected a StageResult"),
        (LeavesNan, "it leaves `head.linear.bias` not finite"),
        (LeavesHalf, "the model it leaves has no `backbone`"),
        (LabelsStrangers, "which is no training clip"),
        (LabelsTooFew, r"its labels of `.*` are no array \(T,A\)"),
        (LabelsByChance, "two runs from one seed give other labels"),
        (ForeseesLess, "`preview` labels other frames than `run`"),
        (WordsAsMetrics, "its metric `verdict` is a str, no number"),
    ],
)
def test_a_wrong_stage_is_caught(wrong, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_stage(wrong)


def test_a_stage_has_no_door_to_the_test_people():
    with pytest.raises(ComponentError, match="no door to the test people"):
        check_stage(LooksAtTest)


class Params(aukit.Params):
    size: int = Field(3, ge=1, description="a size")
    names: tuple[str, ...] = Field(("a",), description="names")
    rate: float | None = Field(None, description="none: not set")
    part: aukit.Choice = aukit.slot("loss", "huber", delta=2.0)


class NoHelp(aukit.Params):
    size: int = 3


class OneWay(aukit.Params):
    size: int = Field(3, description="a size", exclude=True)


class Loose(aukit.Params):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Changeable(aukit.Params):
    model_config = ConfigDict(extra="forbid", frozen=False)


class NoneMeans(aukit.Params):
    size: int | None = Field(3, description="none: as many as there are")


class BadSmoke(Params):
    def smoke(self) -> dict[str, Any]:
        return {"size": 0}


def test_right_parameters_pass():
    assert check_params(Params) == Params()
    assert check_params(Params, size=5, names=["x", "y"], rate=0.5).rate == 0.5


@pytest.mark.parametrize(
    ("wrong", "given", "sentence"),
    [
        (dict, {}, "is no subclass of aukit.Params"),
        (Params, {"size": 0}, "its parameters are refused"),
        (Params, {"size": "3"}, "its parameters are refused"),
        (NoHelp, {}, "its parameter `size` has no description"),
        (OneWay, {"size": 5}, "dumped and read again, its parameters are others"),
        (NoneMeans, {"size": None}, "dumped and read again, its parameters are others"),
        (Loose, {}, "it accepts a parameter it does not have"),
        (Changeable, {}, "its parameters can be changed"),
        (BadSmoke, {}, "what `--smoke` makes of its parameters are refused"),
    ],
)
def test_wrong_parameters_are_caught(wrong, given, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_params(wrong, **given)


RECORD = aukit.Component(kind="loss", name="mine", build="aukit.builtin.losses.l2:L2", summary="a record")


def test_a_component_is_checked_as_a_record_or_by_name():
    check_component(RECORD)
    registry = empty_host(RECORD, builtins=True, provider="lab")
    check_component("loss/mine", registry=registry)
    check_component("loss/lab/mine", registry=registry)
    check_component("loss/huber", registry=registry, delta=0.5)


def test_a_failed_check_names_the_component():
    from dataclasses import replace

    wrong = replace(RECORD, kind="head")
    with pytest.raises(ComponentError, match=r"the head `mine` of test 0 does not accept its arguments"):
        check_component(wrong)
    with pytest.raises(ContractError, match=r"the loss `mine` of test 0: it has no summary"):
        check_component(replace(RECORD, summary=" "))
    with pytest.raises(
        ContractError, match=r"the loss `mine` of test 0: its parameter `size` has no description"
    ):
        check_component(replace(RECORD, params=NoHelp))
    with pytest.raises(ComponentError, match="there is no loss `nobody`"):
        check_component("loss/nobody")


def test_every_kind_has_a_check():
    import aukit.testing

    for kind in KINDS:
        assert callable(getattr(aukit.testing, f"check_{kind}"))
    assert set(dir(aukit.testing)) >= {"empty_host", "tiny_store", "run_cli", "check_component"}
    with pytest.raises(AttributeError, match="has no attribute `check_nothing`"):
        _ = aukit.testing.check_nothing


BUILT_IN = [
    ("backbone/resnet18-256", {"width": 8, "channels": 16}),
    ("backbone/resnet18-256", {"width": 8, "channels": 16, "output_stride": 8, "blocks": [1, 1, 1, 1]}),
    ("temporal/convgru", {"hidden": 5, "dropout": 0.2}),
    ("temporal/convgru", {"input_norm": "layer"}),
    ("objective/dpc-nce", {"negatives": ["all", "same-clip", "same-cell"], "frames": 4, "context": 2}),
    ("objective/dpc-nce", {"normalize": True, "temperature": 0.1, "target_stop_gradient": True}),
    ("augmentation/paper", {"colour_per_frame": True}),
    ("augmentation/fast", {"colour_per_frame": True}),
    ("sampler/random", {"count": 7}),
    ("dataset/synthetic", {"subjects": ["x", "y", "z"], "aus": ["AU12", "AU45"], "origin": "stand-in"}),
    ("stage/contrastive", {"steps": 3, "people": 2, "batch": 2, "average": 0.9}),
    ("stage/regression", {"steps": 3, "batch": 4}),
    ("stage/pseudo-label", {"values": "rounded"}),
    ("stage/regression", {"steps": 3, "batch": 4, "mode": "dense", "select": "last", "recalibrate": True}),
]


@pytest.mark.parametrize(("name", "params"), BUILT_IN, ids=[f"{n}-{i}" for i, (n, _) in enumerate(BUILT_IN)])
def test_built_ins_keep_their_contract_with_other_parameters(name, params):
    check_component(name, **params)
