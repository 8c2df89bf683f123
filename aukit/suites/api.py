"""From a suite's file to its runs, in one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from aukit.contracts.run import Event
from aukit.hosting.host import load_host
from aukit.suites import run
from aukit.suites.jobs import Plugins
from aukit.suites.load import Options, load_suite

__all__ = ["run_suite"]


def run_suite(
    path: str | os.PathLike[str],
    overrides: Sequence[str] = (),
    *,
    ablations: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    jobs: int = 1,
    rerun_stale: bool = False,
    device: str | None = None,
    smoke: bool = False,
    stand_in: bool = False,
    data_root: str | os.PathLike[str] | None = None,
    plugins: bool = True,
    on_event: Callable[[Event], None] | None = None,
) -> run.SuiteResult:
    """Make the runs of a suite that are not there yet. `aukit.compare_runs` makes the table of its folder.

    Args:
        path: a suite's file, or the name of a shipped one.
        overrides: "dotted.path=value", for every run before what its variant says; or of `suite`, `variants`, `tuning`.
        ablations: names of ablations, for every run.
        out: the suite's folder; by default `runs/NAME`.
        jobs: runs at a time, each in a process of its own.
        rerun_stale: make runs whose recipe has changed again; the old ones are set aside.
        device: "auto", "cpu", "cuda", "cuda:1".
        smoke: each stage a few steps on little data, the first seed alone.
        stand_in: synthetic people for licensed data that is not there.
        data_root: where relative paths of data begin.
        plugins: whether installed plugins take part.
        on_event: called with every event of the suite and of its runs.

    Returns:
        The folder, the plan, and by run folder why those failed that did: they stop no other.

    Raises:
        RecipeError: with all problems of the suite and its variants; or data are missing.
        RunFolderError: runs are stale, or the folder holds something else.
        Interrupted: by Ctrl-C; the same call goes on.
    """
    options = Options(
        overrides=overrides,
        ablations=ablations,
        smoke=smoke,
        stand_in=stand_in,
        data_root=data_root,
        device=device,
    )
    suite = load_suite(path, registry=load_host(plugins=plugins), options=options)
    return run.run_suite(
        suite,
        out=None if out is None else Path(out),
        jobs=jobs,
        rerun_stale=rerun_stale,
        plugins=Plugins(installed=plugins),
        on_event=on_event,
    )
