"""From a recipe's [data] tables to what each stage sees, and the door to the test people, which only `run` opens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aukit.clips.clipset import ClipSet, join
from aukit.clips.masks import count_labels, draw_facts, draw_mask, shortfall
from aukit.contracts.data import Draw
from aukit.contracts.faces import Framing
from aukit.contracts.params import Choice, Params
from aukit.contracts.run import Event, Note, StageParams
from aukit.contracts.schema import ORIGINS
from aukit.errors import DataError, RecipeError
from aukit.hosting.build import build
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe, SplitBlocks, missing_data
from aukit.training import seeding
from aukit.training.framing import in_words, shared_framing
from aukit.training.label_source import refuse_other_samples
from aukit.training.seen import Seen, look
from aukit.training.steps import seconds_spanned
from aukit.training.tables import Table, open_table
from aukit.training.weights import KEY, Inherited, inherited


@dataclass(frozen=True, kw_only=True)
class StageData:
    """What one stage sees: training and validation people, labels masked; and the masks."""

    tables: tuple[str, ...]
    train: ClipSet
    validation: ClipSet
    masks: Mapping[str, Draw]

    def facts(self) -> dict[str, Any]:
        """Label counts, of those used for selecting too, and what their samplers say of the draws."""
        draws = {
            {"validation": "selection"}.get(part, part): facts
            for part, draw in self.masks.items()
            if (facts := draw_facts(draw, self.train.aus))
        }
        return {
            "data": list(self.tables),
            "people": {
                part: sorted({"/".join(clip.person) for clip in clips.clips})
                for part, clips in (("train", self.train), ("validation", self.validation))
            },
            "labels": {
                "train": count_labels(self.train).table(),
                "selection": count_labels(self.validation).table(),
            },
            **({"draws": draws} if draws else {}),
        }


@dataclass(frozen=True, kw_only=True)
class RunData:
    """All data of a run. `test` is for the final evaluation alone; `seen` says who has seen it."""

    tables: Mapping[str, Table]
    stages: Mapping[str, StageData]
    test: ClipSet
    seen: Seen
    aus: tuple[str, ...]
    protocol: str
    framing: Framing | None = None
    """Of the last data that labels come from: what the model wants to see."""
    runs: Mapping[str, Inherited] = field(default_factory=dict)
    """The other runs that this one builds on, by the dotted path that names each."""

    @property
    def weights(self) -> Inherited | None:
        """The run whose model this one starts from."""
        return self.runs.get(KEY)

    def used_by(self, stage: str) -> dict[Path, Inherited]:
        """The other runs whose models a stage uses, by folder."""
        return {run.folder.path: run for run in self.runs.values() if run.stage == stage}

    @property
    def origin(self) -> str:
        """The least real origin of all that shapes or tests the model."""
        earlier = [run.model.origin for run in self.runs.values()]
        return max([*earlier, *(table.origin for table in self.tables.values())], key=ORIGINS.index)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frames."""
        return next(iter(self.stages.values())).train.size

    def facts(self, parts: Sequence[str] = ()) -> dict[str, Any]:
        """data.json; `parts` of the model took over the weights of another run."""
        teachers = {path: run.facts() for path, run in self.runs.items() if run.stage}
        return {
            "origin": self.origin,
            "aus": list(self.aus),
            "framing": in_words(self.framing),
            "tables": {name: table.facts() for name, table in self.tables.items()},
            "stages": {name: stage.facts() for name, stage in self.stages.items()},
            "weights": self.weights.facts(parts) if self.weights else None,
            **({"runs": teachers} if teachers else {}),
            "protocol": self.protocol,
            **self.seen.facts(),
            "test": {
                "clips": [clip.id for clip in self.test.clips],
                "labels": count_labels(self.test).table(),
            },
        }


def open_data(
    recipe: Recipe, *, registry: Registry, emit: Callable[[Event], None], make: bool = True
) -> RunData:
    """Open (and, where it is generated, make) every table that a stage or the evaluation names.

    With `make` False nothing is written: a generated table that is not there is planned from its sources.

    Raises:
        RecipeError: files are not there: all of them, with ways to get them.
        DataError: a file is damaged, a split shares a person, a stage would see test people, labels lack.
        RunFolderError: `model.weights` or a stage names no finished run.
    """
    missing = missing_data(recipe)
    if missing:
        raise RecipeError(missing)
    judged, part = evaluation_table(recipe), recipe.evaluation.split
    wanted = dict.fromkeys(
        [*(name for stage in recipe.stages for name in stage_tables(recipe, stage)), judged]
    )
    tables = {name: open_table(recipe, name, registry=registry, emit=emit, make=make) for name in wanted}
    check_gaps(recipe, tables)
    framing = _framing(recipe, tables, judged, emit)
    aus = recipe.model.aus or _label_aus(recipe, tables)
    stages = {name: _stage_data(recipe, name, tables, aus, registry, emit) for name in recipe.stages}
    refuse_other_samples(recipe, {name: stage.train for name, stage in stages.items()})
    test = _judged(tables[judged].parts[part], aus, part, judged)
    runs = inherited(recipe)
    for run in runs.values():
        if run.stage:
            shown = {f"data.{name}": tables[name].framing for name in stage_tables(recipe, run.stage)}
            shared_framing({f"the run {run.folder.path}": run.model.framing, **shown})
    seen = look(
        stages,
        runs,
        test,
        part=part,
        cut=tables[judged].cut,
        protocol=tables[judged].protocol,
        allowed=recipe.evaluation.allow_overlap,
        emit=emit,
    )
    return RunData(
        tables=tables,
        stages=stages,
        test=test,
        seen=seen,
        aus=aus,
        protocol=tables[judged].protocol,
        framing=framing,
        runs=runs,
    )


def check_gaps(recipe: Recipe, tables: Mapping[str, Table]) -> None:
    """Where videos are cut into blocks, the gap holds a window of each stage that sees them, and of prediction.

    Raises:
        DataError: it does not; the least gap is named.
    """
    for stage in recipe.stages:
        params = recipe.params(f"stages.{stage}")
        predicted = recipe.evaluation.window or 1 if has_labels(params) else 1
        for name in stage_tables(recipe, stage):
            split = recipe.data[name].split
            if not isinstance(split, SplitBlocks):
                continue
            least = seconds_spanned(params, tables[name].parts["train"], least=predicted)
            if split.gap < least - 1e-6:
                raise DataError(
                    f"a window of the stage `{stage}` takes {least:.2f} s, and the gap between its training frames "
                    f"and those of other blocks is {split.gap:g} s",
                    where=recipe.where(f"data.{name}.split.gap"),
                    hint=f"set data.{name}.split.gap to at least {math.ceil(least * 100 - 1e-6) / 100:g}",
                    least=least,
                )


def stage_tables(recipe: Recipe, stage: str) -> tuple[str, ...]:
    """The [data] tables that a stage names."""
    names: tuple[str, ...] = getattr(recipe.params(f"stages.{stage}"), "data")  # noqa: B009
    return names


def evaluation_table(recipe: Recipe) -> str:
    """The [data] table whose test people are judged: as said, or the last labelled stage's, or the last stage's."""
    return recipe.evaluation.data or stage_tables(recipe, label_stage(recipe))[-1]


def label_stage(recipe: Recipe) -> str:
    """The last stage that learns from labels, or the last stage."""
    names = list(recipe.stages)
    labelled = [name for name in names if has_labels(recipe.params(f"stages.{name}"))]
    return (labelled or names)[-1]


def has_labels(params: Params) -> bool:
    """Whether a stage with these parameters is shown labels."""
    return isinstance(params, StageParams) and params.sees_labels()


def _label_aus(recipe: Recipe, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """All AUs of the data that labels come from."""
    labelled = [stage for stage in recipe.stages if has_labels(recipe.params(f"stages.{stage}"))]
    names = [name for stage in labelled or recipe.stages for name in stage_tables(recipe, stage)]
    return tuple(dict.fromkeys(au for name in names for au in tables[name].aus))


def _framing(
    recipe: Recipe, tables: Mapping[str, Table], judged: str, emit: Callable[[Event], None]
) -> Framing | None:
    """The framing of the data whose labels are learnt last; tells where others differ.

    Raises:
        DataError: the data of one stage, or those that are judged, are framed otherwise.
    """
    stages = {
        stage: shared_framing({name: tables[name].framing for name in stage_tables(recipe, stage)})
        for stage in recipe.stages
    }
    last = label_stage(recipe)
    found = stages[last]
    for stage, framing in stages.items():
        if framing != found and not (framing and found and framing.cuts_like(found)):
            emit(
                Note(
                    text=f"the faces that `{stage}` sees are framed otherwise ({in_words(framing)}) than those that "
                    f"`{last}` sees ({in_words(found)}): what it learns may fit them less",
                    level="warning",
                )
            )
    shown = tables[judged].framing
    shared_framing({f"the data of `{last}`": found, f"data.{judged}": shown})
    if (shown is None) != (found is None):
        emit(
            Note(
                text=f"the model is judged on faces framed otherwise ({in_words(shown)}) than those it learnt "
                f"from ({in_words(found)})",
                level="warning",
            )
        )
    return found


def _stage_data(
    recipe: Recipe,
    name: str,
    tables: Mapping[str, Table],
    aus: tuple[str, ...],
    registry: Registry,
    emit: Callable[[Event], None],
) -> StageData:
    params = recipe.params(f"stages.{name}")
    names = stage_tables(recipe, name)
    train = join([tables[one].parts["train"] for one in names], names=names)
    validation = join([tables[one].parts["validation"] for one in names], names=names)
    if not has_labels(params):
        data = {"train": train.unlabelled(), "validation": validation.unlabelled()}
        return StageData(tables=names, masks={}, **data)
    parts, masks = {"train": train.for_aus(aus), "validation": validation.for_aus(aus)}, {}
    for part, slot in (("train", "sampler"), ("validation", "selection")):
        choice: Choice | None = getattr(params, slot, None)
        if choice is None:
            parts[part] = parts[part].unlabelled()
            continue
        sampler = build("sampler", choice.name, registry=registry, **choice.params)
        # the key has no stage in it: two stages with one sampler share one set of labels
        masks[part] = draw_mask(parts[part], sampler, seeding.rng(recipe.seed, "labels", part))
        short = shortfall(masks[part], aus)
        if short:
            text = f"`{name}`: the sampler `{choice.name}` found fewer {part} labels than it was asked for: {short}"
            emit(Note(text=text, level="warning"))
        parts[part] = parts[part].masked(masks[part])
    return StageData(tables=names, masks=masks, **parts)


def _judged(clips: ClipSet, aus: tuple[str, ...], part: str, table: str) -> ClipSet:
    """The people a model is judged on, with labels of its AUs.

    Raises:
        DataError: they have no labels.
    """
    if not clips.clips:
        return clips
    clips = clips.for_aus(aus)
    if not any((~np.isnan(clip.labels)).any() for clip in clips.clips):
        raise DataError(
            f"no frame of the {part} people of `{table}` is labelled, so nothing can be judged",
            hint="name a labelled table as evaluation.data",
        )
    return clips
