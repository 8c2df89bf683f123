"""Reading a data set's sources in several processes.

The processes are fresh interpreters. They are not forked, since a fork copies locks that other threads hold, and
they do not import the caller's script, since one without a `__main__` guard would run again in each of them. They
end with the pipe to the process that started them, however that one ends.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Generator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

from aukit.contracts.data import Chunk, Dataset
from aukit.errors import AukitError

Item = tuple[int, Chunk | None]
"""The number of a video, and its next frames or None at its end."""


def read_in_processes(
    dataset: Dataset, root: Path | None, videos: int, processes: int
) -> Generator[Item] | None:
    """Read videos 0 to `videos` - 1 of a data set in several processes; each video's chunks come in order.

    Returns None where the data set cannot be copied to another process. The generator raises what reading raises,
    and `AukitError` where a process died.
    """
    if os.name != "posix":  # file descriptors cannot be passed on
        return None
    workers = [_Worker() for _ in range(processes)]
    if not all(worker.accepts(dataset, root) for worker in workers):
        for worker in workers:
            worker.stop()
        return None
    return _read(workers, videos)


def serve(descriptor: int) -> None:
    """What a worker process runs: receive the data set, then read the videos whose numbers arrive."""
    pipe = Connection(descriptor)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        sys.path[:] = pipe.recv()
        try:
            dataset, root = pipe.recv()
            sources = list(dataset.videos(root))
        except EOFError:
            raise
        except Exception:  # such as a class that cannot be imported here: the caller then reads by itself
            pipe.send(False)
            return
        pipe.send(True)
        while True:
            number = pipe.recv()
            try:
                for chunk in sources[number].read():
                    pipe.send((number, chunk))
            except (BrokenPipeError, ConnectionResetError):
                raise
            except Exception as error:
                pipe.send(_portable(error))
                return
            pipe.send((number, None))


class _Worker:
    """One process that reads the videos it is told to."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"from aukit.ingest.workers import serve; serve({theirs.fileno()})"],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C in the terminal is for the process that started this one
        )
        theirs.close()

    def accepts(self, dataset: Dataset, root: Path | None) -> bool:
        """Send the data set; False where it cannot be sent or received."""
        try:
            self.pipe.send(sys.path)
            self.pipe.send((dataset, root))
            return bool(self.pipe.recv())
        except (EOFError, OSError, pickle.PicklingError, AttributeError, TypeError):
            return False

    def receive(self) -> Item:
        """The next item it read."""
        try:
            item: Item | Exception = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            code = self.process.wait()
            hint = "was there enough memory? it also works with one process"
            raise AukitError(f"a process that made frames ended (exit code {code})", hint=hint) from None
        if isinstance(item, Exception):
            raise item
        return item

    def stop(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.wait()


def _read(workers: Sequence[_Worker], videos: int) -> Generator[Item]:
    todo = iter(range(videos))
    busy: dict[Connection, _Worker] = {}
    try:
        for worker, number in zip(workers, todo, strict=False):
            worker.pipe.send(number)
            busy[worker.pipe] = worker
        while busy:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                item = busy[pipe].receive()
                yield item
                if item[1] is None:
                    following = next(todo, None)
                    if following is None:
                        del busy[pipe]
                    else:
                        pipe.send(following)
    finally:
        for worker in workers:
            worker.stop()


def _portable(error: Exception) -> Exception:
    """An error that survives the pipe, with the place it came from."""
    error.add_note("in a process that makes frames:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        ForkingPickler.dumps(error)
    except Exception:
        return AukitError(f"{type(error).__name__}: {error}")
    return error
