"""Options that several commands share, and the registry they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aukit.cli import terminal
from aukit.errors import PluginError, UsageError

if TYPE_CHECKING:
    from aukit.hosting.registry import Registry

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
NoPlugins = Annotated[bool, typer.Option("--no-plugins", help="Leave installed plugins out.")]
PluginFiles = Annotated[
    list[Path] | None, typer.Option("--plugin", metavar="FILE", help="Load a plugin from a Python file, too.")
]
Recipe = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A TOML file, or the name of a shipped recipe.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Change one value, written as in TOML. May be repeated."
    ),
]
Ablations = Annotated[
    list[str] | None,
    typer.Option("--ablate", metavar="NAME", help="Apply a named ablation. May be repeated."),
]
StandIn = Annotated[
    bool,
    typer.Option("--stand-in", help="Use synthetic faces for each licensed data set that is not on disk."),
]
Smoke = Annotated[bool, typer.Option("--smoke", help="A few steps on little data: does the whole thing run?")]
Device = Annotated[str | None, typer.Option(metavar="NAME", help="`auto`, `cpu`, `cuda`, `cuda:1`.")]
DataRoot = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where relative data paths start; also AUKIT_DATA.")
]


def examples(*lines: str, then: str) -> str:
    """The end of a command's help: real examples, and the next command to try."""
    return "\n\n".join(["\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines), f"\b\nNext:\n  {then}"])


def load_registry(no_plugins: bool = False, files: list[Path] | None = None) -> Registry:
    """The registry of a command. A plugin that failed is a warning; a file that the user named must load.

    Raises:
        PluginError: a file given with `--plugin` did not load.
    """
    from aukit.hosting.host import load_host

    files = files or []
    registry = load_host(plugins=not no_plugins, files=files)
    asked = {file.name for file in files}
    failed: dict[str, list[str]] = {}
    for status in registry.plugins():
        if status.status == "failed":
            if status.distribution in asked:
                raise PluginError(f"the plugin did not load: {status.reason}", where=status.distribution)
            failed.setdefault(status.source, []).append(f"`{status.name}`")
    for source, names in failed.items():
        plural = "s" if len(names) > 1 else ""
        terminal.warn(f"the plugin{plural} {', '.join(names)} ({source}) failed; `aukit plugins` says why")
    return registry


def shorter(location: str) -> str:
    """A `file:line` from the current folder, where that is above it."""
    place = Path(location)
    return str(place.relative_to(Path.cwd())) if place.is_relative_to(Path.cwd()) else location


def pair(text: str) -> tuple[str, str]:
    """`name=value` in two.

    Raises:
        UsageError: there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"`{text}` is no NAME=VALUE", where="--set", hint="such as --set fps=20")
    return name.strip(), value.strip()
