"""What happens in a suite, beside the events of its runs."""

from __future__ import annotations

from dataclasses import dataclass

from aukit.contracts.run import Event


@dataclass(frozen=True, kw_only=True)
class SuiteStarted(Event):
    """All runs are known, the plan is written. `waiting` of `total` are still to be made."""

    suite: str
    folder: str
    waiting: int
    total: int
    jobs: int


@dataclass(frozen=True, kw_only=True)
class OfRun(Event):
    """An event of one run; `run` is its label."""

    run: str
    event: Event


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """A run is finished, or failed for `failure`. `done` of `total` are now behind."""

    run: str
    done: int
    total: int
    seconds: float
    failure: str = ""
    score: float | None = None
    """Its mean ICC, where it was judged."""
