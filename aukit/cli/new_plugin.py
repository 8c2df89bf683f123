"""`aukit new-plugin`: a package that installs, passes its checks and shows up in `aukit list-components`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aukit.cli import options, terminal
from aukit.contracts.component import KINDS

EPILOG = options.examples(
    "aukit new-plugin my-gru --kind temporal",
    "aukit new-plugin my-loss --kind loss --into plugins",
    then="pip install -e ./aukit-my-gru && aukit list-components my-gru",
)


def new_plugin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The component's name in recipes.")],
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"What it is: {', '.join(KINDS)}.")],
    into: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write the package into.")] = Path(
        "."
    ),
) -> None:
    """Write a plugin package: one component, its parameters, its tests, ready to install."""
    from aukit.hosting.new_plugin import write_plugin

    folder = write_plugin(name, kind, into, registry=options.load_registry())
    terminal.out(str(folder))
    terminal.say(f"now: pip install -e {folder} && pytest {folder} && aukit list-components {name}")
