"""How good a model is on validation people: what "best" is chosen by. Every label it looks at is counted."""

from __future__ import annotations

import math

import numpy as np

from aukit.builtin.params.stages import RegressionParams
from aukit.contracts.run import StageContext
from aukit.evaluation.bootstrap import mean_defined
from aukit.evaluation.metrics import icc, mae, mse
from aukit.evaluation.predict import predict_video
from aukit.training.loop import Look
from aukit.training.steps import seconds_between

METRICS = {"icc": icc, "mse": mse, "mae": mae}


class Selection:
    """Predicts the validation videos that have labels and scores them, pooled over frames, mean over AUs."""

    def __init__(self, ctx: StageContext, params: RegressionParams) -> None:
        self.ctx = ctx
        self.params = params
        self.clips = [clip for clip in ctx.clips("validation").clips if not np.isnan(clip.labels).all()]
        if self.clips:
            self.seconds = seconds_between(params, ctx.clips("train"))

    def look(self, step: int) -> Look:
        """Mean ICC(3,1), MSE and MAE over the AUs where they are defined; the criterion as a score to maximise."""
        predictions, labels = [], []
        for clip in self.clips:
            found = predict_video(
                self.ctx.model,
                clip.read,
                clip.timestamps,
                clip.segments,
                seconds_per_frame=self.seconds,
                window=self.params.window,
                device=self.ctx.device,
            )
            known = ~np.isnan(clip.labels).all(axis=1) & ~np.isnan(found).any(axis=1)
            predictions.append(found[known])
            labels.append(clip.labels[known])
        said, true = np.concatenate(predictions), np.concatenate(labels)
        if not np.isfinite(said).all():  # weights that went astray: the loop will say so at its next step
            return Look({f"validation_{name}": math.nan for name in METRICS}, None)
        values = {
            name: float(mean_defined(np.asarray(metric(true, said)))) for name, metric in METRICS.items()
        }
        score = values[self.params.criterion]
        return Look(
            {f"validation_{name}": value for name, value in values.items()},
            score if self.params.criterion == "icc" else -score,
        )
