"""Parameters of the stages: two that train, one that labels."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from aukit.builtin.params.optim import OptimizerParams, ScheduleParams
from aukit.contracts.params import Choice, Params, slot
from aukit.contracts.run import StageParams

PARTS = ("backbone", "temporal", "head")
"""The parts of a model, in the order of its forward pass."""
MEAN_TEACHER = "Tarvainen and Valpola, Mean teachers are better role models, NeurIPS 2017"


class GradientParams(StageParams):
    """What the two gradient-trained stages share."""

    augmentation: Choice = slot("augmentation", "paper")
    stride: int = Field(2, ge=1, description="frames from one frame of a window to the next (paper: 2)")
    stride_seconds: float = Field(
        0.0, ge=0, description="the same in seconds, rounded for each video; 0: `stride` counts"
    )
    batch: int = Field(20, ge=1, description="windows in a step")
    steps: int = Field(0, ge=0, description="optimiser steps; give this or `epochs`")
    epochs: float = Field(0.0, ge=0, description="passes over the data; give this or `steps`")
    optimizer: OptimizerParams
    schedule: ScheduleParams = Field(ScheduleParams(), description="learning rate over the steps")
    gradient_clip: float = Field(0.0, ge=0, description="largest norm of the gradient; 0: not clipped")
    average: float = Field(
        0.0, ge=0, lt=1, description="decay of an exponential average of the weights; 0: none"
    )

    @field_validator("optimizer", mode="before")
    @classmethod
    def _onto_the_default(cls, value: Any) -> Any:
        """A partial table changes the stage's own optimiser; another name starts from torch's defaults."""
        default: OptimizerParams = cls.model_fields["optimizer"].default
        if isinstance(value, dict) and value.get("name", default.name) == default.name:
            return {**default.table(), **value}
        return value

    @model_validator(mode="after")
    def _one_length(self) -> GradientParams:
        if bool(self.steps) == bool(self.epochs):
            raise ValueError("give exactly one of `steps` and `epochs` (0 is not given)")
        return self


class ContrastiveParams(GradientParams):
    """Pre-training on unlabelled clips (paper, sections 3.3 and 4)."""

    objective: Choice = slot("objective", "dpc-nce")
    batch: int = Field(20, ge=1, description="clips in a step (paper: 20 for each GPU)")
    people: int = Field(
        0, ge=0, description="distinct people that a batch is drawn from; 0: free, as in the paper"
    )
    optimizer: OptimizerParams = Field(
        OptimizerParams(lr=1e-3, weight_decay=1e-5), description="the paper's Adam, 1e-3, weight decay 1e-5"
    )
    validate_every: int = Field(500, ge=0, description="steps from one validation to the next; 0: none")
    validate_batches: int = Field(8, ge=1, description="batches of validation clips, the same each time")

    def smoke(self) -> dict[str, Any]:
        """Three steps of two clips, one validation."""
        return {
            "steps": 3,
            "epochs": 0.0,
            "batch": 2,
            "people": 0,
            "validate_every": 2,
            "validate_batches": 1,
        }


class RateParams(Params):
    """Learning-rate multipliers of a model's parts; 0 freezes the part, its normalisation included."""

    backbone: float = Field(1.0, ge=0, description="of the backbone")
    temporal: float = Field(1.0, ge=0, description="of the temporal module")
    head: float = Field(1.0, ge=0, description="of the head")


class MeanTeacherParams(Params):
    """Agreement on unlabelled frames with a running average of the model (Tarvainen and Valpola, NeurIPS 2017)."""

    weight: float = Field(
        0.0,
        ge=0,
        description="of the squared difference, after the ramp; 0: no teacher (semi-supervised use: 0.1)",
    )
    decay: float = Field(
        0.999, ge=0, lt=1, description="of the running average (Tarvainen and Valpola: 0.999)"
    )
    ramp: float = Field(
        0.4,
        ge=0,
        le=1,
        description="share of the steps over which the weight rises from 0 (ours: linear, 0.4)",
    )
    batch: int = Field(20, ge=1, description="unlabelled windows in a step (ours: as many as labelled ones)")


class RegressionParams(GradientParams):
    """Intensities from few labelled frames (paper, sections 3.4 and 4)."""

    sampler: Choice = slot(
        "sampler", "random", description="which labels of the training people are used", fraction=0.02
    )
    selection: Choice = slot(
        "sampler",
        "random",
        description="which labels of the validation people are used to select",
        fraction=1.0,
    )
    labels: str = Field(
        "",
        description="name of an earlier stage, such as a pseudo-label one, whose labels to learn from in place of the "
        "sampler's; empty: the sampler's",
    )
    loss: Choice = slot("loss", "l2")
    mean_teacher: MeanTeacherParams = Field(
        MeanTeacherParams(), description="agreement with a running average on unlabelled training frames"
    )
    mode: Literal["sparse", "dense"] = Field(
        "sparse",
        description="sparse: one labelled frame a window, at a random place in it; dense: all frames of a window",
    )
    window: int = Field(15, ge=1, description="largest number of frames in a window (paper: 15)")
    batch: int = Field(
        20, ge=1, description="windows in a step; one is an error: batch normalisation needs two"
    )
    optimizer: OptimizerParams = Field(
        OptimizerParams(lr=1e-5, betas=(0.5, 0.999), weight_decay=1e-5),
        description="the paper's Adam (0.5, 0.999), 1e-5, weight decay 1e-5",
    )
    rates: RateParams = Field(RateParams(), description="learning-rate multipliers of the parts")
    select: Literal["best", "last"] = Field(
        "best", description="keep the best weights on validation people, or the last"
    )
    criterion: Literal["icc", "mse", "mae"] = Field("icc", description="what `best` means, mean over AUs")
    evaluate_every: int = Field(
        200, ge=0, description="steps from one look at the validation people to the next; 0: none"
    )
    recalibrate: bool = Field(
        False,
        description="after training, estimate normalisation statistics anew on training frames without augmentation: "
        "statistics gathered under augmentation do not fit the frames of a prediction",
    )
    recalibrate_windows: int = Field(256, ge=2, description="windows that `recalibrate` reads")
    start: str = Field(
        "", description="name of an earlier stage whose weights to start from; empty: the model as it stands"
    )
    reset: tuple[Literal["backbone", "temporal", "head"], ...] = Field(
        (), description="parts that start anew"
    )
    freeze_statistics: bool = Field(
        False, description="keep running statistics of normalisation layers as they are"
    )

    @field_validator("batch")
    @classmethod
    def _batch_of_one(cls, batch: int) -> int:
        if batch < 2:
            raise ValueError("a batch of one has no batch statistics: `batch` must be at least 2")
        return batch

    @model_validator(mode="after")
    def _best_needs_looks(self) -> RegressionParams:
        if self.select == "best" and not self.evaluate_every:
            raise ValueError('`select = "best"` needs `evaluate_every` above 0')
        return self

    def stages(self) -> dict[str, str]:
        """Those of the weights to start from and of the labels to learn from."""
        return {"start": self.start, "labels": self.labels}

    def cites(self) -> str:
        """The mean teacher's, where there is one."""
        return MEAN_TEACHER if self.mean_teacher.weight else ""

    def smoke(self) -> dict[str, Any]:
        """Three steps of four windows, one look at the validation people."""
        return {
            "steps": 3,
            "epochs": 0.0,
            "batch": 4,
            "evaluate_every": 2,
            "recalibrate_windows": 8,
            "mean_teacher": {**self.mean_teacher.table(), "batch": 2},
        }


class PseudoLabelParams(StageParams):
    """Labels from a teacher's predictions (paper, section 4.1: Pseudo-GT; it does not say more)."""

    sampler: Choice = slot(
        "sampler",
        "random",
        description="which true labels are known: the learning stage's own sampler",
        fraction=0.02,
    )
    teacher: str = Field(
        "", description="folder of the finished run whose model predicts; empty: this run's own model"
    )
    start: str = Field(
        "",
        description="name of the earlier stage whose model predicts, where there is no `teacher`; empty: the model as "
        "it stands",
    )
    values: Literal["continuous", "rounded"] = Field(
        "continuous",
        description="labels as they are predicted, or rounded to a level; both within 0 to 5 (ours: continuous)",
    )
    keep_labels: bool = Field(
        True,
        description="true labels of the sampler stand where there are any (ours: nothing known is thrown away)",
    )
    window: int = Field(
        15, ge=1, description="frames in a window of this run's own model; a teacher has its own (paper: 15)"
    )
    stride: int = Field(
        2,
        ge=1,
        description="frames from one frame of such a window to the next; a teacher has its own (paper: 2)",
    )
    stride_seconds: float = Field(
        0.0, ge=0, description="the same in seconds, rounded for each video; 0: `stride` counts"
    )

    def runs(self) -> tuple[str, ...]:
        """The teacher's."""
        return (self.teacher,) if self.teacher else ()

    def stages(self) -> dict[str, str]:
        """That of the model that predicts."""
        return {"start": self.start}

    def sees_labels(self) -> bool:
        """Only where true labels are kept."""
        return self.keep_labels

    @model_validator(mode="after")
    def _one_teacher(self) -> PseudoLabelParams:
        if self.teacher and self.start:
            raise ValueError("`teacher` is another run's model, `start` an earlier stage's: give one of them")
        return self
