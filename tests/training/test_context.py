"""A stage's world: one door to data, randomness by key, features once, no test people."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from aukit.clips.clipset import ClipSet, open_clips
from aukit.contracts.params import Choice
from aukit.contracts.run import Event, Metrics, Note, Progress
from aukit.errors import ComponentError
from aukit.hosting.host import load_host
from aukit.rundir.metrics_log import MetricsLog, read_rows
from aukit.training.context import Context
from aukit.training.model import build_model

PARTS = {
    "backbone": Choice(name="resnet18-256", width=4, channels=8, blocks=[1, 1, 1, 1], output_stride=8),
    "temporal": Choice(name="convgru"),
    "head": Choice(name="pool-bn-linear"),
}


@pytest.fixture
def clips(store_root: Path) -> ClipSet:
    return open_clips([store_root / "tiny.h5"])


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def ctx(clips: ClipSet, events: list[Event], tmp_path: Path) -> Context:
    registry = load_host(plugins=False)
    return Context(
        name="stage",
        seed=1,
        device=torch.device("cpu"),
        folder=tmp_path,
        model=build_model(PARTS, clips.aus, 1, registry=registry),
        results={},
        train=clips.select(["P01", "P02"]),
        validation=clips.select(["P03"]).unlabelled(),
        metrics=MetricsLog(tmp_path / "metrics.jsonl"),
        emit=events.append,
        parts=PARTS,
        registry=registry,
    )


@pytest.mark.parametrize("split", ["test", "all", ""])
def test_only_training_and_validation_people(ctx: Context, split: str) -> None:
    assert ctx.clips("train").subjects == ("P01", "P02")
    with pytest.raises(ComponentError, match="no door"):
        ctx.clips(split)
    with pytest.raises(ComponentError, match="no door"):
        ctx.features(split)


def test_features_are_the_backbones_mean_over_cells_and_computed_once(ctx: Context) -> None:
    found = ctx.features("train")
    clip = ctx.clips("train").clips[1]
    pixels = torch.from_numpy(clip.read(0, clip.length)).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        expected = ctx.model.eval().backbone(pixels).mean((2, 3))
    np.testing.assert_allclose(found[clip.id], expected.numpy(), atol=1e-5)
    assert found[clip.id].dtype == np.float32
    assert ctx.features("train") is found


def test_new_parts_and_components_depend_on_seed_and_stage_alone(ctx: Context) -> None:
    one = ctx.new_part("temporal").state_dict()
    torch.rand(3)
    other = ctx.new_part("temporal").state_dict()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    own = ctx.model.temporal.state_dict()
    assert not all(torch.equal(value, own[name]) for name, value in one.items())
    wiring = {"channels": 8, "state_channels": 8}
    weights = [ctx.build("objective", Choice(name="dpc-nce"), **wiring).state_dict() for _ in range(2)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert (ctx.rng("a", 1).random(4) == ctx.rng("a", 1).random(4)).all()
    assert (ctx.rng("a", 1).random(4) != ctx.rng("a", 2).random(4)).any()


def test_log_note_and_progress_are_told(ctx: Context, events: list[Event]) -> None:
    ctx.log(3, {"loss": 1.5})
    ctx.note("look", level="warning")
    ctx.progress("stage", 1, 4, frames_per_second=2.0)
    assert read_rows(ctx.folder / "metrics.jsonl") == [{"stage": "stage", "step": 3, "loss": 1.5}]
    assert events == [
        Metrics(stage="stage", step=3, values={"loss": 1.5}),
        Note(text="look", level="warning"),
        Progress(task="stage", done=1, total=4, frames_per_second=2.0),
    ]


def test_what_was_saved_is_restored_with_the_time_spent(ctx: Context) -> None:
    assert ctx.restore() is None
    ctx._started -= 100
    ctx.save({"w": torch.ones(2)}, {"step": 4})
    shutil.copytree(ctx.folder / "checkpoints", ctx.folder / "copy")
    ctx._started += 100
    found = ctx.restore()
    assert found is not None
    assert found[1] == {"step": 4}
    assert ctx.seconds >= 100
