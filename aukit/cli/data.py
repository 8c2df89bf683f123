"""`aukit data`: make a clip store, look at the synthetic faces, check a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from aukit.cli import options, terminal
from aukit.errors import DataError

EPILOG = options.examples(
    "aukit data make synthetic --out faces.h5 --size 64 --set train=4 --set test=2",
    "aukit data sheet --out sheet.png",
    "aukit data check faces.h5",
    then="aukit recipes show quickstart",
)

app = typer.Typer(
    help="Clip stores: make, inspect, check, merge, sheet.", epilog=EPILOG, no_args_is_help=True
)


@app.command(epilog=EPILOG)
def make(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="A data set component, such as `synthetic`.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.h5", help="The store to write.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="One of its parameters, as in TOML. May be repeated."
        ),
    ] = None,
    size: Annotated[int | None, typer.Option(metavar="PIXELS", help="Short for --set size=PIXELS.")] = None,
    encoding: Annotated[
        Literal["raw", "jpeg"], typer.Option(help="Raw frames read fastest; JPEG takes a tenth of the space.")
    ] = "raw",
    processes: Annotated[
        int, typer.Option(min=0, metavar="N", help="Processes that make frames; 0: one a core.")
    ] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a store that exists.")] = False,
    data_root: options.DataRoot = None,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
) -> None:
    """Write a data set's videos, labels and people into one clip store."""
    from aukit.hosting.build import build
    from aukit.ingest.make import make_store
    from aukit.recipe.overrides import parse_value

    registry = options.load_registry(no_plugins, plugin)
    values = {name: parse_value(value) for name, value in (options.pair(text) for text in overrides or ())}
    if size is not None:
        values["size"] = size
    source = build("dataset", dataset, registry=registry, **values)
    with terminal.watch() as view:
        make_store(
            source,
            out,
            root=data_root,
            encoding=encoding,
            processes=processes,
            overwrite=overwrite,
            on_event=view.on,
        )
    terminal.out(str(out))


@app.command(epilog=EPILOG)
def sheet(
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="The picture to write.")] = Path("sheet.png"),
    subject: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Which person; repeat for several. Default: P001.")
    ] = None,
    size: Annotated[int, typer.Option(min=32, max=512, metavar="PIXELS", help="Width of one face.")] = 128,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="The seed that people are drawn from.")] = 0,
) -> None:
    """Draw the synthetic faces as a table, AU by level: what the renderer shows."""
    from aukit.builtin.datasets.synthetic.sheet import write_sheet

    terminal.out(str(write_sheet(out, subject or ["P001"], size=size, seed=seed)))


@app.command(epilog=EPILOG)
def check(
    store: Annotated[Path, typer.Argument(metavar="STORE.h5", help="A clip store.")],
    as_json: options.Json = False,
) -> None:
    """Verify a clip store: layout, lengths, times, labels, people, every frame readable."""
    from aukit.clips.check import check_store

    report = check_store(store)
    if as_json:
        terminal.document({"path": str(store), "facts": report.facts, "problems": report.problems})
    else:
        terminal.facts(report.facts)
    if report.problems:
        raise DataError(
            "; ".join(report.problems), where=str(store), hint="make the store again from its source videos"
        )
