"""The contract of stages: a tiny stage on a tiny store, run whole, run again, and stopped and resumed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aukit.clips.clipset import ClipSet, open_clips
from aukit.clips.reader import ClipStore
from aukit.contracts.params import Choice
from aukit.contracts.run import StageResult
from aukit.contracts.schema import Split
from aukit.hosting.host import load_host
from aukit.rundir.metrics_log import MetricsLog
from aukit.testing.contract import Make, require
from aukit.testing.store import tiny_store
from aukit.training.context import Context
from aukit.training.model import AUModel, build_model

PARTS = {
    "backbone": Choice(name="aukit/resnet18-256", width=4, channels=8),
    "temporal": Choice(name="aukit/convgru"),
    "head": Choice(name="aukit/pool-bn-linear"),
}


class _Stopped(Exception):
    """Stands for a run that ends after its first checkpoint."""


class _StoppingContext(Context):
    def save(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        super().save(tensors, state)
        raise _Stopped


def check_stage(make: Make, *, frames: int = 40, size: int = 32) -> None:
    """A stage runs, leaves a model and perhaps labels, gives the same twice, and, stopped and resumed, the same again.

    Where it has `preview`, that labels the frames that `run` labels.

    It is tried on four training and two validation people, `frames` frames each, two AUs, a model of a few
    thousand weights. Ask for few steps: the check runs the stage three times.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = tiny_store(folder / "tiny.h5", people=8, frames=frames, size=size, aus=("AU04", "AU12"))
        store = ClipStore(path)
        try:
            _check(make, folder, open_clips([store]), store)
        finally:
            store.close()


def _check(make: Make, folder: Path, clips: ClipSet, store: ClipStore) -> None:
    assert store.schema is not None
    (split,) = store.schema.splits["default"]
    assert isinstance(split, Split)
    train, validation = clips.select(split.train), clips.select(split.validation)

    def run(place: str, kind: type[Context] = Context, does: str = "run") -> StageResult:
        here = folder / place
        here.mkdir(exist_ok=True)
        registry = load_host(plugins=False)
        torch.manual_seed(0)
        ctx = kind(
            name="tiny",
            seed=0,
            device=torch.device("cpu"),
            folder=here,
            model=build_model(PARTS, clips.aus, 0, registry=registry),
            results={},
            train=train,
            validation=validation,
            metrics=MetricsLog(here / "metrics.jsonl"),
            emit=lambda event: None,
            parts=PARTS,
            registry=registry,
            checkpoint_every=1,
        )
        result: StageResult = getattr(make(), does)(ctx)
        return result

    result = run("first")
    _check_result(result, train)
    _check_same(run("second"), result, "two runs from one seed give")
    try:
        run("stopped", _StoppingContext)
    except _Stopped:
        _check_same(run("stopped"), result, "stopped after a checkpoint and resumed, it gives")
    if hasattr(make(), "preview"):
        foreseen = run("preview", does="preview").labels
        same = foreseen.keys() == result.labels.keys() and all(
            np.array_equal(np.isnan(foreseen[clip]), np.isnan(labels))
            for clip, labels in result.labels.items()
        )
        require(same, "`preview` labels other frames than `run`")


def _check_result(result: Any, train: ClipSet) -> None:
    require(
        isinstance(result, StageResult), f"`run` returns a {type(result).__name__}, expected a StageResult"
    )
    model = result.model
    for part in ("backbone", "temporal", "head"):
        require(hasattr(model, part), f"the model it leaves has no `{part}`")
    for name, value in model.state_dict().items():
        require(
            not value.is_floating_point() or bool(value.isfinite().all()), f"it leaves `{name}` not finite"
        )
    for name, number in result.metrics.items():
        require(
            isinstance(number, float | int), f"its metric `{name}` is a {type(number).__name__}, no number"
        )
    lengths = {clip.id: (clip.length, len(train.aus)) for clip in train.clips}
    for clip, labels in result.labels.items():
        require(clip in lengths, f"it labels `{clip}`, which is no training clip")
        fits = isinstance(labels, np.ndarray) and labels.shape == lengths[clip]
        require(fits, f"its labels of `{clip}` are no array (T,A)")
    if isinstance(model, AUModel):
        with torch.no_grad():
            intensities = model.eval()(torch.zeros(1, 2, 3, *train.size))[0]
        require(intensities.shape == (1, 2, len(train.aus)), "the model it leaves does not give (B,T,A)")


def _check_same(other: StageResult, result: StageResult, what: str) -> None:
    require(_equal(other.model.state_dict(), result.model.state_dict()), f"{what} other weights")
    same = other.labels.keys() == result.labels.keys() and all(
        np.array_equal(other.labels[clip], labels, equal_nan=True) for clip, labels in result.labels.items()
    )
    require(same, f"{what} other labels")


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
