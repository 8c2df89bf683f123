"""`aukit predict`: a trained model's intensities for every frame of a video, a folder of videos or a clip store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aukit.cli import options, terminal
from aukit.errors import DataError, Problem, RecipeError, UsageError

if TYPE_CHECKING:
    from aukit.contracts.faces import Framing
    from aukit.tracks.video import Asked, VideoPredictor
    from aukit.training.estimator import AUEstimator

EPILOG = options.examples(
    "aukit predict clip.mp4 --run runs/first --out tracks.csv --baseline median",
    "aukit predict clip.mp4 --run runs/first --out tracks.csv --faces all --overlay seen.mp4",
    "aukit predict videos --run runs/first --out tracks --format parquet --detect-every 5",
    "aukit predict faces.h5 --run runs/first --out tracks.h5 --device cpu",
    then="aukit cite runs/first",
)

EXAMPLES = {"--framing": "crop.rule=tight", "--locator-option": "weights=yunet.onnx"}


def predict(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="VIDEO|FOLDER|STORE", help="A video, a folder of videos, or a clip store (.h5)."
        ),
    ],
    run: Annotated[Path, typer.Option(metavar="DIR", help="The run folder whose model predicts.")],
    out: Annotated[
        Path, typer.Option(metavar="PATH", help="A .csv, .parquet or .h5 file; for a folder, a folder.")
    ],
    format: Annotated[
        Literal["csv", "parquet", "h5"] | None,
        typer.Option(help="Format of the files in a folder; a single file's name says it."),
    ] = None,
    faces: Annotated[
        Literal["one", "all"], typer.Option(help="One person, or everybody in the picture, each with an id.")
    ] = "one",
    follow: Annotated[
        Literal["largest", "central", "track"] | None,
        typer.Option(help="Who: in each picture the largest or most central, or one person throughout."),
    ] = None,
    detect_every: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Look for faces in every N-th picture.")
    ] = None,
    detect_size: Annotated[
        int | None,
        typer.Option(min=0, metavar="PIXELS", help="Longer side of what the locator sees; 0: all."),
    ] = None,
    framing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=VALUE",
            help="Framing of a model that has none, or to overrule it: crop.rule=tight. May be repeated.",
        ),
    ] = None,
    locator_option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="A parameter of the locator, such as weights=FILE. May be repeated."
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="median|FILE.csv",
            help="Add AUxx_b: each AU less the person's median, or a neutral clip's.",
        ),
    ] = None,
    overlay: Annotated[
        Path | None, typer.Option(metavar="OUT.mp4", help="Draw box and AUs over the video, too.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="OUT.png", help="Plot the tracks, too.")] = None,
    timeline: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="Write a page to scrub through, too.")
    ] = None,
    device: options.Device = None,
    precision: Annotated[
        Literal["fp32", "bf16"], typer.Option(help="bf16 is faster where the processor has it.")
    ] = "fp32",
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Frames computed at once.")] = 32,
    origin: Annotated[
        Literal["real", "rendered", "synthetic"], typer.Option(help="What people the videos show.")
    ] = "real",
    allow_synthetic: Annotated[
        bool, typer.Option("--allow-synthetic", help="Let a model that saw no real people predict real ones.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what exists.")] = False,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
) -> None:
    """Predict the intensity of each AU in every frame.

    The columns are those of OpenFace (frame, face_id, timestamp, confidence, success, AU04_r, ...). OUT.json says what
    they mean and which model made them. In a folder, what is done is not done again.
    """
    shows = {"overlay": overlay, "plot": plot, "timeline": timeline}
    targets = {kind: path for kind, path in shows.items() if path is not None}
    if faces == "all" and follow:
        raise UsageError(
            "everybody is followed with `--faces all`", where="--follow", hint="give one of them"
        )
    rules = {"every": detect_every, "detect_size": detect_size, "follow": "all" if faces == "all" else follow}
    asked = {name: value for name, value in rules.items() if value is not None}
    check: Callable[..., None] = _check_folder if source.is_dir() else _check_file
    check(source, out, format, targets, force)
    framed, located = _framing(framing or []), _values(locator_option or [])
    registry = options.load_registry(no_plugins, plugin)

    from aukit.tracks.baseline import load_baseline
    from aukit.tracks.video import Asked, VideoPredictor
    from aukit.training.estimator import AUEstimator

    estimator = AUEstimator.load(run, device=device or "auto", registry=registry)
    told = Asked(
        framing=framed,
        faces=asked,
        locator_options=located,
        baseline=load_baseline(baseline, estimator.aus) if baseline else None,
        precision=precision,
        batch=batch,
        origin=origin,
        allow_synthetic=allow_synthetic,
    )
    if _is_store(source):
        _store(estimator, run, told, source, out, targets)
        return
    predictor = VideoPredictor(estimator, run, told)
    if source.is_dir():
        _folder(predictor, source, out, format, targets, force)
    else:
        _video(predictor, source, out, targets)


def _check_file(
    source: Path, out: Path, format: str | None, targets: Mapping[str, Path], force: bool
) -> None:
    from aukit.tracks.shows import check_show
    from aukit.tracks.sidecar import sidecar_path
    from aukit.tracks.write import refuse_existing
    from aukit.tracks.writers import format_of

    if format and format_of(out) != format:
        raise UsageError(f"`--format {format}` and `--out {out}` disagree", hint="leave `--format` out")
    format_of(out)
    if not source.exists():
        raise DataError("there is no such file or folder", where=str(source), hint="name a video or a store")
    for kind, target in targets.items():
        check_show(kind, target)
        if _is_store(source) and kind != "plot":
            raise UsageError(
                f"a clip store has no video for the {kind}", where=str(source), hint="name a video"
            )
    files = [out, sidecar_path(out), *targets.values()]
    if any(file.resolve() == source.resolve() for file in files):
        raise UsageError("this would replace what is predicted", where=str(source), hint="name another file")
    if not force:
        refuse_existing(*files)


def _check_folder(
    source: Path, out: Path, format: str | None, targets: Mapping[str, Path], force: bool
) -> None:
    from aukit.tracks.writers import format_of

    format_of(Path(f"tracks.{format or 'csv'}"))
    for path in (out, *targets.values()):
        if path.exists() and not path.is_dir():
            raise UsageError("this is a file; a folder of videos needs a folder", where=str(path))


def _framing(texts: list[str]) -> Framing | None:
    """`crop.rule=tight`, `locator=yunet`, ... as a framing; None where nothing is given."""
    from pydantic import ValidationError

    from aukit.contracts.faces import Framing
    from aukit.recipe.messages import problems

    table: dict[str, Any] = {}
    for name, value in _values(texts, "--framing").items():
        *path, last = name.split(".")
        inner = table
        for step in path:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                raise RecipeError([Problem(message="this is no table", where="--framing", path=name)])
        inner[last] = value
    try:
        return Framing.from_table(table) if texts else None
    except ValidationError as error:
        found = problems(error, table, Framing, (), lambda path: "--framing", owner="the framing")
        raise RecipeError(found) from None


def _values(texts: list[str], option: str = "--locator-option") -> dict[str, Any]:
    """`name=value`, the value as in TOML."""
    from aukit.recipe.overrides import parse_value

    try:
        return {name: parse_value(value) for name, value in map(options.pair, texts)}
    except UsageError as error:
        error.where, error.hint = option, f"such as {option} {EXAMPLES[option]}"
        raise


def _is_store(source: Path) -> bool:
    return source.suffix.lower() in (".h5", ".hdf5") and not source.is_dir()


def _store(
    estimator: AUEstimator, run: Path, told: Asked, source: Path, out: Path, targets: Mapping[str, Path]
) -> None:
    from aukit.tracks.shows import make_show
    from aukit.tracks.store import predict_store

    with terminal.watch() as view:
        predict_store(
            estimator,
            source,
            out,
            run=run,
            baseline=told.baseline,
            precision=told.precision,
            batch=told.batch,
            allow_synthetic=told.allow_synthetic,
            on_event=view.on,
        )
    terminal.out(str(out))
    for kind, target in targets.items():
        make_show(kind, source, out, target)
        terminal.out(str(target))


def _video(predictor: VideoPredictor, source: Path, out: Path, targets: Mapping[str, Path]) -> None:
    from aukit.tracks.pace import Pace
    from aukit.tracks.shows import make_show

    with terminal.watch() as view:
        document = predictor.predict(source, out, on_frames=Pace([source], view.on).on_frames)
    for note in (*document["incomplete"], *document["notes"]):
        terminal.warn(f"{source}: {note}")
    terminal.out(str(out))
    for kind, target in targets.items():
        for note in make_show(kind, source, out, target):
            terminal.warn(f"{target}: {note}")
        terminal.out(str(target))


def _folder(
    predictor: VideoPredictor,
    source: Path,
    out: Path,
    format: str | None,
    targets: Mapping[str, Path],
    force: bool,
) -> None:
    from aukit.tracks.batch import REPORT
    from aukit.tracks.folder import predict_folder

    with terminal.watch() as view:
        report = predict_folder(
            predictor, source, out, format=format or "csv", shows=targets, force=force, on_event=view.on
        )
    if report.skipped:
        terminal.say(f"{len(report.skipped)} of {report.videos} videos were done already")
    terminal.out(str(out))
    if report.failed:
        raise DataError(
            f"{len(report.failed)} of {report.videos} videos could not be predicted",
            where=str(source),
            hint=f"each is named above, and with its mend in {out / REPORT}; the others are done",
        )
