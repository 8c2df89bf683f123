"""`aukit recipes`: the recipes that aukit and its plugins ship. Look, copy, change, run your copy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from aukit.cli import options, terminal

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
    """List the shipped recipes: of one run each, and suites that fill a table."""
    from aukit.recipe import list_recipes

    found = list_recipes(options.load_registry(no_plugins, plugin))
    if as_json:
        terminal.document([asdict(item) for item in found])
    else:
        terminal.table(
            ("recipe", "kind", "from", "summary"),
            [(item.name, item.kind, item.provider, item.summary) for item in found],
        )


@app.command(epilog=EPILOG)
def show(name: Name, plugin: options.PluginFiles = None, no_plugins: options.NoPlugins = False) -> None:
    """Print a recipe as it was written, comments and all."""
    from aukit.recipe import find_recipe

    terminal.out(find_recipe(name, options.load_registry(no_plugins, plugin)).read_text("utf-8").rstrip("\n"))


@app.command(epilog=EPILOG)
def copy(
    name: Name,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, or a folder to copy into.")] = Path(
        "."
    ),
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
) -> None:
    """Copy a recipe to a file of your own; never over one that exists."""
    from aukit.recipe import copy_recipe

    file = copy_recipe(name, to, options.load_registry(no_plugins, plugin))
    terminal.out(str(file))
    terminal.say(f"now: change it, then `aukit run {file}`")
