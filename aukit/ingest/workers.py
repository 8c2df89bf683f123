"""Reading a data set's sources in several processes."""

from __future__ import annotations

import contextlib
import pickle
import sys
from collections.abc import Generator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

from aukit.contracts.data import Chunk, Dataset
from aukit.errors import AukitError
from aukit.ingest.process import Process, can_start, portable

Item = tuple[int, Chunk | None]
"""The number of a video, and its next frames or None at its end."""


def read_in_processes(
    dataset: Dataset, root: Path | None, videos: int, processes: int
) -> Generator[Item] | None:
    """Read videos 0 to `videos` - 1 of a data set in several processes; each video's chunks come in order.

    Returns None where the data set cannot be copied to another process. The generator raises what reading raises,
    and `AukitError` where a process died.
    """
    if not can_start():
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
                pipe.send(portable(error, "makes frames"))
                return
            pipe.send((number, None))


class _Worker(Process):
    """One process that reads the videos it is told to."""

    def __init__(self) -> None:
        super().__init__("aukit.ingest.workers:serve")

    def accepts(self, dataset: Dataset, root: Path | None) -> bool:
        """Send the data set; False where it cannot be sent or received."""
        try:
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
