"""The final evaluation: the one place where a model meets the people it is judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from aukit.clips.blocks import SAME_PEOPLE
from aukit.clips.clipset import Clip, ClipSet
from aukit.contracts.run import Event, Progress
from aukit.evaluation.baselines import INTERPOLATE, LEFT_OUT, label_statistics
from aukit.evaluation.evaluate import evaluate
from aukit.evaluation.examples import save_examples
from aukit.evaluation.interpolation import interpolate_labels, left_out_scores
from aukit.evaluation.modes import effective_mode
from aukit.evaluation.predict import predict_video
from aukit.evaluation.predictions import VideoPrediction, read_predictions, write_predictions
from aukit.evaluation.result import Evaluation
from aukit.recipe import Recipe
from aukit.rundir.layout import RunFolder
from aukit.training.estimator import AUEstimator


def judge(
    recipe: Recipe,
    folder: RunFolder,
    estimator: AUEstimator,
    test: ClipSet,
    train: ClipSet,
    emit: Callable[[Event], None],
    *,
    protocol: str,
) -> Evaluation:
    """Predict the test people, write predictions.h5, score what was written, keep a few faces for the report.

    `train` is the last labelled stage's, labels masked: the trivial baselines know no more than the model. Where the
    same people are tested by `protocol`, lines between the labels of the same video stand beside the score.
    """
    mode = effective_mode(estimator.model, recipe.evaluation.predictor)
    facts = estimator.facts
    write_predictions(
        folder.predictions,
        _predicted(recipe, estimator, test, emit),
        aus=facts.aus,
        origin=facts.origin,
        model=recipe.name,
        facts={
            "predictor": mode,
            "window": facts.window,
            "seconds_per_frame": facts.seconds_per_frame,
            "split": recipe.evaluation.split,
            "protocol": protocol,
        },
    )
    said, same_people = read_predictions(folder.predictions), protocol == SAME_PEOPLE
    found = evaluate(
        {video.id: video.predictions for video in said.videos},
        {video.id: video.labels for video in said.videos},
        {clip.id: "/".join(clip.person) for clip in test.clips},
        training=label_statistics((clip.labels for clip in train.clips), facts.aus),
        origin=facts.origin,
        clip=recipe.evaluation.clip,
        guesses={INTERPOLATE: interpolated(train, test)} if same_people else None,
        scored={LEFT_OUT: left_out_scores(labels_by_video(train).values(), len(facts.aus))}
        if same_people
        else None,
        same_people=same_people,
        resamples=recipe.evaluation.resamples,
        confidence=recipe.evaluation.confidence,
        seed=recipe.seed,
    )
    clips = {clip.id: clip for clip in test.clips}
    save_examples(folder.path, said, lambda id, frame: clips[id].read(frame, frame + 1)[0])
    return found


def interpolated(train: ClipSet, test: ClipSet) -> dict[str, NDArray[np.float64]]:
    """What `interpolate-labels` says of each test clip, `{clip id: (T,A)}`, from the training labels of its video."""
    known = labels_by_video(train)
    nothing = np.empty(0), np.empty((0, len(test.aus)), np.float32)
    return {
        clip.id: interpolate_labels(*known.get(clip.video, nothing), clip.timestamps) for clip in test.clips
    }


def labels_by_video(train: ClipSet) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float32]]]:
    """Seconds `(T,)` and labels `(T,A)` of all stretches of each video."""
    stretches: dict[str, list[Clip]] = {}
    for clip in train.clips:
        stretches.setdefault(clip.video, []).append(clip)
    return {
        video: (
            np.concatenate([clip.timestamps for clip in clips]),
            np.concatenate([clip.labels for clip in clips]),
        )
        for video, clips in stretches.items()
    }


def _predicted(
    recipe: Recipe, estimator: AUEstimator, test: ClipSet, emit: Callable[[Event], None]
) -> Iterator[VideoPrediction]:
    done = 0
    for clip in test.clips:
        emit(Progress(task="evaluate", done=done, total=test.frames))
        yield _video(recipe, estimator, clip)
        done += clip.length
    emit(Progress(task="evaluate", done=test.frames, total=test.frames))


def _video(recipe: Recipe, estimator: AUEstimator, clip: Clip) -> VideoPrediction:
    facts = estimator.facts
    found = predict_video(
        estimator.model,
        clip.read,
        clip.timestamps,
        clip.segments,
        seconds_per_frame=facts.seconds_per_frame,
        window=facts.window,
        mode=recipe.evaluation.predictor,
        device=estimator.device,
    )
    return VideoPrediction(
        id=clip.id,
        subject=clip.subject,
        timestamps=clip.timestamps,
        predictions=np.asarray(found, dtype=np.float32),
        labels=clip.labels,
    )
