"""Parameters of self-supervised objectives.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from aukit.contracts.params import Params


class PredictiveParams(Params):
    """What objectives share that predict the features of the next frames."""

    frames: int = Field(15, ge=2, description="frames of a clip, T (paper, 3.2)")
    context: int = Field(10, ge=1, description="frames that are seen; the rest is predicted (paper, 3.2)")
    negatives: tuple[Literal["all", "same-clip", "same-cell"], ...] = Field(
        ("all",),
        min_length=1,
        description="features each prediction is told apart from: `all` of the batch, those of the `same-clip`, or the "
        "`same-cell` of the same clip at the other times; several losses are averaged (paper, 3.3: all)",
    )
    normalize: bool = Field(False, description="cosine instead of the dot product (paper, 3.3: dot product)")
    temperature: float = Field(1.0, gt=0, description="scores are divided by this (paper: 1)")
    target_stop_gradient: bool = Field(False, description="no gradient through the targets (paper: there is)")
    gather: bool = Field(
        False,
        description="of several processes, tell each prediction of `all` apart from the features of every process's "
        "batch, not of its own alone (Han et al. 2019, code: each GPU's own)",
    )

    @model_validator(mode="after")
    def _something_to_predict(self) -> Self:
        if self.context >= self.frames:
            raise ValueError(f"context ({self.context}) must be smaller than frames ({self.frames})")
        return self


class DpcNceParams(PredictiveParams):
    """Recursive predictive coding with noise contrastive estimation (paper, section 3.3, equation 1)."""


class CpcParams(PredictiveParams):
    """Contrastive predictive coding, one bilinear predictor a step (van den Oord et al. 2018); else as dpc-nce."""


class MemDpcParams(PredictiveParams):
    """Predictive coding through a memory of slots (Han et al. 2020); else as dpc-nce."""

    slots: int = Field(1024, ge=1, description="features in the memory, M (Han et al. 2020: 1024)")
    backward: bool = Field(
        True,
        description="also predict the first frames from the end of the clip, by a GRU of the objective's own "
        "(Han et al. 2020: both directions)",
    )


class VicregParams(Params):
    """Variance, invariance, covariance of two views' embeddings (Bardes et al. 2022)."""

    frames: int = Field(15, ge=1, description="frames of a clip (ours: as dpc-nce)")
    level: Literal["frame", "clip"] = Field(
        "clip",
        description="what is embedded: pooled features of each frame, or the pooled state after the clip, which trains "
        "the temporal part too (ours: clip, so that both train)",
    )
    dimensions: int = Field(
        1024,
        ge=2,
        description="of the embedding and the layers before it (ours: four times the paper's 256 features, as "
        "Bardes et al. 2022 with 8192 for 2048)",
    )
    invariance: float = Field(
        25.0, ge=0, description="weight of the views' distance (Bardes et al. 2022: 25)"
    )
    variance: float = Field(25.0, ge=0, description="weight of the missing spread (Bardes et al. 2022: 25)")
    covariance: float = Field(
        1.0, ge=0, description="weight of what dimensions share (Bardes et al. 2022: 1)"
    )


class MocoParams(Params):
    """Momentum contrast (He et al. 2020)."""

    frames: int = Field(8, ge=1, description="frames of a clip (ours: enough for `same-clip`)")
    level: Literal["frame", "clip"] = Field(
        "frame",
        description="what is told apart: pooled features of each frame, or the pooled state after the clip, which "
        "trains the temporal part too (He et al. 2020: pictures)",
    )
    negatives: tuple[Literal["queue", "same-clip"], ...] = Field(
        ("queue",),
        min_length=1,
        description="a `queue` of earlier keys, or the other frames of the `same-clip`, where knowing the person does "
        "not help; several losses are averaged (He et al. 2020: queue)",
    )
    dimensions: int = Field(128, ge=1, description="of the projection (He et al. 2020: 128)")
    hidden: int = Field(
        0,
        ge=0,
        description="units of a hidden layer of the projection; 0: linear (He et al. 2020: linear; MoCo v2: hidden)",
    )
    queue: int = Field(
        4096,
        ge=1,
        description="keys that are kept (ours: some 25 steps of 160 frames, for data sets of few people; He et al. "
        "2020: 65,536)",
    )
    momentum: float = Field(
        0.999,
        ge=0,
        le=1,
        description="share of the slow copy that stays at each step (He et al. 2020: 0.999)",
    )
    temperature: float = Field(
        0.07, gt=0, description="cosines are divided by this (He et al. 2020: 0.07; MoCo v2: 0.2)"
    )
    key_groups: int = Field(
        2,
        ge=1,
        description="random groups of clips that keys are made in, each with batch statistics of its own, which would "
        "else give keys away (He et al. 2020: 8, one a GPU; ours: batches here are small)",
    )

    @model_validator(mode="after")
    def _frames_to_tell_apart(self) -> Self:
        if "same-clip" in self.negatives and (self.level == "clip" or self.frames < 2):
            raise ValueError("negatives of the same clip need level `frame` and at least 2 frames")
        return self


class TimeContrastParams(Params):
    """Triplets of frames of one clip (Sermanet et al. 2018, a single view)."""

    frames: int = Field(15, ge=3, description="frames of a clip (ours: as dpc-nce)")
    inside: int = Field(
        2,
        ge=1,
        description="a positive is at most so many frames away (ours: 0.16 s at stride 2 and 25 a second)",
    )
    outside: int = Field(
        4, ge=1, description="a negative is more than so many frames away (ours: twice `inside`)"
    )
    margin: float = Field(
        0.2, ge=0, description="by which the positive is to be nearer, squared distance (ours: FaceNet's 0.2)"
    )
    dimensions: int = Field(32, ge=2, description="of the embedding (Sermanet et al. 2018: 32)")

    @model_validator(mode="after")
    def _both_windows_fit(self) -> Self:
        if self.outside < self.inside:
            raise ValueError(f"outside ({self.outside}) must be at least inside ({self.inside})")
        if self.outside >= self.frames - 1:
            raise ValueError(
                f"outside ({self.outside}) leaves no negative in {self.frames} frames: at most {self.frames - 2}"
            )
        return self
