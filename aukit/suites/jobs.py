"""Runs in processes of their own: each makes one run after the other and tells what happens in it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aukit.contracts.run import Event
from aukit.errors import AukitError
from aukit.ingest.process import Process, cores, portable
from aukit.rundir.layout import RunFolder


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run to be made: the file of its recipe, its folder, and where stages are shared."""

    recipe: Path
    folder: Path
    resume: bool
    shared: Path


@dataclass(frozen=True, kw_only=True)
class Plugins:
    """Which plugins take part in every run."""

    installed: bool = True
    files: tuple[Path, ...] = ()


class Worker(Process):
    """One such process. `busy` is the folder of the run it makes, as the suite calls it."""

    def __init__(self, plugins: Plugins, *, workers: int, lock: int | None = None) -> None:
        keep = () if lock is None else (lock,)
        super().__init__("aukit.suites.jobs:serve", threads=max(1, cores() // workers), keep=keep)
        self.pipe.send(plugins)
        self.busy = ""

    def begin(self, job: Job, name: str) -> None:
        """Hand a run over."""
        self.busy = name
        self.pipe.send(job)

    def receive(self) -> Event | Exception | dict[str, Any]:
        """What happened: an event of the run; at its end its summary, or the error that ended it."""
        try:
            found: Event | Exception | dict[str, Any] = self.pipe.recv()
            return found
        except (EOFError, ConnectionResetError):
            code = self.process.wait()
            why = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            return AukitError(
                f"the process of this run ended ({why})", hint="was there enough memory? run the suite again"
            )

    def interrupt(self) -> None:
        """Ask the run to stop at its next step and leave a checkpoint."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)


def serve(descriptor: int) -> None:
    """What a worker process runs."""
    pipe = Connection(descriptor)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        sys.path[:] = pipe.recv()
        plugins: Plugins = pipe.recv()
        while True:
            job: Job = pipe.recv()
            try:
                answer: Exception | dict[str, Any] = _make(job, plugins, pipe.send)
            except (BrokenPipeError, ConnectionResetError):
                raise
            except AukitError as error:
                answer = portable(error, "makes a run")
            except Exception as error:
                answer = _unexpected(error, job)
            pipe.send(answer)


def _unexpected(error: Exception, job: Job) -> AukitError:
    """A fault in code, aukit's or a plugin's: its traceback goes into the run's log."""
    log = RunFolder(job.folder).log
    with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    what = f"unexpected {type(error).__name__}: {error}".rstrip(": ")
    return AukitError(what, hint=f"where it arose stands at the end of {log}")


def _make(job: Job, plugins: Plugins, tell: Callable[[Event], None]) -> dict[str, Any]:
    from aukit.hosting.host import load_host
    from aukit.recipe import load_recipe
    from aukit.report import write_report
    from aukit.training.run import run

    registry = load_host(plugins=plugins.installed, files=list(plugins.files))
    result = run(
        load_recipe(job.recipe, registry=registry),
        registry=registry,
        out=job.folder,
        resuming=job.resume,
        on_event=tell,
        finish=[write_report],
        shared=job.shared,
    )
    return dict(result.summary)
