"""How states come about: each frame's own window from zero, or a state carried on along each phase.

A temporal module may offer `encode` and `advance` beside `forward` (see its contract). Then what a frame gives by
itself is computed once, not once in every window that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from aukit.errors import UsageError, did_you_mean
from aukit.evaluation.phases import Ints
from aukit.evaluation.pieces import Pieces
from aukit.evaluation.stretch import Kept, Stretch

ModeName = Literal["windowed", "streaming"]
MODES: tuple[ModeName, ...] = ("windowed", "streaming")


def effective_mode(model: Any, mode: str) -> ModeName:
    """The mode that is used: a module that looks ahead has no state to carry on, so it is always predicted by
    windows.

    Raises:
        UsageError: the mode is unknown.
    """
    if mode not in MODES:
        raise UsageError(f"unknown predictor `{mode}`", hint=did_you_mean(mode, MODES))
    return "streaming" if mode == "streaming" and model.temporal.causal else "windowed"


class Windowed:
    """Each frame's state starts from zero, at most `window` grid places back; where the module looks ahead, up to
    half of the window lies after the frame. At most `batch` windows pass the module at once.
    """

    def __init__(self, temporal: Any, kept: Kept, pieces: Pieces, window: int, batch: int) -> None:
        self.temporal, self.kept, self.pieces, self.batch = temporal, kept, pieces, batch
        self.future = 0 if temporal.causal else min(temporal.lookahead, (window - 1) // 2)
        self.past = window - self.future

    def states(self, stretches: Iterable[Stretch]) -> list[tuple[Stretch, Tensor]]:
        """States `(n,C,h,w)` of the next frames of each stretch whose windows are complete, in order."""
        places: list[tuple[Stretch, int]] = []
        windows: list[Ints] = []
        for stretch in stretches:
            stop = stretch.grid.stop if stretch.whole else stretch.grid.complete(stretch.done, self.future)
            if stop > stretch.done:
                frames = stretch.grid.windows(stretch.done, stop, self.past, self.future)
                windows.append(
                    np.where(frames >= 0, stretch.slots_of(np.maximum(frames, stretch.grid.first)), -1)
                )
                places.append((stretch, stop))
        if not places:
            return []
        found = self._states(np.concatenate(windows))
        result = []
        for (stretch, stop), states in zip(
            places, torch.split(found, [len(w) for w in windows]), strict=True
        ):
            result.append((stretch, states))
            stretch.done = stop
            stretch.forget(stretch.grid.oldest(stop, self.past))
        return result

    def _states(self, windows: Ints) -> Tensor:
        """The state at `[:, past - 1]` of windows of slots `(n,W)`, -1 where there is no frame."""
        here = windows >= 0
        before, after = here[:, : self.past].sum(axis=1), here[:, self.past :].sum(axis=1)
        runs, order = [], []
        for shape in np.unique(np.stack([before, after], axis=1), axis=0):
            (alike,) = np.nonzero((before == shape[0]) & (after == shape[1]))
            columns = slice(self.past - shape[0], self.past + shape[1])
            for start in range(0, len(alike), self.batch):
                rows = alike[start : start + self.batch]
                for piece in self.pieces.spans(len(rows)):
                    runs.append((windows[rows[piece], columns], int(shape[0]) - 1))
                    order.append(rows[piece])
        found = torch.cat(self.pieces.map(self._run, runs))
        return found[torch.as_tensor(np.argsort(np.concatenate(order)), device=found.device)]

    def _run(self, windows: tuple[Ints, int]) -> Tensor:
        """The state at one place of windows of one length."""
        slots, at = windows
        if not advances(self.temporal):
            states: Tensor = self.temporal(self.kept.take(slots))[0][:, at]
            return states
        state = out = None
        for column in slots.T:
            out, state = self.temporal.advance(self.kept.take(column), state)
        assert out is not None
        last: Tensor = out
        return last


@dataclass
class Phase:
    """How far one phase's state was carried: places before `position` are in `state`, all but the last of these in
    `before`, for frames that belong to that last place and come after the one it took.
    """

    position: int = 0
    state: Any = None
    before: Any = None


@dataclass(frozen=True)
class Job:
    """One step of the module: a frame, the state before it, and what it is for: a value, a phase's next place, or
    both.
    """

    stretch: Stretch
    frame: int
    state: Any
    valued: bool
    phase: Phase | None


class Streaming:
    """The state is carried on along each phase, from the start of the stretch."""

    def __init__(self, temporal: Any, kept: Kept) -> None:
        self.temporal, self.kept = temporal, kept

    def states(self, stretches: Iterable[Stretch]) -> list[tuple[Stretch, Tensor]]:
        """States `(n,C,h,w)` of all new frames of each stretch, in order; the phases go on as far as is decided."""
        active = [stretch for stretch in stretches if stretch.grid.stop > stretch.done]
        found: dict[Stretch, dict[int, Tensor]] = {stretch: {} for stretch in active}
        while jobs := [job for stretch in active for job in _jobs(stretch, found[stretch])]:
            for job, out, state in zip(jobs, *self._steps(jobs), strict=True):
                if job.valued:
                    found[job.stretch][job.frame] = out
                if job.phase is not None:
                    job.phase.position, job.phase.before = job.phase.position + 1, job.phase.state
                    job.phase.state = state
        result = []
        for stretch, outs in found.items():
            result.append((stretch, torch.stack([outs[frame] for frame in sorted(outs)])))
            stretch.done = stretch.grid.stop
            stretch.forget(stretch.done - 1)
        return result

    def _steps(self, jobs: Sequence[Job]) -> tuple[list[Tensor], list[Any]]:
        """Output `(C,h,w)` and state of each job; a batch of those that have a state, and one of those that begin."""
        outs: list[Any] = [None] * len(jobs)
        states: list[Any] = [None] * len(jobs)
        for begins in (True, False):
            rows = [row for row, job in enumerate(jobs) if (job.state is None) == begins]
            if not rows:
                continue
            features = self.kept.take(
                np.concatenate([jobs[row].stretch.slots_of(np.array([jobs[row].frame])) for row in rows])
            )
            state = None if begins else _joined([jobs[row].state for row in rows])
            if advances(self.temporal):
                out, state = self.temporal.advance(features, state)
            else:
                sequence, state = self.temporal(features[:, None], state)
                out = sequence[:, -1]
            for number, row in enumerate(rows):
                outs[row], states[row] = out[number], _row(state, number)
        return outs, states


def advances(temporal: Any) -> bool:
    """Whether the module can go frame by frame over what frames give by themselves."""
    return bool(temporal.causal) and hasattr(temporal, "encode") and hasattr(temporal, "advance")


def _jobs(stretch: Stretch, known: dict[int, Tensor]) -> list[Job]:
    """The steps of a stretch that can be done now: for each phase its next place, where it is decided which frame that
    takes, and the frames whose past is there.
    """
    grid = stretch.grid
    stretch.phases += [Phase() for _ in range(len(grid.roots) - len(stretch.phases))]
    of, position = grid.places(stretch.done, grid.stop)
    ids = np.arange(len(stretch.phases))
    following = np.array([phase.position for phase in stretch.phases])
    decided, taken = grid.decided(ids, following), grid.nearest(ids, following)
    jobs = []
    for number, phase in enumerate(stretch.phases):
        (mine,) = np.nonzero((of == number) & (position <= phase.position))
        frames = {int(row) + stretch.done: phase.position - int(position[row]) for row in mine}
        for frame, back in frames.items():
            if frame not in known:
                takes = decided[number] and not back and taken[number] == frame
                jobs.append(
                    Job(stretch, frame, phase.before if back else phase.state, True, phase if takes else None)
                )
        if decided[number] and not any(job.phase is phase for job in jobs):
            jobs.append(Job(stretch, int(taken[number]), phase.state, False, phase))
    return jobs


def _joined(states: Sequence[Any]) -> Any:
    """States of one sequence each as that of a batch; a state is None, a tensor, or a nested tuple of them."""
    if isinstance(states[0], tuple):
        return tuple(_joined(parts) for parts in zip(*states, strict=True))
    return None if states[0] is None else torch.cat(list(states))


def _row(state: Any, row: int) -> Any:
    """The state of one sequence of a batch."""
    if isinstance(state, tuple):
        return tuple(_row(part, row) for part in state)
    return None if state is None else state[row : row + 1]
