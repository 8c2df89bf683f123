"""Labels from a teacher: its predictions on the training frames, for a later stage to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from aukit.builtin.params.stages import PseudoLabelParams
from aukit.clips.clipset import Clip
from aukit.clips.masks import LEVELS
from aukit.contracts.run import StageContext, StageResult
from aukit.errors import DataError, UsageError, did_you_mean
from aukit.evaluation.predict import predict_video
from aukit.training.model import AUModel
from aukit.training.steps import seconds_between

Labels = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A model as it predicts: `columns` of its AUs are those asked for."""

    model: AUModel
    columns: list[int]
    seconds_per_frame: float
    window: int
    mode: str = "windowed"


class PseudoLabelStage:
    """Leaves the model as it is, and labels of every training frame with a face.

    Predictions are cut to the scale's ends: the truth lies between them, so no label moves away from it.
    """

    def __init__(self, params: PseudoLabelParams) -> None:
        self.params = params

    def check(self, ctx: StageContext) -> None:
        """What would fail later.

        Raises:
            UsageError: `start` names no earlier stage; the teacher knows other AUs.
            DataError: the teacher was trained on frames of another size.
        """
        self._teacher(ctx)

    def preview(self, ctx: StageContext) -> StageResult:
        """The frames that will be labelled, all with 0."""
        shape = len(ctx.model.aus)
        labels = {
            clip.id: np.where(
                self._inside(clip), np.zeros((clip.length, shape), np.float32), np.float32(np.nan)
            )
            for clip in ctx.clips("train").clips
        }
        return StageResult(model=ctx.model, labels=labels)

    def run(self, ctx: StageContext) -> StageResult:
        """Predict clip by clip; what an interrupted run has predicted is taken up."""
        teacher, clips = self._teacher(ctx), ctx.clips("train")
        found = ctx.restore()
        said: dict[str, Labels] = {id: values.numpy() for id, values in found[0].items()} if found else {}
        saved = done = sum(map(len, said.values()))
        for clip in clips.clips:
            if clip.id in said:
                continue
            said[clip.id] = self._predicted(ctx, teacher, clip)
            done += clip.length
            ctx.progress(ctx.name, done, clips.frames)
            if done - saved > saved / 8:  # all is written anew each time, so the less often the more there is
                ctx.save({id: torch.from_numpy(values) for id, values in said.items()}, {})
                saved = done
        labels, kept = {}, 0
        for clip in clips.clips:
            labels[clip.id] = self._levels(said[clip.id])
            if self.params.keep_labels:
                true = ~np.isnan(clip.labels)
                labels[clip.id][true] = clip.labels[true]
                kept += int(true.sum())
        known = [~np.isnan(values) for values in labels.values()]
        metrics = {
            "labelled_frames": float(sum(cells.any(axis=1).sum() for cells in known)),
            "pseudo_labels": float(sum(cells.sum() for cells in known) - kept),
            "kept_labels": float(kept),
        }
        return StageResult(model=ctx.model, labels=labels, metrics=metrics)

    def _levels(self, predictions: Labels) -> Labels:
        """Predictions `(T,A)` as labels on the scale; NaN stays."""
        values = np.clip(predictions, 0, LEVELS - 1)
        return np.floor(values + np.float32(0.5)) if self.params.values == "rounded" else values

    def _predicted(self, ctx: StageContext, teacher: Teacher, clip: Clip) -> Labels:
        found = predict_video(
            teacher.model,
            clip.read,
            clip.timestamps,
            clip.segments,
            seconds_per_frame=teacher.seconds_per_frame,
            window=teacher.window,
            mode=teacher.mode,
            device=ctx.device,
        )
        return np.ascontiguousarray(found[:, teacher.columns])

    def _teacher(self, ctx: StageContext) -> Teacher:
        if self.params.teacher:
            return self._other_run(ctx)
        start = self.params.start
        if start and start not in ctx.results:
            raise UsageError(
                f"the stage `{ctx.name}` takes labels from the model of `{start}`, which is no earlier stage",
                hint=did_you_mean(start, ctx.results),
            )
        return Teacher(
            model=ctx.results[start].model if start else ctx.model,
            columns=list(range(len(ctx.model.aus))),
            seconds_per_frame=seconds_between(self.params, ctx.clips("train")),
            window=self.params.window,
        )

    def _other_run(self, ctx: StageContext) -> Teacher:
        model, facts = ctx.model_of(self.params.teacher)
        unknown = [au for au in ctx.model.aus if au not in facts.aus]
        if unknown:
            raise UsageError(
                f"the teacher of the stage `{ctx.name}` does not know {', '.join(unknown)}: "
                f"it predicts {', '.join(facts.aus)}",
                where=self.params.teacher,
                hint="name a teacher of the same AUs, or name in `model.aus` those that it knows",
            )
        size = ctx.clips("train").size
        if tuple(facts.size) != tuple(size):
            there, here = ("x".join(map(str, one)) for one in (facts.size, size))
            raise DataError(
                f"the teacher of the stage `{ctx.name}` was trained on frames of {there}, and is shown {here}",
                where=self.params.teacher,
                hint="name a teacher that was trained on data prepared alike",
            )
        return Teacher(
            model=model,
            columns=[facts.aus.index(au) for au in ctx.model.aus],
            seconds_per_frame=facts.seconds_per_frame,
            window=facts.window,
            mode=facts.predictor,
        )

    @staticmethod
    def _inside(clip: Clip) -> NDArray[np.bool_]:
        """Frames `(T,1)` that lie in a segment: only those can be predicted."""
        inside = np.zeros((clip.length, 1), bool)
        for start, stop in clip.segments:
            inside[start:stop] = True
        return inside
