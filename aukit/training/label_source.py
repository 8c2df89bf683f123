"""Stages that learn from labels which an earlier stage made: true labels are counted once, made ones beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aukit.clips.clipset import ClipSet
from aukit.contracts.run import StageParams, StageResult
from aukit.errors import DataError
from aukit.recipe import Recipe


def label_source(recipe: Recipe, stage: str) -> str:
    """The earlier stage whose labels a stage learns from; empty where it learns from its sampler's."""
    return str(getattr(recipe.params(f"stages.{stage}"), "labels", ""))


def refuse_other_samples(recipe: Recipe, train: Mapping[str, ClipSet]) -> None:
    """A stage and the one that makes its labels hold the same true labels, or more would shape it than are counted.

    `train` has the training clips of each stage, labels masked.

    Raises:
        DataError: they differ.
    """
    for stage in recipe.stages:
        source = label_source(recipe, stage)
        params = recipe.params(f"stages.{source}") if source in recipe.stages else None
        if not isinstance(params, StageParams) or not params.sees_labels():
            continue
        own, other = (
            {clip.id: ~np.isnan(clip.labels) for clip in train[name].clips} for name in (stage, source)
        )
        if any(not np.array_equal(own[id], other[id]) for id in own.keys() & other.keys()):
            raise DataError(
                f"the sampler of `{source}` draws other labels than that of `{stage}`, which learns from them: "
                "together they would be more than either counts",
                where=recipe.where(f"stages.{source}.sampler"),
                hint=f"give stages.{source}.sampler what stages.{stage}.sampler has",
            )


def count_made(
    recipe: Recipe, train: Mapping[str, ClipSet], results: Mapping[str, StageResult]
) -> dict[str, dict[str, int]]:
    """`{stage: {"frames", "cells"}}`: the labels that each stage learnt from and that are not true ones."""
    found = {}
    for stage, clips in train.items():
        source = label_source(recipe, stage)
        if not source or source not in results:
            continue
        keeps = recipe.params(f"stages.{source}").sees_labels()  # type: ignore[attr-defined]
        made = [
            ~np.isnan(labels) & (np.isnan(clip.labels) if keeps else True)
            for clip in clips.clips
            if (labels := results[source].labels.get(clip.id)) is not None
        ]
        found[stage] = {
            "frames": int(sum(cells.any(axis=1).sum() for cells in made)),
            "cells": int(sum(cells.sum() for cells in made)),
        }
    return found
