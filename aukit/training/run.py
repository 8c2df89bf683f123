"""A run: from a recipe to a folder with a trained, judged model. `aukit.run_recipe` adds the report."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aukit.clips.masks import mask_to_table
from aukit.contracts.run import Event, Note, RunFinished, RunStarted, StageFinished, StageResult
from aukit.errors import ComponentError, Interrupted, RunFolderError
from aukit.evaluation.result import Evaluation
from aukit.hosting.build import construct, load_class
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe
from aukit.rundir import environment
from aukit.rundir.atomic import plain, read_json, storage, write_json, write_text
from aukit.rundir.layout import RunFolder
from aukit.rundir.metrics_log import MetricsLog
from aukit.rundir.place import place_of
from aukit.training import distributed
from aukit.training.context import Context
from aukit.training.data import has_labels, label_stage, open_data
from aukit.training.device import choose_device, settings
from aukit.training.estimator import AUEstimator
from aukit.training.judging import judge
from aukit.training.model import PARTS, AUModel, build_model
from aukit.training.observers import LogFile, Observers
from aukit.training.results import is_finished, load_result, rows_known, save_result, taken_from
from aukit.training.saved import ModelFacts, save_model
from aukit.training.sharing import Sharing
from aukit.training.steps import seconds_between
from aukit.training.summary import summarise

WINDOW = 15
"""Frames of a prediction's window where neither recipe nor stage says (paper, section 3.2)."""
Finish = Callable[[Path], object]


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run: its folder and its summary.json."""

    folder: Path
    summary: Mapping[str, Any]


def run(
    recipe: Recipe,
    *,
    registry: Registry,
    out: Path | None = None,
    resuming: bool = False,
    on_event: Callable[[Event], object] | None = None,
    finish: Sequence[Finish] = (),
    shared: Path | None = None,
) -> RunResult:
    """Train and judge what a recipe says.

    Where `distributed.session` has met other processes they train together; the main one writes, tells and judges.

    Args:
        recipe: the resolved recipe.
        registry: where its components come from.
        out: the run folder; by default `runs/NAME/TIME_DIGEST`.
        resuming: go on with the run in `out`; without `out`, with the newest unfinished run of this very recipe.
        on_event: hears of everything that happens.
        finish: called with the folder when all but summary.json is there, such as the writer of a report.
        shared: a folder of finished stages: one that was made of the same is taken from it, others are put there.

    Raises:
        RunFolderError: the folder exists (and is not resumed), or holds no run of this recipe to go on with.
        DataError, UsageError: the data does not fit the recipe; nothing was written.
        DivergedError: training met a loss that is not finite; the last good checkpoint stands.
        Interrupted: by Ctrl-C; what was done is kept.
        StorageError: the disk is full or a folder cannot be written.
    """
    path = distributed.on_main(lambda: place_of(recipe, out, resuming))
    device = distributed.together(lambda: choose_device(recipe.compute.device))
    observers = Observers(on_event if distributed.is_main() else None)
    try:
        with settings(device, threads=recipe.compute.threads, deterministic=recipe.compute.deterministic):
            return _Run(recipe, registry, path, resuming, device, observers, shared).run(finish)
    except KeyboardInterrupt:
        hint = (
            "go on with `--resume`"
            if RunFolder(path).resolved.exists()
            else "nothing of the run was written yet"
        )
        raise Interrupted(f"stopped; the run is in {path}", hint=hint) from None


class _Run:
    """One call of `run`: what its steps share."""

    def __init__(
        self,
        recipe: Recipe,
        registry: Registry,
        path: Path,
        resuming: bool,
        device: torch.device,
        observers: Observers,
        shared: Path | None,
    ) -> None:
        self.recipe = recipe
        self.registry = registry
        self.path = path
        self.resuming = resuming
        self.device = device
        self.emit = observers
        self.processes = distributed.size()
        self.results: dict[str, StageResult] = {}
        self.seconds: dict[str, float] = {}
        self.shared = shared
        self.sharing: Sharing | None = None

    def run(self, finish: Sequence[Finish]) -> RunResult:
        """All of it; see `run`."""
        recipe = self.recipe
        self.data = distributed.main_first(lambda: open_data(recipe, registry=self.registry, emit=self.emit))
        parts = {part: getattr(recipe.model, part) for part in PARTS}
        model = build_model(parts, self.data.aus, recipe.seed, registry=self.registry)
        parts_taken = self.data.weights.load_into(model) if self.data.weights else ()
        model = model.to(self.device)
        self.folder = RunFolder(self.path)
        self.metrics = MetricsLog(self.folder.metrics)
        stages = {name: self._stage(name) for name in recipe.stages}
        distributed.together(lambda: self._check_stages(stages, model))
        distributed.on_main(lambda: self._prepare_folder(parts_taken))
        distributed.together(lambda: RunFolder.open(self.path))
        if self.shared:
            self.sharing = Sharing(self.shared, recipe, self.data, str(self.device))
        self.emit(
            RunStarted(
                folder=self.path,
                recipe=recipe.name,
                origin=self.data.origin,
                stages=tuple((name, choice.name) for name, choice in recipe.stages.items()),
                resumed=self.resuming,
            )
        )
        if parts_taken:
            anew = [part for part in PARTS if part not in parts_taken and getattr(model, part).state_dict()]
            said = f"; {', '.join(anew)} anew" if anew else ""
            self.emit(
                Note(text=f"{', '.join(parts_taken)} start from the weights of {recipe.model.weights}{said}")
            )
        for name, stage in stages.items():
            model = self._run_stage(name, stage, model)
        summary = distributed.on_main(lambda: self._close(model, finish))
        return RunResult(folder=self.path, summary=summary)

    def _close(self, model: AUModel, finish: Sequence[Finish]) -> dict[str, Any]:
        """Judge the model and write what is left; returns the summary."""
        evaluation = self._judge(model)
        for write in finish:
            write(self.path)
        summary = summarise(self.recipe, self.data, self.results, self.seconds, evaluation)
        taken = {name: taken_from(self.folder.stage(name)) for name in self.recipe.stages}
        summary["reused"] = {name: found for name, found in taken.items() if found}
        write_json(self.folder.summary, summary)
        self.emit(RunFinished(folder=self.path, summary=summary))
        return summary

    def _stage(self, name: str) -> Any:
        provided = self.recipe.components[f"stages.{name}"]
        return construct(provided, self.recipe.params(f"stages.{name}"), {})

    def _context(self, name: str, model: Any) -> Context:
        data, compute = self.data.stages[name], self.recipe.compute
        return Context(
            name=name,
            seed=self.recipe.seed,
            device=self.device,
            folder=self.folder.stage(name),
            model=model,
            results=self.results,
            train=data.train,
            validation=data.validation,
            metrics=self.metrics,
            emit=self.emit,
            parts={part: getattr(self.recipe.model, part) for part in PARTS},
            registry=self.registry,
            runs=self.data.used_by(name),
            precision=compute.precision,
            checkpoint_every=compute.checkpoint_every,
        )

    def _check_stages(self, stages: Mapping[str, Any], model: AUModel) -> None:
        """Let each stage look at its data before any trains: what fails should fail now, not after hours."""
        for number in range(len(self.recipe.trackers)):
            load_class(self.recipe.components[f"trackers.{number}"])
        for name, stage in stages.items():
            ctx = self._context(name, model)
            if hasattr(stage, "check"):
                stage.check(ctx)
            self.results[name] = stage.preview(ctx) if hasattr(stage, "preview") else StageResult(model=model)
        self.results.clear()

    def _prepare_folder(self, parts: Sequence[str]) -> None:
        """Write what is known before training; where a run goes on, see that its data is still the same."""
        folder, recipe, facts = self.folder, self.recipe, self.data.facts(parts)
        if self.resuming:
            if folder.data.exists() and read_json(folder.data) != plain(facts):
                raise RunFolderError(
                    "the data has changed since this run began",
                    where=str(folder.data),
                    hint="put the old files back, or begin a new run elsewhere with `--out DIR`",
                )
        else:
            RunFolder.create(self.path)
        write_text(folder.resolved, recipe.dump())  # from here on the folder is a run that can be resumed
        write_text(folder.recipe, recipe.source.text)
        write_json(folder.data, facts)
        for name, data in self.data.stages.items():
            with storage(folder.stage(name)):
                folder.stage(name).mkdir(parents=True, exist_ok=True)
                for part, mask in data.masks.items():
                    table = json.dumps(mask_to_table(mask, self.data.aus))
                    write_text(folder.stage(name) / f"labels-{part}.json", table + "\n")
        device = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else str(self.device)
        environment.write(
            folder.environment,
            environment.collect(
                seed=recipe.seed,
                components=environment.describe(recipe.components, recipe.params),
                device=device,
                threads=torch.get_num_threads(),
                processes=self.processes,
            ),
        )
        self.metrics = MetricsLog(folder.metrics)
        if self.resuming:
            self.metrics.rewind(self._rows())
        self.emit.add("train.log", LogFile(folder.log))
        self.emit.build(recipe.trackers, self.path, self.registry)

    def _rows(self) -> int:
        """How many rows of metrics the finished stages and the newest checkpoint know."""
        rows = 0
        for name in self.recipe.stages:
            rows = rows_known(self.folder.stage(name)) or rows
            if not is_finished(self.folder.stage(name)):
                break
        return rows

    def _run_stage(self, name: str, stage: Any, model: Any) -> Any:
        folder = self.folder.stage(name)
        if distributed.on_main(lambda: self._is_there(name)):
            result, self.seconds[name] = load_result(folder, model)
            self.emit(Note(text=f"the stage `{name}` is finished: its weights are taken as they are"))
        else:
            result = self._train(name, stage, self._context(name, model))
            distributed.on_main(lambda: self._keep(name, result))
            if not distributed.is_main():
                result, _ = load_result(folder, model)
        # later stages train the same model on: what this one left must stay as it was
        self.results[name] = StageResult(
            model=copy.deepcopy(result.model), labels=result.labels, metrics=result.metrics
        )
        return result.model

    def _is_there(self, name: str) -> bool:
        """Whether a stage is finished, here or in a run that shares it."""
        folder = self.folder.stage(name)
        return is_finished(folder) or bool(self.sharing and self.sharing.take(name, folder, self.metrics))

    def _train(self, name: str, stage: Any, ctx: Context) -> Any:
        """What a stage returns; one that has no `Loop` knows of no other processes, so the main one runs it alone."""
        if hasattr(stage, "loop"):
            result = stage.run(ctx)
        else:
            with distributed.alone():
                result = stage.run(ctx) if distributed.is_main() else None
        self.seconds[name] = ctx.seconds
        return result

    def _keep(self, name: str, result: Any) -> None:
        if not isinstance(result, StageResult):
            raise ComponentError(
                f"the stage `{name}` returned {type(result).__name__}, a StageResult is due",
                where=self.recipe.components[f"stages.{name}"].location,
            )
        folder = self.folder.stage(name)
        save_result(folder, result, rows=self.metrics.rows, seconds=self.seconds[name])
        if self.sharing:
            self.sharing.keep(name, folder, self.metrics)
        self.emit(StageFinished(stage=name, seconds=self.seconds[name], metrics=result.metrics))

    def _judge(self, model: AUModel) -> Evaluation | None:
        started = time.monotonic()
        recipe, stage = self.recipe, label_stage(self.recipe)
        params, clips = recipe.params(f"stages.{stage}"), self.data.stages[stage].train
        facts = ModelFacts(
            aus=self.data.aus,
            origin=self.data.origin,
            size=self.data.size,
            seconds_per_frame=seconds_between(params, clips),
            window=recipe.evaluation.window or int(getattr(params, "window", WINDOW)),
            predictor=recipe.evaluation.predictor,
            clip=recipe.evaluation.clip,
            parts={part: getattr(recipe.model, part).model_dump(mode="json") for part in PARTS},
            providers={part: recipe.components[f"model.{part}"].source for part in PARTS},
            crop=self.data.framing.table() if self.data.framing else {},
            recipe=recipe.name,
        )
        save_model(self.folder.model, model, facts)
        if not has_labels(params) or not self.data.test.clips:
            why = "no stage learns from labels" if not has_labels(params) else "the split has no test people"
            self.emit(Note(text=f"nothing was judged: {why}", level="warning"))
            return None
        estimator = AUEstimator(model, facts, str(self.device))
        found = judge(
            recipe, self.folder, estimator, self.data.test, clips, self.emit, protocol=self.data.protocol
        )
        write_json(self.folder.results, found.to_json())
        self.seconds["evaluation"] = time.monotonic() - started
        return found
