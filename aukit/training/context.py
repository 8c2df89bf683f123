"""A stage's world: the concrete `StageContext`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aukit.clips.clipset import ClipSet
from aukit.contracts.params import Choice
from aukit.contracts.run import Event, Metrics, Note, Progress, StageResult
from aukit.errors import ComponentError
from aukit.hosting.build import build
from aukit.hosting.registry import Registry
from aukit.rundir.checkpoint import Checkpoints
from aukit.rundir.metrics_log import MetricsLog
from aukit.training import distributed, seeding
from aukit.training.device import autocast
from aukit.training.model import AUModel, build_part
from aukit.training.saved import ModelFacts
from aukit.training.weights import Inherited


class Context:
    """What a stage may see and do (`aukit.contracts.run.StageContext`). It has no door to the test people."""

    def __init__(
        self,
        *,
        name: str,
        seed: int,
        device: torch.device,
        folder: Path,
        model: Any,
        results: Mapping[str, StageResult],
        train: ClipSet,
        validation: ClipSet,
        metrics: MetricsLog,
        emit: Callable[[Event], None],
        parts: Mapping[str, Choice],
        registry: Registry | None = None,
        runs: Mapping[Path, Inherited] | None = None,
        precision: str = "fp32",
        checkpoint_every: int = 200,
    ) -> None:
        self.name = name
        self.seed = seed
        self.device = device
        self.folder = folder
        self.model = model
        self.results = results
        self.precision = precision
        self.checkpoint_every = checkpoint_every
        self._clips = {"train": train, "validation": validation}
        self._metrics = metrics
        self._emit = emit
        self._parts = parts
        self._registry = registry
        self._runs = runs or {}
        self._checkpoints = Checkpoints(folder / "checkpoints")
        self._features: dict[str, dict[str, NDArray[np.float32]]] = {}
        self._started = time.monotonic()
        self._before = 0.0

    @property
    def seconds(self) -> float:
        """Time spent in this stage, before an interruption too."""
        return self._before + time.monotonic() - self._started

    def build(self, kind: str, choice: Choice, **wiring: Any) -> Any:
        """Build a component that the stage's parameters name; its weights depend on seed, stage and kind alone."""
        seeding.reseed_torch(self.seed, self.name, "build", kind)
        return build(kind, choice.name, wiring, registry=self._registry, **choice.params)

    def new_part(self, part: str) -> torch.nn.Module:
        """A part of the model with new weights, as the recipe describes it, on the device."""
        wiring: dict[str, Any] = {}
        if part == "temporal":
            wiring = {"channels": self.model.backbone.channels}
        elif part == "head":
            wiring = {"channels": self.model.temporal.channels, "aus": self.model.aus}
        key = f"reset in {self.name}"
        return build_part(part, self._parts[part], self.seed, registry=self._registry, key=key, **wiring).to(
            self.device
        )

    def model_of(self, run: str) -> tuple[AUModel, ModelFacts]:
        """The model of another finished run, in evaluation mode on the device, and its facts.

        Raises:
            ComponentError: the stage's parameters do not tell of this run (`StageParams.runs`).
        """
        found = self._runs.get(Path(run).expanduser())
        if found is None:
            raise ComponentError(
                f"the stage `{self.name}` asks for the model of `{run}`, which its parameters do not name",
                hint="return the folder from `StageParams.runs()`: whom that run saw counts as seen",
            )
        return found.network(self._registry).to(self.device), found.model

    def clips(self, split: str) -> ClipSet:
        """Clips of "train" or "validation" people, labels masked to the sample.

        Raises:
            ComponentError: any other split.
        """
        if split not in self._clips:
            raise ComponentError(
                f"a stage has no door to the {split} people (asked by the stage `{self.name}`)",
                hint="only `train` and `validation` are there: choices are never made on test people",
            )
        return self._clips[split]

    def features(self, split: str) -> Mapping[str, NDArray[np.float32]]:
        """`{clip id: (T,C)}`: the backbone's features of the model as it stands, mean over cells; computed once."""
        if split not in self._features:
            self._features[split] = {
                clip.id: self._pooled(clip.read, clip.length) for clip in self.clips(split).clips
            }
        return self._features[split]

    def _pooled(
        self, read: Callable[..., NDArray[np.uint8]], length: int, batch: int = 64
    ) -> NDArray[np.float32]:
        training = self.model.training
        self.model.eval()
        found = []
        with torch.inference_mode(), autocast(self.device, self.precision):
            for start in range(0, length, batch):
                frames = torch.from_numpy(read(start, min(start + batch, length))).to(self.device)
                features = self.model.backbone(frames.permute(0, 3, 1, 2).float() / 255)
                found.append(features.float().mean(dim=(2, 3)).cpu().numpy())
        self.model.train(training)
        return np.concatenate(found)

    def rng(self, *key: str | int) -> np.random.Generator:
        """A generator that depends on the run's seed, this stage and the key, and on nothing else."""
        return seeding.rng(self.seed, self.name, *key)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write one row of metrics and tell the trackers; of several processes the main one does."""
        if not distributed.is_main():
            return
        self._metrics.write(self.name, step, values)
        self._emit(Metrics(stage=self.name, step=step, values=dict(values)))

    def progress(self, task: str, done: int, total: int, **more: Any) -> None:
        """Tell how far a piece of work is."""
        self._emit(Progress(task=task, done=done, total=total, **more))

    def note(self, text: str, level: str = "info") -> None:
        """Tell the user something."""
        self._emit(Note(text=text, level=level))

    def save(self, tensors: Mapping[str, torch.Tensor], state: Mapping[str, Any]) -> None:
        """Replace this stage's checkpoint. `state` is JSON; the rows of metrics so far are remembered with it.

        Of several processes the main one saves.
        """
        if not distributed.is_main():
            return
        self._checkpoints.save(
            tensors, {"rows": self._metrics.rows, "seconds": self.seconds, "state": dict(state)}
        )

    def restore(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """The checkpoint that an interrupted run left, or None. Rows of metrics after it were dropped."""
        found = self._checkpoints.load()
        if found is None:
            return None
        tensors, state = found
        self._before, self._started = float(state["seconds"]), time.monotonic()
        return tensors, state["state"]
