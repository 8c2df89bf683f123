"""`aukit cite`: what to cite for a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aukit.cli import options, terminal

EPILOG = options.examples("aukit cite runs/quickstart/2026-11-23T18-31-00_3f9a1c", then="aukit version")


def cite(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    as_json: options.Json = False,
) -> None:
    """Print the sources of every component and data set that shaped a run's numbers."""
    from aukit.report.cite import cite as sources

    found = sources(run)
    if as_json:
        terminal.document([entry.to_json() for entry in found])
        return
    for entry in found:
        terminal.out(str(entry))
