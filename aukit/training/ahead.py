"""Let a thread work ahead of whoever takes what it makes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")


def ahead(items: Generator[T, Any, Any], most: int, *, name: str = "aukit-ahead") -> Generator[T]:
    """What a generator yields, which runs in a thread of its own, at most `most` items ahead.

    An error of it is raised here, after the items before it. When this generator ends, by its end, an error or `close`,
    the other one is closed in its thread, and the thread ends.
    """
    waiting: Queue[tuple[T] | BaseException | None] = Queue(maxsize=most)
    stopped = Event()

    def work() -> None:
        end: BaseException | None = None
        try:
            with closing(items):
                for item in items:
                    waiting.put((item,))
                    if stopped.is_set():
                        return
        except BaseException as error:
            end = error
        waiting.put(end)

    thread = Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        while isinstance(found := waiting.get(), tuple):
            yield found[0]
        if found is not None:
            raise found
    finally:
        stopped.set()
        while thread.is_alive():  # it may wait for a place in the queue
            with suppress(Empty):
                waiting.get_nowait()
            thread.join(0.01)
