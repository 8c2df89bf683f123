"""The only place that prints. Data goes to stdout, all else to stderr; colour only where it is welcome.

rich is imported when something is printed, so `aukit --help` does not pay for it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from aukit.contracts.run import Event, Note, Progress, RunStarted, StageFinished
from aukit.errors import AukitError, RecipeError

if TYPE_CHECKING:
    import rich.console
    import rich.progress

PARTS = 10
"""Without a terminal, each stage says how far it is this many times."""

SHAPES = ("hw", "chw", "bthwc")
"""The last piece of a key that holds a shape, in the letters used everywhere."""

VERDICTS = {"usable": "green", "weak": "yellow", "not shown": "red"}
STATUSES = {"active": "green", "disabled": "yellow", "failed": "red"}
STYLES = {**VERDICTS, **STATUSES}
"""Words that carry a colour wherever they fill a table's cell. They mean the same without it."""


def _console(file: IO[str]) -> rich.console.Console:
    """A console on a stream. Only a terminal wraps sentences; a pipe without COLUMNS gets whole tables, too."""
    from rich.console import Console

    piped = not file.isatty()
    wide = piped and "COLUMNS" not in os.environ
    return Console(file=file, highlight=False, markup=False, soft_wrap=piped, width=10_000 if wide else None)


def out(text: str = "") -> None:
    """One piece of data, to stdout."""
    print(text)


def document(value: Any) -> None:
    """One JSON document, to stdout: all that `--json` prints. Numbers that are not finite are null."""
    print(json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A plain table, to stdout: the last columns wrap, those named in `right` are aligned to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold", border_style="dim"
    )
    for place, column in enumerate(columns):
        whole = column in right or place == 0
        grid.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=whole,
            min_width=max(map(len, [column, *(row[place] for row in rows)])) if whole else None,
            overflow="fold",
        )
    for row in rows:
        grid.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    console = _console(sys.stdout)
    # A terminal that is too narrow breaks lines; rich would cut the ends off numbers.
    console.width = max(
        console.width, console.measure(grid, options=console.options.update(max_width=10_000)).minimum
    )
    with console.capture() as captured:
        console.print(grid)
    for line in captured.get().splitlines():
        print(line.rstrip())


def facts(found: Mapping[str, Any], indent: str = "") -> None:
    """Names and values, to stdout, aligned; a value that is itself a table comes indented below."""
    width = max(
        (len(_spoken(name)) for name, value in found.items() if not isinstance(value, Mapping)), default=0
    )
    for name, value in found.items():
        if isinstance(value, Mapping):
            print(f"{indent}{_spoken(name)}")
            facts(value, indent + "  ")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else _plain(value)
            print(f"{indent}{_spoken(name):<{width}}  {shown}".rstrip())


def _spoken(name: str) -> str:
    """A key for a reader: `seconds_a_step` is `seconds a step`, `clips_bthwc` is `clips B,T,H,W,C`."""
    words, _, last = name.rpartition("_")
    if last in SHAPES:
        name = f"{words} {','.join(last.upper())}"
    return name.replace("_", " ")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def say(text: str) -> None:
    """A remark, to stderr."""
    _console(sys.stderr).print(text)


def warn(text: str) -> None:
    """Something the user should know, to stderr."""
    _labelled(_console(sys.stderr), "warning", "yellow", text)


def error(problem: AukitError) -> None:
    """What went wrong, where, and what to do instead; each problem of a recipe with its own hint."""
    console = _console(sys.stderr)
    if isinstance(problem, RecipeError):
        for one in problem.problems:
            _labelled(console, "error", "bold red", str(one), one.hint)
    else:
        _labelled(console, "error", "bold red", str(problem), problem.hint)


def _labelled(console: rich.console.Console, label: str, style: str, text: str, hint: str = "") -> None:
    from rich.text import Text

    console.print(Text.assemble((f"{label}:", style), f" {text}"))
    for number, line in enumerate(hint.splitlines()):
        console.print(Text.assemble(("  hint:" if number == 0 else "       ", "cyan"), f" {line}"))


def traceback(trace: str) -> None:
    """A traceback that somebody asked for, to stderr."""
    print(trace, file=sys.stderr, end="")


def clock(seconds: float) -> str:
    """Seconds for a reader: `8 s`, `3:05`, `1:02:09`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(value: float | None, digits: int = 2) -> str:
    """A score for a table; a dash where there is none."""
    return "-" if value is None or value - value != 0 else f"{value:.{digits}f}"


def _values(values: Mapping[str, float]) -> list[str]:
    """The newest numbers, the loss first. Three are enough for a line."""
    first = sorted(values, key=lambda name: name != "loss")[:3]
    return [f"{name} {values[name]:.4g}" for name in first]


class RunView:
    """Shows a run's events. This one prints plain lines: what a log file or a pipe should hold."""

    def __init__(self) -> None:
        self._console = _console(sys.stderr)
        self._shown: dict[str, int] = {}

    def on(self, event: Event) -> None:
        """Show one event; called from the run's own thread."""
        match event:
            case Progress():
                self._progress(event)
            case RunStarted():
                self._say(f"{'resuming' if event.resumed else 'running'} {event.recipe} in {event.folder}")
                if event.origin != "real":
                    self._say(f"the data are {event.origin}: the scores say nothing of real people")
            case StageFinished():
                numbers = "  ".join(_values(event.metrics))
                self._say(
                    f"{event.stage}: finished in {clock(event.seconds)}" + (f"  {numbers}" if numbers else "")
                )
            case Note(level="warning"):
                _labelled(self._console, "warning", "yellow", event.text)
            case Note():
                self._say(event.text)

    def _say(self, text: str) -> None:
        self._console.print(text)

    def _progress(self, event: Progress) -> None:
        part = PARTS * event.done // max(event.total, 1)
        if self._shown.get(event.task) == part:
            return
        self._shown[event.task] = part
        self._say("  ".join([f"{event.task}: {event.done}/{event.total}", *_numbers(event)]))


class BarView(RunView):
    """The same on a terminal: one line a task that moves in place."""

    def __init__(self) -> None:
        super().__init__()
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bars
        from rich.table import Column

        self._bars = Bars(
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=16),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn(
                "{task.fields[numbers]}",
                style="dim",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=self._console,
            expand=True,
        )
        self._tasks: dict[str, rich.progress.TaskID] = {}

    def __enter__(self) -> BarView:
        self._bars.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._bars.stop()

    def forget(self, start: str) -> None:
        """Take away the lines of tasks whose name begins so: they are over."""
        for task in [task for task in self._tasks if task.startswith(start)]:
            self._bars.remove_task(self._tasks.pop(task))

    def _progress(self, event: Progress) -> None:
        if event.task not in self._tasks:
            self._tasks[event.task] = self._bars.add_task(event.task, total=event.total, numbers="")
        numbers = "  ".join(_numbers(event))
        self._bars.update(self._tasks[event.task], completed=event.done, total=event.total, numbers=numbers)


def _numbers(event: Progress) -> Iterator[str]:
    """What is worth a look, the most telling first: a narrow terminal cuts off the end."""
    first, *rest = [*_values(event.values), ""]
    if first:
        yield first
    if event.frames_per_second:
        yield f"{event.frames_per_second:,.0f} frames/s"
    if event.seconds_left and event.done < event.total:
        yield f"{clock(event.seconds_left)} left"
    yield from filter(None, rest)


@contextmanager
def watch() -> Iterator[RunView]:
    """A view of a run: bars on a terminal, plain lines elsewhere."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with BarView() as view:
            yield view
    else:
        yield RunView()
