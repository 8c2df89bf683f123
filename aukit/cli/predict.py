"""`aukit predict`: a trained model's intensities for every frame of a clip store."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aukit.cli import options, terminal
from aukit.contracts.run import Event, Progress
from aukit.errors import StorageError, UsageError

if TYPE_CHECKING:
    from aukit.clips.clipset import ClipSet
    from aukit.evaluation.predictions import VideoPrediction
    from aukit.training.estimator import AUEstimator

EPILOG = options.examples(
    "aukit predict faces.h5 --run runs/first --out tracks.csv",
    "aukit predict faces.h5 --run runs/first --out tracks.h5 --device cpu",
    then="aukit cite runs/first",
)


def predict(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A clip store (.h5).")],
    run: Annotated[Path, typer.Option(metavar="DIR", help="The run folder whose model predicts.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .csv or .h5 file to write.")],
    device: options.Device = None,
    allow_synthetic: Annotated[
        bool, typer.Option("--allow-synthetic", help="Let a model that saw no real people predict real ones.")
    ] = False,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
) -> None:
    """Predict the intensity of each AU in every frame of a clip store.

    A CSV has a row a frame, with the columns that OpenFace calls `AU04_r`; an .h5 file also keeps the labels.
    """
    if out.suffix not in (".csv", ".h5"):
        raise UsageError(
            f"cannot write predictions as `{out.suffix}`", where=str(out), hint="use .csv or .h5"
        )
    if out.exists():
        raise UsageError("the file exists already", where=str(out), hint="name another file")
    registry = options.load_registry(no_plugins, plugin)

    from aukit.clips.clipset import open_clips
    from aukit.evaluation.predictions import write_predictions
    from aukit.training.estimator import AUEstimator

    clips = open_clips([store])
    estimator = AUEstimator.load(run, device=device or "auto", registry=registry)
    if clips.origin == "real" and estimator.origin != "real" and not allow_synthetic:
        raise UsageError(
            f"this model was trained on {estimator.origin} people, and the store holds real ones",
            where=str(store),
            hint="its values are not to be trusted there; `--allow-synthetic` predicts them all the same",
        )
    with terminal.watch() as view:
        videos = predictions(estimator, clips, view.on)
        if out.suffix == ".h5":
            facts = {"model_origin": estimator.origin, "predictor": estimator.facts.predictor}
            write_predictions(
                out, videos, aus=estimator.aus, origin=clips.origin, model=estimator.facts.recipe, facts=facts
            )
        else:
            write_csv(out, videos, estimator.aus, clips.origin, estimator.origin)
    terminal.out(str(out))


def predictions(
    estimator: AUEstimator, clips: ClipSet, on_event: Callable[[Event], None]
) -> Iterator[VideoPrediction]:
    """Each video's prediction, with the labels that the store has of the model's AUs."""
    import numpy as np

    from aukit.evaluation.predictions import VideoPrediction

    begun, done = time.monotonic(), 0
    known = [au for au in estimator.aus if au in clips.aus]
    for clip in clips.clips:
        labels = np.full((clip.length, len(estimator.aus)), np.nan, np.float32)
        labels[:, [estimator.aus.index(au) for au in known]] = clip.labels[
            :, [clips.aus.index(au) for au in known]
        ]
        yield VideoPrediction(
            id=clip.id,
            subject=clip.subject,
            timestamps=clip.timestamps,
            predictions=estimator.predict(clip.read(0, clip.length), clip.timestamps, segments=clip.segments),
            labels=labels,
        )
        done += clip.length
        pace = done / max(time.monotonic() - begun, 1e-9)
        on_event(
            Progress(
                task="predict",
                done=done,
                total=clips.frames,
                frames_per_second=pace,
                seconds_left=(clips.frames - done) / pace,
            )
        )


def write_csv(
    path: Path, videos: Iterator[VideoPrediction], aus: tuple[str, ...], origin: str, model_origin: str
) -> None:
    """A row a frame: video, subject, frame (from 1), seconds, success, intensities, and where both sides come from.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            columns = ["video", "subject", "frame", "timestamp", "success"]
            rows.writerow([*columns, *(f"{au}_r" for au in aus), "origin", "model_origin"])
            for video in videos:
                for number, (second, values) in enumerate(
                    zip(video.timestamps, video.predictions, strict=True), start=1
                ):
                    there = values == values  # NaN: the frame lies in a gap
                    rows.writerow(
                        [
                            video.id,
                            video.subject,
                            number,
                            f"{second:.4f}",
                            int(there.all()),
                            *(f"{value:.3f}" if ok else "" for value, ok in zip(values, there, strict=True)),
                            origin,
                            model_origin,
                        ]
                    )
        part.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=str(path)) from error
    finally:
        part.unlink(missing_ok=True)
