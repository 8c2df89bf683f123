"""A suite's folder: its variants with the runs that are there, and what is missing, failed or stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aukit.compare.runs import Run, json_table, read_run
from aukit.compare.variants import Group
from aukit.errors import RunFolderError
from aukit.rundir.suite import PlannedRun, SuiteFolder, SuitePlan, read_plan, run_digest


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What a suite's folder holds. Runs that have no place in the table are told by folder, with the reason."""

    plan: SuitePlan
    groups: tuple[Group, ...]
    missing: tuple[str, ...]
    failed: Mapping[str, str]
    stale: tuple[str, ...]
    """Made with another recipe than the plan's. They stand in the table all the same, and are named."""


def read_suite(folder: Path) -> Suite:
    """Read a suite and the runs of its plan that are finished; those that only chose a value are left out.

    Raises:
        RunFolderError: this is no suite, or none of its runs is finished.
        DataError: a file of a run is damaged.
    """
    plan, place = read_plan(folder), SuiteFolder(folder)
    planned = [one for one in plan.runs if not one.tuning]
    there = {one.folder: _read(place, one) for one in planned}
    finished = {name: run for name, run in there.items() if run and run.finished}
    failed = json_table(place.failures)
    if not finished:
        lines = [f"\n  {name} failed: {why}" for name, why in failed.items()]
        raise RunFolderError(
            f"no run of this suite is finished{''.join(lines)}",
            where=str(folder),
            hint="the command that began it runs what is missing",
        )
    return Suite(
        plan=plan,
        groups=tuple(
            Group(
                name=variant.name, title=variant.title or variant.name, published=variant.published, runs=runs
            )
            for variant in plan.variants
            if (runs := tuple(_ordered(variant.name, planned, finished)))
        ),
        missing=tuple(
            one.folder for one in planned if one.folder not in finished and one.folder not in failed
        ),
        failed={
            one.folder: failed[one.folder]
            for one in planned
            if one.folder in failed and one.folder not in finished
        },
        stale=tuple(
            one.folder
            for one in planned
            if (run := finished.get(one.folder)) and run_digest(run.settings) != one.digest
        ),
    )


def _read(place: SuiteFolder, planned: PlannedRun) -> Run | None:
    folder = place.run(planned)
    return read_run(folder.path, fold=planned.fold, seed=planned.seed) if folder.resolved.is_file() else None


def _ordered(variant: str, planned: list[PlannedRun], finished: Mapping[str, Run]) -> list[Run]:
    runs = [finished[one.folder] for one in planned if one.variant == variant and one.folder in finished]
    return sorted(runs, key=lambda run: (run.fold, run.seed))
