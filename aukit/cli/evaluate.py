"""`aukit evaluate`: score tracks, also those of other tools, against labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aukit.cli import options, terminal

if TYPE_CHECKING:
    from aukit.evaluation.result import Evaluation, Score
    from aukit.tracks.score import Scored

EPILOG = options.examples(
    "aukit evaluate tracks.csv labels.csv",
    "aukit evaluate tracks/ openface/ labels.csv --manifest manifest.csv",
    "aukit evaluate openface/ /data/DISFA --dataset disfa --json",
    "aukit evaluate runs/first/predictions.h5 faces.h5",
    then="aukit predict VIDEO --run RUN --out tracks.csv --timeline tracks.html",
)


def evaluate(
    predictions: Annotated[
        list[Path],
        typer.Argument(
            metavar="PREDICTIONS...",
            help="Tracks of aukit (.csv, .parquet, .h5), OpenFace 2 or LibreFace, or folders of them; several are "
            "compared on the same frames.",
        ),
    ],
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS",
            help="A label CSV, a clip store, a run's predictions.h5, or a data set's folder.",
        ),
    ],
    dataset: Annotated[
        str, typer.Option(metavar="NAME", help="The data set that a folder holds, such as `disfa`.")
    ] = "",
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="One of its parameters, as in TOML. May be repeated."
        ),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Who is on which video: columns video, subject.")
    ] = None,
    video: Annotated[
        str, typer.Option(metavar="NAME", help="The labels' name of the video, where the file has another.")
    ] = "",
    face: Annotated[
        int | None, typer.Option(metavar="ID", help="Which face, where a frame has several.")
    ] = None,
    first_frame: Annotated[
        int, typer.Option(min=0, metavar="0|1", help="The number that a label CSV gives to the first frame.")
    ] = 1,
    calibrated: Annotated[
        bool, typer.Option("--calibrated", help="Score the columns `AUxx_b` in place of `AUxx_r`.")
    ] = False,
    clip: Annotated[bool, typer.Option("--clip", help="Cut predictions to 0..5 first.")] = False,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
    as_json: options.Json = False,
) -> None:
    """Score predictions against labels on identical frames: ICC, MAE, MSE, PCC, bias, intervals, coverage."""
    from aukit.recipe.overrides import parse_value
    from aukit.tracks.read import read_tracks
    from aukit.tracks.score import score
    from aukit.tracks.truth import read_people, read_truth

    registry = options.load_registry(no_plugins, plugin) if dataset else None
    parameters = {
        name: parse_value(value) for name, value in (options.pair(text) for text in overrides or ())
    }
    truth = read_truth(
        labels, dataset=dataset, options=parameters, first_frame=first_frame, registry=registry
    )
    found = score(
        [read_tracks(path, calibrated=calibrated) for path in predictions],
        truth,
        people=read_people(manifest) if manifest else None,
        video=video,
        face=face,
        clip=clip,
    )
    if as_json:
        terminal.document({"labels": str(labels), "predictions": [one.to_json() for one in found]})
        return
    for one in found:
        _table(one, several=len(found) > 1)
    if len(found) > 1:
        _compared(found)
    _remarks(found)


def _table(one: Scored, *, several: bool) -> None:
    """Each AU of a file, then the means, on the frames that all files predict."""
    found = one.same
    if several:
        terminal.out(f"{one.name} ({one.kind})")
    labelled, predicted = _counts(one)
    missing = predicted < labelled
    columns = ["AU", "frames", *(["covered"] if missing else [])]
    columns += ["ICC", f"{found.confidence:.0%} interval", "MAE", "(mean)", "MSE", "(mean)", "PCC", "bias"]
    rows = [
        [
            result.au,
            str(result.labelled),
            *([f"{one.coverage[result.au].share:.0%}"] if missing else []),
            *_cells(result.scores, result.baselines),
            result.verdict,
        ]
        for result in found.aus
    ]
    share = [f"{predicted / labelled:.0%}"] if missing else []
    rows.append(["mean", "", *share, *_cells(found.means, found.baseline_means), ""])
    zero = {name: terminal.number(value) for name, value in found.baseline_means["predict-zero"].items()}
    said = [zero["icc"], "", zero["mae"], "", zero["mse"], "", zero["pcc"], zero["bias"], ""]
    rows.append(["always 0", "", *([""] if missing else []), *said])
    if _over_people(found):
        terminal.table([*columns, "verdict"], rows, right=columns[1:])
    else:
        terminal.table(columns, [row[:-1] for row in rows], right=columns[1:])
    if one.all:
        icc, mae, mse = (terminal.number(one.all.means[name].value) for name in ("icc", "mae", "mse"))
        terminal.out(
            f"all {labelled} labels, the mean said where a prediction is missing: "
            f"mean ICC {icc}, MAE {mae}, MSE {mse}"
        )
    terminal.out()


def _cells(scores: Mapping[str, Score], baselines: Mapping[str, Mapping[str, float]]) -> list[str]:
    """ICC with its interval, MAE and MSE with those of the labels' mean, PCC, bias."""
    icc, number = scores["icc"], terminal.number
    interval = f"{number(icc.low)} .. {number(icc.high)}"
    cells = [number(icc.value), "-" if interval == "- .. -" else interval]
    for name in ("mae", "mse"):
        cells += [number(scores[name].value), number(baselines["predict-mean"][name])]
    return [*cells, number(scores["pcc"].value), number(scores["bias"].value)]


def _counts(one: Scored) -> tuple[int, int]:
    """Labels, and how many of them have a prediction, over all AUs."""
    return (
        sum(part.labelled for part in one.coverage.values()),
        sum(part.predicted for part in one.coverage.values()),
    )


def _over_people(found: Evaluation) -> bool:
    return found.interval.endswith("people")


def _compared(found: Sequence[Scored]) -> None:
    """One line a file: the means on the same frames."""
    columns = ("predictions", "covered", "ICC", "MAE", "MSE", "PCC", "bias")
    rows = []
    for one in found:
        labelled, predicted = _counts(one)
        means = one.same.means
        cells = [terminal.number(means[name].value) for name in ("icc", "mae", "mse", "pcc", "bias")]
        rows.append([one.name, f"{predicted / labelled:.0%}", *cells])
    for constant in ("predict-mean", "predict-zero"):
        said = found[0].same.baseline_means[constant]
        cells = [terminal.number(said[name]) for name in ("icc", "mae", "mse", "pcc", "bias")]
        rows.append([constant.replace("predict-", "always "), "", *cells])
    terminal.table(columns, rows, right=columns[1:])
    terminal.out()


def _remarks(found: Sequence[Scored]) -> None:
    """What the numbers stand on, and what they do not say."""
    same = found[0].same
    frames = max(result.labelled for result in same.aus)
    what = "the same frames of all files" if len(found) > 1 else "labelled frames with a prediction"
    count, who = (same.people, "people") if _over_people(same) else (same.videos, "videos")
    terminal.out(f"{what}: up to {frames} an AU; {who}: {count}; data: {same.origin}; {same.interval}")
    terminal.out(
        "(mean): a constant that knows the mean of these very labels; covered: of the labelled frames"
    )
    for one in found:
        if one.model_origin not in ("", "real"):
            terminal.out(f"{one.name}: the model was trained on {one.model_origin} people")
    if not _over_people(same):
        terminal.warn(
            "whose video it is, is not known: videos are resampled, and nothing is said of new people; "
            "`--manifest` names them"
        )
    for note in dict.fromkeys(note for one in found for note in one.notes):
        terminal.warn(note)
    terminal.say("not checked here: whether a model was trained on these people or frames")
