"""`aukit data inspect`: what a clip store holds, and whether its labels will do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from aukit.cli import options, terminal
from aukit.errors import UsageError

EPILOG = options.examples(
    "aukit data inspect disfa.h5",
    "aukit data inspect disfa.h5 --split A --fold 1 --plot levels.png",
    "aukit data inspect own.h5 --mosaic faces.png --json",
    then="aukit plan RECIPE",
)


def inspect(
    store: Annotated[Path, typer.Argument(metavar="STORE.h5", help="A clip store.")],
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Count each part of this split of the data set, too.")
    ] = None,
    fold: Annotated[int, typer.Option(min=1, metavar="K", help="Which fold of the split.")] = 1,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Draws people where a split does.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw how often each level occurs (.png, .svg, .pdf).")
    ] = None,
    mosaic: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw some of the faces of each video.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Count people, videos, gaps, and labels by AU and level; say who shows what in each part of a split."""
    for file in (plot, mosaic):
        if file is not None and file.resolve() == store.resolve():
            raise UsageError("the picture would replace the store", where=str(file))

    from aukit.report.inspection import inspect_store

    facts = inspect_store(store, split=split, fold=fold, seed=seed)
    if plot is not None:
        from aukit.report.levels import write_levels

        title = f"{facts['data_set']} ({facts['origin']}), {facts['labelled_frames']:,} labelled frames"
        write_levels(plot, {au: row["levels"] for au, row in facts["aus"].items()}, title=title)
    if mosaic is not None:
        from aukit.report.mosaic import write_mosaic

        write_mosaic(store, mosaic)
    if as_json:
        terminal.document(facts)
        return
    shown = {name: value for name, value in facts.items() if name not in ("by_person", "aus", "parts")}
    terminal.facts({name: value for name, value in shown.items() if value not in ("", {}, [])})
    terminal.out()
    _people(facts["by_person"])
    if facts["aus"]:
        terminal.out()
        _levels(facts["aus"])
    if "parts" in facts:
        terminal.out()
        _parts(facts["parts"])


def _people(people: dict[str, dict[str, int]]) -> None:
    """A row a person; many are summed up by the terminal's own scrolling, so all are shown."""
    columns = ("subject", "videos", "frames", "labelled frames")
    rows = [
        [name, *(f"{row[key]:,}" for key in ("videos", "frames", "labelled_frames"))]
        for name, row in people.items()
    ]
    terminal.table(columns, rows, right=columns[1:])


def _levels(aus: dict[str, dict[str, Any]]) -> None:
    columns = ("AU", "labelled", "0", "1", "2", "3", "4", "5", "positive", "people showing it")
    rows = [
        [
            au,
            f"{row['labelled']:,}",
            *(f"{count:,}" for count in row["levels"]),
            f"{row['positives'] / row['labelled']:.1%}" if row["labelled"] else "-",
            f"{row['people_with_positives']} of {row['people']}",
        ]
        for au, row in aus.items()
    ]
    terminal.table(columns, rows, right=columns[1:])


def _parts(parts: dict[str, dict[str, Any]]) -> None:
    """Positives and the people who show an AU, part by part."""
    columns = ["AU", *(f"{part}: {parts[part]['people']} people" for part in parts)]
    aus = next(iter(parts.values()))["aus"]
    rows = [
        [
            au,
            *(
                f"{part['aus'][au]['positives']:,} positive of {part['aus'][au]['labelled']:,}, "
                f"{part['aus'][au]['people_with_positives']} people"
                for part in parts.values()
            ),
        ]
        for au in aus
    ]
    terminal.table(columns, rows, right=columns[1:])
