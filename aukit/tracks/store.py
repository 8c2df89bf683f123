"""Predict the videos of a clip store: frames that are cropped already, whose people and labels are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.clipset import Clip, ClipSet, open_clips
from aukit.clips.reader import ClipStore
from aukit.contracts.run import Event, Progress
from aukit.contracts.tracks import Tracks
from aukit.errors import UsageError
from aukit.evaluation.predictions import VideoPrediction, write_predictions
from aukit.rundir.atomic import write_json
from aukit.tracks.baseline import Baseline
from aukit.tracks.sidecar import further_facts, model_facts, sidecar_path, video_facts
from aukit.tracks.write import VideoRows, write_tracks
from aukit.training.estimator import AUEstimator
from aukit.training.framing import framing_of, refuse_real_people, shared_framing


def predict_store(
    estimator: AUEstimator,
    path: Path,
    out: Path,
    *,
    run: Path,
    baseline: Baseline | None = None,
    precision: str = "fp32",
    batch: int = 32,
    allow_synthetic: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> dict[str, Any]:
    """Write the tracks of every video of a store into one file, and its sidecar; return what the latter says.

    A .csv or .parquet has a row a frame, with `video` and `subject` before the columns that a video's tracks have. An
    .h5 keeps the store's labels beside the predictions: `aukit.evaluation.predictions` reads it.

    Raises:
        UsageError: the store holds real people and the model saw none, unless `allow_synthetic`; calibrated columns
            are asked of an .h5.
        DataError: the store cannot be read, or its faces are cut otherwise than in training.
        StorageError: the disk is full or the folder cannot be written.
    """
    clips, store = open_clips([path]), ClipStore(path)
    refuse_real_people(estimator.origin, origin=clips.origin, allow_synthetic=allow_synthetic, where=path)
    shared_framing({"training": estimator.framing, str(path): framing_of(store.crop, where=str(path))})
    labelled = out.suffix.lower() == ".h5"
    if labelled and baseline:
        raise UsageError(
            "an .h5 of a store has no calibrated columns",
            where=str(out),
            hint="write .csv or .parquet, or leave `--baseline` out",
        )
    document = {
        **model_facts(estimator, run, precision=precision),
        "store": {**video_facts(path), "data_set": store.data_set},
        "origin": clips.origin,
        "framing": dict(store.crop),
        "baseline": baseline and baseline.facts(),
        **further_facts(estimator, run),
    }
    values = _predicted(estimator, clips, precision, batch, on_event)
    if labelled:
        known = [au for au in estimator.aus if au in clips.aus]
        columns = [estimator.aus.index(au) for au in known], [clips.aus.index(au) for au in known]
        write_predictions(
            out,
            (_with_labels(clip, found, columns) for clip, found in values),
            aus=estimator.aus,
            origin=clips.origin,
            model=estimator.facts.recipe,
            facts={"model_origin": estimator.origin, "predictor": estimator.facts.predictor},
        )
        write_json(sidecar_path(out), document)
        return document
    return write_tracks(
        out,
        (
            VideoRows(video=clip.id, subject=clip.subject, rows=[_rows(store, video.id, clip, found)])
            for video, (clip, found) in zip(store.videos, values, strict=True)
        ),
        aus=estimator.aus,
        origin=clips.origin,
        model_origin=estimator.origin,
        facts=document,
        baseline=baseline,
        store=True,
    )


def _predicted(
    estimator: AUEstimator,
    clips: ClipSet,
    precision: str,
    batch: int,
    on_event: Callable[[Event], None],
) -> Iterator[tuple[Clip, NDArray[np.float32]]]:
    begun, done, total = time.monotonic(), 0, clips.frames
    for clip in clips.clips:
        pixels = clip.read(0, clip.length)
        yield (
            clip,
            estimator.predict(
                pixels, clip.timestamps, segments=clip.segments, precision=precision, batch=batch
            ),
        )
        done += clip.length
        pace = done / max(time.monotonic() - begun, 1e-9)
        left = (total - done) / pace
        on_event(Progress(task="predict", done=done, total=total, frames_per_second=pace, seconds_left=left))


def _rows(store: ClipStore, video: str, clip: Clip, values: NDArray[np.float32]) -> Tracks:
    """A store's video as tracks. Where no locator was at work, the whole picture is the face, and its score is 1."""
    valid = store.column(video, "valid")
    score = store.column(video, "face_score")
    return Tracks(
        frame=np.arange(clip.length),
        face_id=np.where(valid, 0, -1),
        timestamp=clip.timestamps,
        confidence=np.where(valid, np.where(np.isnan(score), 1, score), 0).astype(np.float32),
        success=valid & np.isfinite(values).all(axis=1),
        box=store.column(video, "face_box"),
        pose=np.full((clip.length, 3), np.nan, np.float32),
        intensity=values,
    )


def _with_labels(
    clip: Clip, values: NDArray[np.float32], columns: tuple[list[int], list[int]]
) -> VideoPrediction:
    """A prediction with the labels that the store has of the model's AUs."""
    labels = np.full(values.shape, np.nan, np.float32)
    labels[:, columns[0]] = clip.labels[:, columns[1]]
    return VideoPrediction(
        id=clip.id, subject=clip.subject, timestamps=clip.timestamps, predictions=values, labels=labels
    )
