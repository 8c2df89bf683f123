"""From a recipe to a run folder with its report, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from aukit.contracts.run import Event
from aukit.hosting.host import load_host
from aukit.hosting.registry import Registry
from aukit.recipe import load_recipe
from aukit.report import write_report
from aukit.training import distributed
from aukit.training.run import RunResult, run

__all__ = ["RunResult", "run_recipe"]


def run_recipe(
    path: str | os.PathLike[str],
    overrides: Sequence[str] = (),
    *,
    ablations: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    device: str | None = None,
    smoke: bool = False,
    stand_in: bool = False,
    data_root: str | os.PathLike[str] | None = None,
    plugins: bool = True,
    registry: Registry | None = None,
    on_event: Callable[[Event], object] | None = None,
) -> RunResult:
    """Train and judge what a recipe says, and write the report; started by `torchrun`, in several processes together.

    Args:
        path: a recipe's file, or the name of a shipped one.
        overrides: "dotted.path=value", the value as TOML.
        ablations: names of ablations.
        out: the run folder itself; by default `runs/NAME/TIME_DIGEST`.
        resume: go on with an interrupted run, which must have begun with this very recipe.
        device: "auto", "cpu", "cuda", "cuda:1".
        smoke: each stage a few steps on little data.
        stand_in: synthetic people for licensed data that is not there.
        data_root: where relative paths of data begin.
        plugins: whether installed plugins take part; `registry` says it all at once.
        on_event: called with every `aukit.contracts.run.Event`.

    Returns:
        The run folder, and the content of its summary.json.

    Raises:
        RecipeError: with all problems of the recipe.
        AukitError: as `aukit.training.run.run`.
    """
    registry = registry or load_host(plugins=plugins)
    folder = None if out is None else Path(out)
    with distributed.session():
        recipe = distributed.together(
            lambda: load_recipe(
                path,
                overrides=overrides,
                ablations=ablations,
                smoke=smoke,
                stand_in=stand_in,
                data_root=data_root,
                device=device,
                registry=registry,
            )
        )
        return run(
            recipe, registry=registry, out=folder, resuming=resume, on_event=on_event, finish=[write_report]
        )
