"""One visit to one plugin: import it alone, call each of its hooks alone, and write down what went wrong."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from aukit.errors import AukitError, PluginError, did_you_mean, nearest
from aukit.hosting.hookspecs import PROJECT
from aukit.hosting.records import RECORDS, records

# A plugin that calls `sys.exit` while it is imported must not end the program.
_FAILURES = (Exception, SystemExit)
_marks = pluggy.PluginManager(PROJECT)


@dataclass
class Visit:
    """What one plugin brought: records by hook, and what is wrong with it."""

    file: str = ""
    hooks: list[str] = field(default_factory=list)
    records: list[tuple[str, Any]] = field(default_factory=list)
    """(hook, record) in the order they were returned."""
    faults: list[str] = field(default_factory=list)
    cause: BaseException | None = None


def visit(load: Callable[[], object]) -> Visit:
    """Load a plugin and call its hooks. Never raises for what the plugin does.

    What the plugin prints goes to stderr: stdout is for data that another program may read.
    """
    with redirect_stdout(sys.stderr):
        return _visit(load)


def _visit(load: Callable[[], object]) -> Visit:
    seen = Visit()
    try:
        plugin = load()
        implementations = list(_implementations(plugin, seen.faults))
    except _FAILURES as error:
        ours = isinstance(error, PluginError)
        seen.faults.append(str(error) if ours else f"import failed: {describe(error)}")
        seen.cause = error
        return seen
    seen.file = getattr(plugin, "__file__", None) or ""
    for name, function, options in implementations:
        hook = options.get("specname") or name
        if hook not in RECORDS:
            closest = nearest(hook, RECORDS, count=1) or RECORDS
            seen.faults.append(f"there is no hook `{hook}`; {did_you_mean(hook, closest)}")
            continue
        if options.get("wrapper") or options.get("hookwrapper"):
            seen.faults.append(f"`{name}` is a wrapper; a hook of aukit returns records and wraps nothing")
            continue
        seen.hooks.append(hook)
        try:
            # Looking at what was returned is under the same guard: its fields may be anything.
            for record in records(hook, function()):
                if isinstance(record, PluginError):
                    seen.faults.append(f"`{name}` {record}")
                else:
                    seen.records.append((hook, record))
        except _FAILURES as error:
            seen.faults.append(f"`{name}` raised {describe(error)}")
            seen.cause = error
    if not seen.hooks and not seen.faults:
        seen.faults.append("it has no hook: mark a function `aukit_components` with `@aukit.hookimpl`")
    return seen


def describe(error: BaseException) -> str:
    """An error in one line, with the place where the plugin's own code raised it."""
    text = str(error).strip().partition("\n")[0] if not isinstance(error, AukitError) else error.message
    here = str(Path(__file__).parent)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith((here, "<")) and "importlib" not in Path(frame.filename).parts:
            return f"{type(error).__name__}: {text} ({frame.filename}:{frame.lineno})"
    return f"{type(error).__name__}: {text}"


def _implementations(
    plugin: object, faults: list[str]
) -> Iterator[tuple[str, Callable[[], object], dict[str, Any]]]:
    # `vars`, not `dir`: a module may list names that it only imports, slowly, when they are asked for.
    names = vars(plugin) if isinstance(plugin, ModuleType) else dir(plugin)
    for name in sorted(names):
        function = getattr(plugin, name, None)
        if not inspect.isroutine(function):
            continue
        options = _marks.parse_hookimpl_opts(plugin, name)
        if options is not None:
            yield name, function, dict(options)
        elif name in RECORDS:
            faults.append(f"`{name}` is not marked with `@aukit.hookimpl`")
