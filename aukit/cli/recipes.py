"""`aukit recipes`: the recipes that aukit and its plugins ship. Look, copy, change, run your copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aukit.cli import options, terminal
from aukit.errors import StorageError, UsageError

EPILOG = options.examples(
    "aukit recipes list",
    "aukit recipes show quickstart",
    "aukit recipes copy disfa_2pct mine.toml",
    then="aukit validate mine.toml",
)

app = typer.Typer(help="The shipped recipes: list, show, copy.", epilog=EPILOG, no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name that `aukit recipes list` shows.")]


@app.command("list", epilog=EPILOG)
def list_(
    plugin: options.PluginFiles = None, no_plugins: options.NoPlugins = False, as_json: options.Json = False
) -> None:
    """List the shipped recipes."""
    from aukit.recipe import shipped

    found = [
        {
            "name": item.name,
            "summary": shipped.summary(item.record),
            "provider": item.source,
            "file": str(item.record),
        }
        for item in shipped.recipes(options.load_registry(no_plugins, plugin))
    ]
    if as_json:
        terminal.document(found)
    else:
        terminal.table(
            ("recipe", "from", "summary"),
            [(item["name"], item["provider"], item["summary"]) for item in found],
        )


@app.command(epilog=EPILOG)
def show(name: Name, plugin: options.PluginFiles = None, no_plugins: options.NoPlugins = False) -> None:
    """Print a recipe as it was written, comments and all."""
    terminal.out(_text(name, no_plugins, plugin).rstrip("\n"))


@app.command(epilog=EPILOG)
def copy(
    name: Name,
    to: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Default: NAME.toml in this folder.")
    ] = None,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
) -> None:
    """Copy a recipe to a file of your own; never over one that exists."""
    text = _text(name, no_plugins, plugin)
    target = to or Path(f"{name.rpartition('/')[2]}.toml")
    if target.is_dir():
        target /= f"{name.rpartition('/')[2]}.toml"
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError("the file exists already", where=str(target), hint="name another file") from error
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=str(target)) from error
    terminal.out(str(target))
    terminal.say(f"now: aukit run {target}")


def _text(name: str, no_plugins: bool, plugin: list[Path] | None) -> str:
    from aukit.recipe import shipped

    return shipped.find(name, options.load_registry(no_plugins, plugin)).read_text("utf-8")
