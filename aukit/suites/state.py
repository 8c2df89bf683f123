"""What has become of a suite's runs: finished, begun, missing, or made with what is no longer its recipe."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aukit.errors import RunFolderError
from aukit.rundir.resume import difference
from aukit.rundir.suite import SuiteFolder, run_digest
from aukit.suites.plan import Task

Status = Literal["finished", "begun", "missing", "stale"]


@dataclass(frozen=True, kw_only=True)
class State:
    """A run's status; of a stale one, what is not as it was."""

    status: Status
    reason: str = ""


def states(folder: SuiteFolder, tasks: Sequence[Task]) -> dict[str, State]:
    """The state of each run by its folder; `tasks` with what is needed before what needs it."""
    found: dict[str, State] = {}
    for task in tasks:
        found[task.planned.folder] = _state(folder, task, found)
    return found


def _state(folder: SuiteFolder, task: Task, known: dict[str, State]) -> State:
    run = folder.run(task.planned)
    if not run.resolved.exists():
        return State(status="missing")
    before = run.resolved.read_text(encoding="utf-8")
    # what is finished may have been made on another device; what goes on must go on as it began
    same = (
        run_digest(tomllib.loads(before)) == task.planned.digest
        if run.finished
        else before == task.recipe.dump()
    )
    if not same:
        lines = [line for line in difference(before, task.recipe.dump()) if line[:3] not in ("---", "+++")]
        more = f" and {len(lines) - 6} lines more" if len(lines) > 6 else ""
        return State(status="stale", reason="; ".join(lines[:6]) + more)
    for needed in task.needs:
        if needed in known and known[needed].status != "finished":
            return State(status="stale", reason=f"it was made with another {needed}")
    return State(status="finished" if run.finished else "begun")


def refuse_stale(folder: SuiteFolder, found: dict[str, State]) -> None:
    """Refuse to go on where runs are stale.

    Raises:
        RunFolderError: naming each of them with what has changed.
    """
    stale = {run: state.reason for run, state in found.items() if state.status == "stale"}
    if stale:
        lines = "\n".join(f"  {run}: {reason}" for run, reason in stale.items())
        raise RunFolderError(
            f"{len(stale)} of {len(found)} runs are stale: their recipe has changed since they were made\n{lines}",
            where=str(folder.path),
            hint="`--rerun-stale` makes them again and keeps the old ones beside them; `--out DIR` begins a new "
            "suite; or undo the change",
            stale=stale,
        )


def set_aside(folder: SuiteFolder, found: dict[str, State]) -> list[str]:
    """Rename the folders of stale runs, so that nothing is lost; returns the new names."""
    moved = []
    for run, state in found.items():
        if state.status == "stale":
            old, number = folder.path / run, 1
            while (target := old.with_name(f"{old.name}.stale-{number}")).exists():
                number += 1
            old.rename(target)
            moved.append(str(target.relative_to(folder.path)))
    return moved
