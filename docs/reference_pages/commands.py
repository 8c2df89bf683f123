"""The page of commands: what each `--help` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from aukit.cli.app import app
from reference_pages.tables import table

WIDTH = 88
"""Columns of the help texts."""

HEAD = """# Commands

`aukit` and `python -m aukit` are the same. Data goes to stdout, everything else to stderr. `--json` prints one
document. Colours follow `NO_COLOR`. [Errors and exit codes](errors.md) has a page of its own.

{commands}

Environment variables:

| variable | what it does |
|---|---|
| `AUKIT_DATA` | where relative paths of data start, as `--data-root` |
| `AUKIT_DISABLE_PLUGINS` | plugins to leave out: names of distributions or entry points, separated by commas |
| `AUKIT_PLUGINS_STRICT` | `1`: a plugin that fails is an error |
| `AUKIT_TRACEBACK` | `1`: print the traceback of an error, as `aukit --traceback COMMAND` |

The rest of this page is what each `--help` says.
"""


def walk() -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Every command with its words and its context: `("data", "make")`."""
    root = typer.main.get_command(app)
    yield from _walk((), root, None)


def _walk(words: tuple[str, ...], command: Any, parent: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    name = words[-1] if words else "aukit"
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield words, command, context
    for word, inner in getattr(command, "commands", {}).items():
        yield from _walk((*words, word), inner, context)


def page() -> str:
    """The Markdown of the page."""
    found = list(walk())
    rows = [
        (
            f"[`aukit {' '.join(words)}`](#aukit-{'-'.join(words)})",
            command.get_short_help_str(100).rstrip("."),
        )
        for words, command, _ in found
        if words and not getattr(command, "commands", {})
    ]
    parts = [HEAD.format(commands=table(("command", "what it does"), rows))]
    for words, command, context in found:
        title = " ".join(("aukit", *words))
        parts.append(f"## `{title}` {{ #{title.replace(' ', '-')} }}\n")
        parts.append(f"```text\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)
