"""A batch in pieces. On a CPU they pass the model side by side, one thread each.

Torch's own threads share every single product, and wait for each other some hundred times a batch: where a core is also
decoding a video, all wait for the one thread that shares it. Whole pieces wait for each other once a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from aukit.errors import UsageError, did_you_mean

PIECE = 8
"""Frames or windows in a piece on a CPU: few enough for its caches, enough for its products. What is computed does not
depend on the number of threads.
"""

PRECISIONS = ("fp32", "bf16")

T = TypeVar("T")


class Pieces:
    """Computes pieces of a batch on a device without gradients, in "fp32" or "bf16".

    Raises:
        UsageError: another precision.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        if precision not in PRECISIONS:
            raise UsageError(f"unknown precision `{precision}`", hint=did_you_mean(precision, PRECISIONS))
        self.device, self.precision = device, precision

    @contextmanager
    def settings(self) -> Iterator[None]:
        """No gradients, the precision asked for: in the thread that enters, alone."""
        reduced = self.precision == "bf16"
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=reduced):
            yield

    def spans(self, count: int) -> list[slice]:
        """Where to cut a batch of `count`, at least one."""
        size = PIECE if self.device.type == "cpu" else count
        return [slice(start, min(start + size, count)) for start in range(0, count, size)]

    def map(self, compute: Callable[[T], Tensor], pieces: Sequence[T]) -> list[Tensor]:
        """`compute` of each piece, in order. It may run in other threads, several at once."""

        def one(piece: T) -> Tensor:
            with self.settings():
                return compute(piece)

        threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        if min(threads, len(pieces)) == 1:
            return [one(piece) for piece in pieces]
        try:
            with ThreadPoolExecutor(
                min(threads, len(pieces)), "aukit-piece", initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                return list(pool.map(one, pieces))
        finally:  # a thread's setting is also the default of those that begin later
            torch.set_num_threads(threads)
