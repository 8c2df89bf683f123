"""`aukit prepare`: recordings as they are distributed, or own videos, become a clip store of faces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aukit.cli import options, terminal
from aukit.errors import UsageError

if TYPE_CHECKING:
    from aukit.contracts.faces import Framing
    from aukit.ingest.prepare_report import PrepareReport

EPILOG = options.examples(
    "aukit prepare disfa /data/DISFA --out disfa.h5",
    "aukit prepare videos /data/clinic --out clinic.h5 --encoding jpeg --detect-every 5",
    "aukit prepare bp4d /data/BP4D --out bp4d.h5 --locator boxes --locator-option file=s3fd.csv",
    then="aukit data inspect disfa.h5",
)


def prepare(
    dataset: Annotated[
        str, typer.Argument(metavar="NAME", help="A data set of recordings, such as `disfa` or `videos`.")
    ],
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="The folder with its files.")],
    out: Annotated[Path, typer.Option(metavar="FILE.h5", help="The store to write.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="One of the data set's parameters, as in TOML. May be repeated.",
        ),
    ] = None,
    encoding: Annotated[
        Literal["raw", "jpeg"], typer.Option(help="Raw frames read fastest; JPEG takes a tenth of the space.")
    ] = "raw",
    quality: Annotated[int, typer.Option(min=1, max=100, metavar="1-100", help="Of JPEG.")] = 90,
    size: Annotated[int | None, typer.Option(metavar="PIXELS", help="Side of a face's square.")] = None,
    crop: Annotated[
        Literal["tight", "eyes", "none"] | None,
        typer.Option(help="About the box, with level eyes, or the whole picture."),
    ] = None,
    margin: Annotated[
        float | None, typer.Option(metavar="PART", help="Added on each side, in parts of the square's side.")
    ] = None,
    locator: Annotated[
        str | None, typer.Option(metavar="NAME", help="What finds faces: yunet, libface, boxes, none.")
    ] = None,
    locator_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="One of the locator's parameters. May be repeated."),
    ] = None,
    follow: Annotated[
        Literal["largest", "central", "track"] | None,
        typer.Option(help="Who: in each picture the largest or most central, or one person throughout."),
    ] = None,
    detect_size: Annotated[
        int | None, typer.Option(metavar="PIXELS", help="Longer side of what the locator sees; 0: all.")
    ] = None,
    detect_every: Annotated[
        int | None, typer.Option(metavar="N", help="Look for faces in every N-th picture.")
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(metavar="0-1", help="Faces the locator is less sure of are not seen.")
    ] = None,
    smooth: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Average boxes over so long; 0: not at all.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Keep the names of own people and videos: no pseudonyms.")
    ] = False,
    people: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Who has which pseudonym; stores that share it fit together."),
    ] = None,
    processes: Annotated[int, typer.Option(min=0, metavar="N", help="How many work; 0: one a core.")] = 0,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="The first N recordings only; 0: all.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a store that exists; what is the same is taken from it.")
    ] = False,
    as_json: options.Json = False,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
) -> None:
    """Find, follow and cut the face in every frame; write faces, labels, people and splits into one clip store.

    The same command goes on where it was interrupted. Beside the store: FILE.h5.report.json says what was found in
    each video, FILE.h5.mosaic.png shows some faces of each.
    """
    from aukit.hosting.build import build
    from aukit.ingest.prepare import prepare as prepare_store
    from aukit.report.mosaic import write_mosaic

    registry = options.load_registry(no_plugins, plugin)
    parameters = _values(overrides)
    source = build("dataset", dataset, registry=registry, **parameters)
    framing = _framing(
        getattr(source, "framing", None),
        {
            "crop": {"rule": crop, "size": size, "margin": margin},
            "faces": {
                "follow": follow,
                "detect_size": detect_size,
                "every": detect_every,
                "min_score": min_score,
                "smooth": smooth,
            },
            "locator": locator,
            "options": _values(locator_option) or None,
        },
    )
    with terminal.watch() as view:
        report = prepare_store(
            source,
            out,
            root=root,
            framing=framing,
            registry=registry,
            encoding=encoding,
            quality=quality,
            processes=processes,
            names=names,
            people=people,
            limit=limit,
            overwrite=force,
            settings={"data_set": dataset, "parameters": parameters},
            on_event=view.on,
        )
    mosaic = write_mosaic(out, f"{out}.mosaic.png")
    if as_json:
        terminal.document(report.document() | {"mosaic": str(mosaic)})
    else:
        _tell(report)
        terminal.out(str(out))


def _values(pairs: list[str] | None) -> dict[str, Any]:
    from aukit.recipe.overrides import parse_value

    return {name: parse_value(value) for name, value in map(options.pair, pairs or ())}


def _framing(own: Framing | None, asked: dict[str, Any]) -> Framing:
    """The data set's own framing, or the general one, with what was asked for.

    Raises:
        UsageError: a value is out of its range.
    """
    from pydantic import ValidationError

    from aukit.contracts.faces import Framing

    table = (own or Framing()).table()
    if asked["locator"] is not None and asked["locator"] != table["locator"]:
        table["options"] = {}  # they were another locator's
    for name, value in asked.items():
        if isinstance(value, dict) and name != "options":
            table[name] |= {key: item for key, item in value.items() if item is not None}
        elif value is not None:
            table[name] = value
    try:
        return Framing.from_table(table)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}", hint="aukit prepare --help"
        ) from error


def _tell(report: PrepareReport) -> None:
    """What was prepared, what is worth a look, and what needs the user."""
    totals = report.totals
    share = totals["frames_with_face"] / totals["frames"]
    before = f" ({totals['videos_done_before']} done before)" if totals["videos_done_before"] else ""
    terminal.say(
        f"{totals['videos']} videos{before}, {totals['frames']:,} frames, {share:.1%} with a face, "
        f"in {terminal.clock(report.seconds)}"
    )
    for one in report.done:
        for text in one.result.notes:
            terminal.say(f"{one.result.video}: {text}")
    for one in report.done:
        for text in one.result.warnings:
            terminal.warn(f"{one.result.video}: {text}")
    if report.failed:
        count = len(report.failed)
        terminal.warn(f"{count} of {totals['recordings']} videos need{'s' * (count == 1)} you")
        for failed in report.failed:
            terminal.say(f"  {failed}")
            if failed.mend:
                terminal.say(f"    {failed.mend}")
        terminal.say("then run the same command with --force: what is prepared is not done again")
