"""`aukit run SUITE`: what is missing of a suite is run, then its table is shown."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aukit.cli import terminal
from aukit.contracts.run import Event, Note, Progress
from aukit.errors import AukitError
from aukit.suites.events import OfRun, RunEnded, SuiteStarted

if TYPE_CHECKING:
    from aukit.hosting.registry import Registry
    from aukit.suites.jobs import Plugins
    from aukit.suites.load import Options


class SuiteFailure(AukitError):
    """Some runs of a suite failed; the others are finished."""


class SuiteView:
    """Shows a suite's events: a line for each run that ends; on a terminal also a bar for what is under way."""

    def __init__(self, view: terminal.RunView) -> None:
        self._view = view
        self._bars = view if isinstance(view, terminal.BarView) else None

    def on(self, event: Event) -> None:
        """Show one event."""
        match event:
            case SuiteStarted():
                self._say(
                    f"suite {event.suite} in {event.folder}: {event.total} runs, {event.waiting} to be made, "
                    f"{event.jobs} at a time"
                )
            case RunEnded():
                self._ended(event)
            case OfRun(event=Progress() as progress):
                if self._bars:
                    self._bars.on(replace(progress, task=f"{event.run} {progress.task}"))
            case OfRun(event=Note(level="warning") as note):
                self._view.on(replace(note, text=f"{event.run}: {note.text}"))
            case OfRun():
                pass
            case _:
                self._view.on(event)

    def _ended(self, event: RunEnded) -> None:
        if self._bars:
            self._bars.forget(event.run)
        head = f"[{event.done}/{event.total}] {event.run}"
        if event.failure:
            self._view.on(Note(text=f"{head} failed: {event.failure}", level="warning"))
        else:
            score = "" if event.score is None else f"  mean ICC {event.score:.3f}"
            self._say(f"{head} finished in {terminal.clock(event.seconds)}{score}")

    def _say(self, text: str) -> None:
        self._view.on(Note(text=text))


def run(
    path: str,
    said: Options,
    *,
    registry: Registry,
    plugins: Plugins,
    out: Path | None,
    jobs: int,
    rerun_stale: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run what is missing of a suite and show its table.

    Raises:
        SuiteFailure: runs failed; all others were finished first.
    """
    from aukit.suites.load import load_suite

    suite = load_suite(path, registry=registry, options=said)
    if dry_run:
        from aukit.suites.outlook import outlook

        found = outlook(suite, out)
        terminal.document(found) if as_json else _show_outlook(found)
        return

    from aukit.suites.run import run_suite

    watching: AbstractContextManager[terminal.RunView] = terminal.watch()
    with watching as view:
        result = run_suite(
            suite,
            out=out,
            jobs=jobs,
            rerun_stale=rerun_stale,
            plugins=plugins,
            on_event=SuiteView(view).on,
        )
    without_table = ""
    if as_json:
        terminal.document({"folder": str(result.folder), "failures": result.failures})
    else:
        from aukit.cli.compare import show

        try:
            show(result.folder)
        except AukitError as error:
            if not result.failures:
                raise
            without_table = f"\nno table: {error}"
    if result.failures:
        lines = "\n".join(f"  {run}: {reason}" for run, reason in result.failures.items())
        raise SuiteFailure(
            f"{len(result.failures)} of {len(result.plan.runs)} runs failed\n{lines}{without_table}",
            where=str(result.folder),
            hint="each has its train.log; mend the cause and give the same command again",
        )


def _show_outlook(found: dict[str, object]) -> None:
    runs = found.pop("runs")
    assert isinstance(runs, list)
    terminal.facts(found)
    terminal.out()
    columns = ("run", "status", "stages", "reason")
    terminal.table(columns, [[str(run[column]) for column in columns] for run in runs])
