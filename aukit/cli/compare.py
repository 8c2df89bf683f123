"""`aukit compare`: runs, or a suite, as one table with intervals, paired differences and a page."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aukit.cli import options, terminal

if TYPE_CHECKING:
    from aukit.compare.result import Comparison

EPILOG = options.examples(
    "aukit compare runs/base-0 runs/base-1 runs/scratch-0 runs/scratch-1",
    "aukit compare runs/base-* runs/scratch-* --against runs/scratch-0 --report compared",
    "aukit compare runs/table2 --format latex",
    "aukit compare runs/table2 --figures figures",
    then="aukit cite RUN",
)


class Format(StrEnum):
    """How the table is printed."""

    table = "table"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"
    json = "json"


class Shows(StrEnum):
    """What it is about."""

    intensity = "intensity"
    prediction = "prediction"
    labels = "labels"


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN... | SUITE",
            help="Run folders, or one folder of a suite. Runs that differ by fold and seed alone are one variant.",
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            metavar="VARIANT", help="Take differences from this variant: its name, or one of its run folders."
        ),
    ] = "",
    shows: Annotated[
        Shows | None,
        typer.Option(help="Scores of test people, accuracy of the predictive task, or labels by intensity."),
    ] = None,
    format: Annotated[Format, typer.Option(help="What is printed to stdout.")] = Format.table,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write DIR/compare.html, a page with plots. By default into the suite's folder.",
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each plot into DIR as an SVG file, for papers and slides."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Make a table of what does not belong together, marked as such.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Compare finished runs: intervals over people, spread over seeds, paired differences on the same frames."""
    from aukit.compare.compare import compare_runs
    from aukit.rundir.suite import is_suite

    found = compare_runs(*runs, against=against, shows=shows.value if shows else None, force=force)
    _print(found, Format.json if as_json else format)
    folder = report or (runs[0] if is_suite(runs[0]) else None)
    if folder:
        _write(found, folder)
    if figures:
        from aukit.compare.figures import write_figures

        for file in write_figures(found, figures):
            terminal.say(f"figure: {file}")


def show(folder: Path) -> None:
    """Print the table of a suite's folder and write its report there."""
    from aukit.compare.compare import compare_runs

    found = compare_runs(folder)
    _print(found, Format.table)
    _write(found, folder)


def _write(found: Comparison, folder: Path) -> None:
    from aukit.compare.page import write_page

    terminal.say(f"report: {write_page(found, folder)}")


def _print(found: Comparison, format: Format) -> None:
    from aukit.compare import formats

    match format:
        case Format.json:
            terminal.document(found.to_json())
        case Format.markdown:
            terminal.out(formats.markdown(found).rstrip("\n"))
        case Format.latex:
            terminal.out(formats.latex(found).rstrip("\n"))
        case Format.csv:
            terminal.out(formats.csv_text(found).rstrip("\n"))
        case Format.table:
            _tables(found)


def _tables(found: Comparison) -> None:
    from aukit.compare import words
    from aukit.compare.tables import tables

    terminal.out(found.title)
    for line in (*words.mark(found), *words.heading(found)):
        terminal.out(line)
    for table in tables(found):
        terminal.out()
        terminal.out(table.title)
        terminal.table(table.columns, table.rows, right=table.columns[1:])
    terminal.out()
    for line in (*words.basis(found), *words.state(found)):
        terminal.out(line)
