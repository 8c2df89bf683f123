"""Recordings shared out to processes. One that dies takes only its own recording with it."""

from __future__ import annotations

import contextlib
import pickle
import sys
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import TypeAlias

from aukit.contracts.data import Locator
from aukit.errors import AukitError
from aukit.hosting.discovery import load_file
from aukit.ingest.parts import Done, Job, Plan
from aukit.ingest.prepare_video import prepare_video
from aukit.ingest.process import Process, can_start, portable

Answer: TypeAlias = int | Done | Exception
"""Frames that were just worked on, or how the recording ended."""

REFUSED = "refused"
"""The answer to a job that could not be copied to another process."""


def prepare_all(
    jobs: Sequence[Job], plan: Plan, processes: int, files: Sequence[Path] = ()
) -> Generator[tuple[int, Answer]]:
    """Prepare every job; yields its number with each of its answers, as they come.

    Recordings that cannot be copied to another process, such as those of a class in the caller's script, are prepared
    in this one. `files` are plugin files that a process must load to know the classes.
    """
    here = list(range(len(jobs)))
    if can_start():
        here = yield from _elsewhere(jobs, plan, processes, files)
    locator = plan.build_locator() if here else None
    for number in here:
        assert locator is not None
        for answer in _answers(jobs[number], plan, locator):
            yield number, answer


def serve(descriptor: int) -> None:
    """What a process runs: receive the plan, then prepare the recordings that arrive."""
    pipe = Connection(descriptor)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        sys.path[:] = pipe.recv()
        for file in pipe.recv():
            load_file(file)
        locator = None
        plan = _receive(pipe)
        if isinstance(plan, Plan):
            locator = plan.build_locator()
        while True:
            job = _receive(pipe)
            if locator is None or not isinstance(plan, Plan) or not isinstance(job, Job):
                pipe.send(REFUSED)
                continue
            for answer in _answers(job, plan, locator):
                pipe.send(portable(answer, "prepares") if isinstance(answer, Exception) else answer)


def _receive(pipe: Connection) -> object:
    """The next thing; None where its class cannot be imported here."""
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        raise
    except Exception:
        return None


def _answers(job: Job, plan: Plan, locator: Locator) -> Iterator[Answer]:
    try:
        yield (yield from prepare_video(job, plan, locator))
    except Exception as error:
        yield error


def _elsewhere(
    jobs: Sequence[Job], plan: Plan, processes: int, files: Sequence[Path]
) -> Generator[tuple[int, Answer], None, list[int]]:
    """Prepare in processes; returns the jobs that have to be done here."""
    # The longest first, so that no process is left alone with it at the end.
    todo = deque(sorted(range(len(jobs)), key=lambda number: -jobs[number].frames))
    idle: list[Process] = []
    busy: dict[Connection, tuple[Process, int]] = {}
    here: list[int] = []
    if not _portable_plan(plan):
        return sorted(todo)
    try:
        while todo or busy:
            while todo and len(busy) < processes:
                number = todo.popleft()
                worker = idle.pop() if idle else _hire(plan, files)
                if _send(worker, jobs[number]):
                    busy[worker.pipe] = worker, number
                else:
                    idle.append(worker)
                    here.append(number)
            for pipe in wait(list(busy)) if busy else ():  # it would wait for nobody forever
                assert isinstance(pipe, Connection)
                worker, number = busy[pipe]
                try:
                    answer = pipe.recv()
                except (EOFError, ConnectionResetError):
                    del busy[pipe]
                    yield number, _dead(worker.process.wait())
                    continue
                if not isinstance(answer, int):
                    idle.append(busy.pop(pipe)[0])
                if answer == REFUSED:
                    here.append(number)
                else:
                    yield number, answer
    finally:
        for worker in [*idle, *(worker for worker, _ in busy.values())]:
            worker.stop()
    return sorted(here)


def _hire(plan: Plan, files: Sequence[Path]) -> Process:
    """A new process that knows the plan."""
    worker = Process("aukit.ingest.crew:serve")
    _send(worker, list(files))
    _send(worker, plan)
    return worker


def _portable_plan(plan: Plan) -> bool:
    try:
        ForkingPickler.dumps(plan)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _send(worker: Process, value: object) -> bool:
    try:
        worker.pipe.send(value)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    except (BrokenPipeError, ConnectionResetError):
        pass  # it died, which reading from it will tell
    return True


def _dead(code: int) -> AukitError:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return AukitError(
        f"the process that prepared it died ({how})",
        hint="was there enough memory? fewer --processes need less; if it dies again, the file may be damaged",
    )
