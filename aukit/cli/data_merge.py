"""`aukit data merge`: several clip stores as one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aukit.cli import options, terminal

EPILOG = options.examples(
    "aukit data merge monday.h5 tuesday.h5 --out week.h5",
    "aukit data merge disfa.h5 bp4d.h5 --out both.h5 --union",
    then="aukit data inspect week.h5",
)


def merge(
    stores: Annotated[list[Path], typer.Argument(metavar="STORE.h5...", help="Clip stores.")],
    out: Annotated[Path, typer.Option(metavar="FILE.h5", help="The store to write.")],
    union: Annotated[
        bool, typer.Option("--union", help="Keep all AUs; a video is unlabelled in those its store lacks.")
    ] = False,
    mix_origins: Annotated[
        bool, typer.Option("--mix-origins", help="Real beside made people: the whole goes by the least real.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a store that exists.")] = False,
) -> None:
    """Copy the videos of several stores into one. People of one name in one data set are one person."""
    from aukit.clips.merge import merge_stores

    with terminal.watch() as view:
        merge_stores(stores, out, union=union, mix_origins=mix_origins, overwrite=force, on_event=view.on)
    terminal.out(str(out))
