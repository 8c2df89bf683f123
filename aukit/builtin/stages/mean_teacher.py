"""Mean teacher: a model agrees on unlabelled frames with a running average of itself (Tarvainen and Valpola, 2017)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from aukit.builtin.params.stages import MeanTeacherParams
from aukit.clips.clipset import ClipSet
from aukit.clips.loader import Batch, read_batch
from aukit.clips.windows import SpanPlan, Window
from aukit.training.model import AUModel
from aukit.training.normalisation import running

View = Callable[[Tensor, np.random.Generator], Tensor]


class MeanTeacher(nn.Module):
    """The averaged model, and how far another one is from it."""

    def __init__(self, model: AUModel, params: MeanTeacherParams, steps: int) -> None:
        super().__init__()
        self.average = copy.deepcopy(model).eval().requires_grad_(False)
        self.params = params
        self.rising = params.ramp * steps

    def weight(self, step: int) -> float:
        """What the consistency counts at a step (from 0): it rises from 0 over the first `ramp` of all steps."""
        return self.params.weight * (min(1.0, step / self.rising) if self.rising else 1.0)

    def consistency(self, student: AUModel, first: Tensor, second: Tensor) -> Tensor:
        """Mean squared difference between the student on one view `(B,T,3,H,W)` and the teacher on another.

        No gradient reaches the teacher, which works in the student's mode. Layers that normalise by the batch do so
        here, and no running statistic moves: unlabelled frames leave no trace but the gradient (as in the code of
        USB, `Bn_Controller`).
        """
        for own, other in zip(self.average.modules(), student.modules(), strict=True):
            own.training = other.training
        with torch.no_grad(), still(self.average):
            target, _ = self.average(second)
        self.average.eval()
        with still(student):
            said, _ = student(first)
        return torch.nn.functional.mse_loss(said.float(), target.float())

    @torch.no_grad()
    def update(self, student: AUModel, step: int) -> None:
        """Take in the student after step `step` (from 0), running statistics too.

        The decay is at most 1 - 1/(step + 2): until it reaches `decay`, the teacher is the plain mean of all models so
        far (the authors' code).
        """
        decay = min(self.params.decay, 1 - 1 / (step + 2))
        own, new = self.average.state_dict(), student.state_dict()
        for name, value in own.items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - decay)
            else:
                value.copy_(new[name])


@contextmanager
def still(model: nn.Module) -> Iterator[None]:
    """While the block runs, no pass moves a running statistic; layers in training normalise by the batch."""
    moving = [layer for layer in running(model) if layer.training]
    for layer in moving:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in moving:
            layer.track_running_stats = True


class UnlabelledWindow(Window):
    """A window of which no label is looked at."""


@dataclass(frozen=True, eq=False)
class MixedBatch(Batch):
    """Labelled windows, and unlabelled ones beside them."""

    unlabelled: Batch


class MixedPlan:
    """The windows of a plan of labelled frames, then `batch` whole windows of the same clips, labelled or not.

    Raises:
        DataError: a window is longer than every video.
    """

    def __init__(
        self,
        labelled: Callable[[int], Sequence[Window]],
        clips: ClipSet,
        *,
        frames: int,
        stride: int | float,
        batch: int,
        rng: Callable[..., np.random.Generator],
    ) -> None:
        self.labelled = labelled
        self.whole = SpanPlan(
            clips, frames=frames, stride=stride, batch=batch, rng=partial(rng, "unlabelled")
        )

    def __call__(self, number: int) -> tuple[Window, ...]:
        """The windows of a batch."""
        more = (UnlabelledWindow(one.clip, one.start, one.frames, one.stride) for one in self.whole(number))
        return (*self.labelled(number), *more)


def read_mixed(clips: ClipSet, windows: Sequence[Window]) -> MixedBatch:
    """Read the windows of a `MixedPlan`."""
    known = read_batch(clips, [one for one in windows if not isinstance(one, UnlabelledWindow)])
    more = read_batch(clips, [one for one in windows if isinstance(one, UnlabelledWindow)])
    return MixedBatch(known.windows, known.frames, known.lengths, known.labels, unlabelled=more)
