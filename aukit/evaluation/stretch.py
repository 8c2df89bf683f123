"""What prediction knows of one face's stretch without a gap, and where the features of frames wait."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aukit.evaluation.phases import Grid, Ints, Times


class Kept:
    """Features of frames that are still needed, one a slot of a tensor. Slots are used again, and the tensor grows to
    the most that were ever needed at once.
    """

    def __init__(self) -> None:
        self._rows: Tensor | None = None
        self._free: Ints = np.empty(0, np.int64)

    def __len__(self) -> int:
        """Slots in use."""
        return 0 if self._rows is None else len(self._rows) - len(self._free)

    def put(self, new: Tensor) -> Ints:
        """Keep `(N,...)`; the slots they got, `(N,)`."""
        if self._rows is None:
            self._rows = new.clone()
            return np.arange(len(new))
        if (missing := len(new) - len(self._free)) > 0:
            old = len(self._rows)
            more = max(missing, old)
            self._rows = torch.cat([self._rows, self._rows.new_empty(more, *self._rows.shape[1:])])
            self._free = np.append(self._free, np.arange(old, old + more))
        slots, self._free = self._free[: len(new)], self._free[len(new) :]
        self._rows[torch.as_tensor(slots, device=new.device)] = new.to(self._rows.dtype)
        return slots

    def take(self, slots: Ints) -> Tensor:
        """What is kept at slots of any shape: `(*slots.shape,...)`."""
        assert self._rows is not None
        flat = torch.as_tensor(slots.reshape(-1), device=self._rows.device)
        return self._rows.index_select(0, flat).view(*slots.shape, *self._rows.shape[1:])

    def release(self, slots: Ints) -> None:
        """These are not asked for again."""
        self._free = np.append(self._free, slots)


class Stretch:
    """One face's frames without a gap: its time grid, which frames are kept where, and how far it is predicted.

    `key` says whose it is. `pushed`, `grid.stop` and `done` are the frames that came, that have features, and that
    have values; `ended` says that no more will come. `phases` is for a mode that carries states on.
    """

    def __init__(self, key: Hashable, seconds_per_frame: float, kept: Kept) -> None:
        self.key = key
        self.grid = Grid(seconds_per_frame)
        self.kept = kept
        self.slots: Ints = np.empty(0, np.int64)
        self.newest = -np.inf
        self.pushed = 0
        self.done = 0
        self.ended = False
        self.phases: list[Any] = []

    @property
    def whole(self) -> bool:
        """Every frame of the stretch came and has features."""
        return self.ended and self.grid.stop == self.pushed

    def add(self, features: Tensor, times: Times) -> None:
        """Features of the next frames."""
        self.slots = np.append(self.slots, self.kept.put(features))
        self.grid.add(times)

    def slots_of(self, frames: Ints) -> Ints:
        """Where the features of frames are, any shape."""
        found: Ints = self.slots[frames - self.grid.first]
        return found

    def forget(self, before: int) -> None:
        """Frames before this one are not asked for again."""
        count = before - self.grid.first
        self.kept.release(self.slots[:count])
        self.slots = self.slots[count:]
        self.grid.forget(before)
