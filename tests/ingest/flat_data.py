"""A data set of plain pictures, in a module that other processes can import."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from aukit.contracts.data import Chunk, Source
from aukit.contracts.schema import Schema

SCHEMA = Schema(
    name="flat", summary="", aus=("AU01",), fps=20, subjects=("s0", "s1", "s2"), origin="rendered"
)


class Flat:
    """Plain pictures. What goes wrong can be asked for, by video."""

    def __init__(self, videos: int = 3, **faults: object) -> None:
        self.schema = SCHEMA
        self.count = videos
        self.faults = faults
        self.maker = os.getpid()

    def videos(self, root: Path | None = None) -> Iterator[Source]:
        for number in range(self.count):
            length = int(self.faults.get("length", 10))  # type: ignore[call-overload]
            yield Source(
                video=f"v{number}",
                subject=f"s{number}",
                fps=20,
                length=length,
                read=partial(self.read, number),
            )

    def read(self, number: int) -> Iterator[Chunk]:
        fault = self.faults.get(f"v{number}")
        for start in (0, 5):
            if start and isinstance(fault, Exception):
                raise fault
            if start and fault == "strange":
                raise Strange
            if start and fault == "die":
                assert os.getpid() != self.maker
                os._exit(9)
            size = 16 if fault == "large" else 8
            index = np.arange(start, start + 5)
            yield Chunk(
                frames=np.full((5, size, size, 3), 40 * number, np.uint8),
                timestamp=index / 20,
                frame_index=index,
                intensity=np.zeros((5, 1), np.float32),
            )


class Strange(Exception):
    """An error that cannot travel: its parts cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("strange")
        self.part = lambda: None
