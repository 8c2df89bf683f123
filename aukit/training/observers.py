"""Who hears of a run's events: the caller, the log file, the recipe's trackers. A tracker's failure stops nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aukit.contracts.params import Choice
from aukit.contracts.run import Event, Metrics, Note, RunStarted, StageFinished
from aukit.errors import AukitError
from aukit.hosting.build import build
from aukit.hosting.registry import Registry


class Observers:
    """Passes each event on, in order. A tracker that raises is told of once and asked no more."""

    def __init__(self, on_event: Callable[[Event], object] | None) -> None:
        self._on_event = on_event
        self._trackers: list[tuple[str, Any]] = []

    def add(self, name: str, tracker: Any) -> None:
        """Let an object with `on(event)` hear of all events from now on."""
        self._trackers.append((name, tracker))

    def build(self, choices: Sequence[Choice], folder: Path, registry: Registry) -> None:
        """Build the recipe's trackers; one that cannot be built is reported, unless aukit itself has an answer to it.

        Raises:
            AukitError: an unknown name, a missing extra.
        """
        for choice in choices:
            try:
                tracker = build(
                    "tracker", choice.name, {"folder": folder}, registry=registry, **choice.params
                )
            except AukitError:
                raise
            except Exception as error:
                self(Note(text=f"the tracker `{choice.name}` could not be built: {error!r}", level="warning"))
                continue
            self.add(choice.name, tracker)

    def __call__(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)
        failed = []
        for name, tracker in self._trackers:
            try:
                tracker.on(event)
            except Exception as error:  # a tracker is anybody's code: whatever it raises, the run goes on
                failed.append((name, tracker, repr(error)))
        for name, tracker, reason in failed:
            self._trackers.remove((name, tracker))
            text = f"the tracker `{name}` failed and is left out from here on: {reason}"
            self(Note(text=text, level="warning"))


class LogFile:
    """train.log: what was said, with the time of day. Rows of numbers are in metrics.jsonl, so only looks are told."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on(self, event: Event) -> None:
        """Write the event as a line, if it is one to be read."""
        text = self._line(event)
        if text:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")

    def _line(self, event: Event) -> str:
        match event:
            case RunStarted():
                stages = ", ".join(f"{name} ({component})" for name, component in event.stages)
                return f"{'resumed' if event.resumed else 'started'} {event.recipe} on {event.origin} data: {stages}"
            case Metrics() if any(name.startswith(("validation_", "recalibrated_")) for name in event.values):
                return f"{event.stage} step {event.step}: {_numbers(event.values)}"
            case StageFinished():
                return f"{event.stage} finished in {event.seconds:.1f} s: {_numbers(event.metrics)}"
            case Note():
                return event.text if event.level == "info" else f"{event.level}: {event.text}"
        return ""


def _numbers(values: Any) -> str:
    """All but those of one predicted step, which would make the line five times as long."""
    shown = (name for name in values if not re.search(r"_step\d+$", name))
    return ", ".join(f"{name} {values[name]:.4g}" for name in shown)
