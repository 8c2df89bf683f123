"""A row of the benchmark table, and the clock behind it.

Timings that are compared are taken in turns in one process, so that a busy machine slows both alike, and the median of
nine is reported.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

ROUNDS = 9


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured figure. `ok` is None where there is no floor; `how` says what was run against what."""

    name: str
    value: float
    unit: str
    floor: str = ""
    ok: bool | None = None
    how: str = ""

    def cells(self) -> tuple[str, str, str, str]:
        """What, measured, floor, verdict."""
        verdict = {None: "", True: "ok", False: "MISSED"}[self.ok]
        return self.name, f"{self.value:.4g} {self.unit}".strip(), self.floor, verdict

    def to_json(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def at_most(name: str, value: float, unit: str, limit: float, how: str = "") -> Row:
    """A row that must not exceed its limit."""
    return Row(name=name, value=value, unit=unit, floor=f"at most {limit:g}", ok=value <= limit, how=how)


def at_least(name: str, value: float, unit: str, limit: float, how: str = "") -> Row:
    """A row that must reach its limit."""
    return Row(name=name, value=value, unit=unit, floor=f"at least {limit:g}", ok=value >= limit, how=how)


def in_turns(
    arms: Mapping[str, Callable[[], object]],
    *,
    rounds: int = ROUNDS,
    warm_up: int = 2,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median seconds of each arm. The arms take turns; the first rounds do not count."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(warm_up + rounds):
        for name, arm in arms.items():
            start = clock()
            arm()
            if number >= warm_up:
                seconds[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
