"""`run_suite`: the plan is written, then what is missing is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from aukit.contracts.run import Event, Note, StageFinished
from aukit.errors import Interrupted, RunFolderError
from aukit.rundir import lock
from aukit.rundir.atomic import storage, write_json, write_text
from aukit.rundir.suite import SuiteFolder, SuitePlan, is_suite, read_plan, write_plan
from aukit.suites.data import make_data, tell_mixture
from aukit.suites.events import OfRun, RunEnded, SuiteStarted
from aukit.suites.jobs import Job, Plugins, Worker
from aukit.suites.load import Suite
from aukit.suites.plan import Task, keep_history, plan_of, tasks, tuning_tasks, waves
from aukit.suites.schedule import Schedule
from aukit.suites.state import State, refuse_stale, set_aside, states
from aukit.suites.tuning import choose

OnEvent = Callable[[Event], None]


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """A suite after a call: its folder, its plan, and by run folder why those failed that did."""

    folder: Path
    plan: SuitePlan
    failures: Mapping[str, str]


def suite_folder(suite: Suite) -> Path:
    """Where a suite's runs go unless told otherwise: a trial goes beside the real thing, not into it."""
    marks = [
        mark for mark, on in (("stand-in", suite.options.stand_in), ("smoke", suite.options.smoke)) if on
    ]
    return Path("runs") / "-".join([suite.name, *marks])


def run_suite(
    suite: Suite,
    *,
    out: Path | None = None,
    jobs: int = 1,
    rerun_stale: bool = False,
    plugins: Plugins | None = None,
    on_event: OnEvent | None = None,
) -> SuiteResult:
    """Make the runs of a suite that are not there yet; go on with those that were begun.

    Args:
        suite: as loaded.
        out: its folder; by default `runs/NAME`.
        jobs: runs at a time, each in a process of its own.
        rerun_stale: make runs whose recipe has changed again, the old ones set aside.
        plugins: which plugins take part.
        on_event: hears of what happens, in the runs too.

    Raises:
        RecipeError: data are missing: all files at once, before anything runs.
        RunFolderError: runs are stale, or the folder holds something else.
        Interrupted: by Ctrl-C; runs under way left checkpoints.
        StorageError: the folder cannot be written.
    """
    folder = SuiteFolder(out or suite_folder(suite))
    return _Runner(suite, folder, jobs, rerun_stale, plugins or Plugins(), on_event).run()


class _Runner:
    """One call of `run_suite`: what its steps share."""

    def __init__(
        self,
        suite: Suite,
        folder: SuiteFolder,
        jobs: int,
        rerun_stale: bool,
        plugins: Plugins,
        on_event: OnEvent | None,
    ) -> None:
        self.suite = suite
        self.folder = folder
        self.jobs = jobs
        self.rerun_stale = rerun_stale
        self.plugins = plugins
        self.tell = on_event or (lambda event: None)
        self.failures: dict[str, str] = {}
        self.tuned: dict[str, dict[str, Any]] = {}
        self.workers: list[Worker] = []
        self.behind = self.total = 0
        self.interrupted = False
        self.lock: int | None = None

    def run(self) -> SuiteResult:
        """All of it; see `run_suite`."""
        self._refuse_other_content()
        with lock.locked(self.folder.path, lambda text: self.tell(Note(text=text))) as self.lock:
            return self._run()

    def _run(self) -> SuiteResult:
        suite, folder = self.suite, self.folder
        if suite.tuning and folder.plan.exists():
            self.tuned = {name: dict(folds) for name, folds in read_plan(folder.path).tuned.items()}
        known = self._known()
        status = self._settle(known)
        self._write_plan(known)
        tell_mixture([task.recipe for task in known], self.tell)
        make_data([task.recipe for task in known], suite.registry, self.tell)
        self._count(known, status)
        try:
            for wave in waves(suite):
                if suite.tuning:
                    self._tune(wave)
                self._make(tasks(suite, folder.path, wave, self.tuned))
        finally:
            for worker in self.workers:
                worker.stop()
            self._write_failures()
        return SuiteResult(folder=folder.path, plan=read_plan(folder.path), failures=self.failures)

    def _refuse_other_content(self) -> None:
        path = self.folder.path
        if not path.exists():
            return
        if is_suite(path):
            other = read_plan(path).name
            if other != self.suite.name:
                raise RunFolderError(
                    f"this is the folder of another suite, `{other}`, not of `{self.suite.name}`",
                    where=str(path),
                    hint="choose another folder with `--out DIR`",
                )
            return
        if not path.is_dir() or any(file.name != lock.FILE for file in path.iterdir()):
            raise RunFolderError(
                "this holds something that is no suite",
                where=str(path),
                hint="choose another folder with `--out DIR`",
            )

    def _known(self) -> list[Task]:
        suite, path = self.suite, self.folder.path
        return [
            *tuning_tasks(suite, path, suite.variants),
            *tasks(suite, path, suite.variants, self.tuned),
        ]

    def _settle(self, known: Sequence[Task]) -> dict[str, State]:
        """The state of each run; stale ones are refused or set aside."""
        found = states(self.folder, known)
        if not self.rerun_stale:
            refuse_stale(self.folder, found)
            return found
        for name in set_aside(self.folder, found):
            self.tell(Note(text=f"a stale run was set aside: {name}"))
        return states(self.folder, known)

    def _write_plan(self, known: list[Task]) -> None:
        """Before anything runs, and again when values were chosen, before the runs that they are for."""
        folder, plan = self.folder, plan_of(self.suite, known, self.tuned)
        write_plan(folder.path, keep_history(folder, plan))
        write_text(folder.source, self.suite.source.text)
        for task in known:
            file = self._recipe_file(task)
            with storage(file):
                file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, f"# {task.label} of the suite {self.suite.name}\n\n{task.recipe.dump()}")

    def _recipe_file(self, task: Task) -> Path:
        run = self.folder.run(task.planned).path
        return run.with_name(f"{run.name}.toml")

    def _count(self, known: Sequence[Task], status: Mapping[str, State]) -> None:
        suite = self.suite
        tuning = len(suite.candidates()) if suite.tuning else 0
        of_each = len(suite.table.folds) * (len(suite.table.seeds) + tuning)
        self.total = len(suite.variants) * of_each
        self.behind = sum(state.status == "finished" for state in status.values())
        self.tell(
            SuiteStarted(
                suite=suite.name,
                folder=str(self.folder.path),
                waiting=self.total - self.behind,
                total=self.total,
                jobs=self.jobs,
            )
        )

    def _tune(self, wave: Sequence[str]) -> None:
        """Try the candidates of these variants, choose, and write what was chosen into the plan."""
        found = tuning_tasks(self.suite, self.folder.path, wave)
        self._make(found)
        failed = {task.planned.variant for task in found if task.planned.folder in self.failures}
        made = [task for task in found if task.planned.variant not in failed]
        self.tuned |= choose(self.folder, made, self.suite.table.primary)
        known = self._known()
        self._settle(known)
        self._write_plan(known)

    def _make(self, found: Sequence[Task]) -> None:
        """Make those of these runs that are not finished."""
        status = states(self.folder, found)
        done = {folder for folder, state in status.items() if state.status == "finished"}
        todo = [task for task in found if task.planned.folder not in done]
        needed = {name for task in todo for name in task.needs}
        done |= {name for name in needed if (self.folder.path / name / "summary.json").exists()}
        schedule = Schedule([*todo], done=done)
        begun: dict[str, tuple[Task, float]] = {}
        try:
            while schedule.waiting or begun:
                for task in schedule.hopeless():
                    lost = [name for name in task.needs if name not in schedule.done]
                    self._ended(task, 0.0, failure=f"a run that it needs is not there: {', '.join(lost)}")
                while len(begun) < self.jobs and (ready := schedule.next()):
                    begun[ready.planned.folder] = (ready, time.monotonic())
                    self._begin(ready)
                try:
                    self._hear(schedule, begun)
                except KeyboardInterrupt:
                    if self.interrupted:
                        raise
                    self.interrupted = True
                    schedule.waiting.clear()
                    for worker in self._busy():
                        worker.interrupt()
        except KeyboardInterrupt:
            self.interrupted = True
        if self.interrupted:
            raise Interrupted(
                f"stopped with {self.behind} of {self.total} runs finished; the suite is in {self.folder.path}",
                hint="the same command goes on with it",
            )

    def _busy(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.busy]

    def _begin(self, task: Task) -> None:
        run = self.folder.run(task.planned)
        job = Job(
            recipe=self._recipe_file(task),
            folder=run.path,
            resume=run.resolved.exists(),
            shared=self.folder.shared,
        )
        # one that waits for work may have been ended meanwhile, by the system for memory
        self.workers = [worker for worker in self.workers if worker.busy or worker.process.poll() is None]
        idle = next((worker for worker in self.workers if not worker.busy), None)
        if idle is None:
            idle = Worker(self.plugins, workers=self.jobs, lock=self.lock)
            self.workers.append(idle)
        idle.begin(job, task.planned.folder)

    def _hear(self, schedule: Schedule, begun: dict[str, tuple[Task, float]]) -> None:
        """Take in what the workers tell, until nothing more is at hand."""
        by_pipe = {worker.pipe: worker for worker in self._busy()}
        for pipe in wait(list(by_pipe)):
            assert isinstance(pipe, Connection)
            worker = by_pipe[pipe]
            task, started = begun[worker.busy]
            found = worker.receive()
            if isinstance(found, Event):
                if isinstance(found, StageFinished):
                    schedule.stage_made(worker.busy, found.stage)
                self.tell(OfRun(run=task.label, event=found))
                continue
            if worker.process.poll() is not None:
                self.workers.remove(worker)
            folder, worker.busy = worker.busy, ""
            del begun[folder]
            seconds = time.monotonic() - started
            schedule.ended(folder, well=not isinstance(found, Exception))
            if not isinstance(found, Exception):
                self._ended(task, seconds, score=found.get("icc_mean"))
            elif not self.interrupted:
                self._ended(task, seconds, failure=_told(found))

    def _ended(self, task: Task, seconds: float, *, failure: str = "", score: float | None = None) -> None:
        if failure:
            self.failures[task.planned.folder] = failure
        self.behind += not failure
        self.tell(
            RunEnded(
                run=task.label,
                done=self.behind,
                total=self.total,
                seconds=seconds,
                failure=failure,
                score=score,
            )
        )

    def _write_failures(self) -> None:
        if self.failures:
            write_json(self.folder.failures, self.failures)
        else:
            self.folder.failures.unlink(missing_ok=True)


def _told(error: Exception) -> str:
    """Why a run failed, with what to do about it."""
    hint = getattr(error, "hint", "")
    return f"{error} ({hint})" if hint else str(error) or type(error).__name__
