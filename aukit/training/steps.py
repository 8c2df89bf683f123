"""How long a stage is and how far apart its frames are."""

from __future__ import annotations

import math

import numpy as np

from aukit.builtin.params.stages import GradientParams
from aukit.clips.clipset import ClipSet
from aukit.clips.windows import frame_stride
from aukit.contracts.params import Params
from aukit.training import distributed


def count_steps(params: GradientParams, steps_per_epoch: int) -> int:
    """Optimiser steps of a stage: as given, or its epochs, rounded up. Each process takes a batch of every step."""
    return params.steps or max(1, math.ceil(params.epochs * steps_per_epoch / distributed.size()))


def stride_of(params: Params) -> int | float:
    """The stride as window plans take it: an int is frames, a float is seconds; every frame where none is said."""
    found: int | float = getattr(params, "stride_seconds", 0.0) or getattr(params, "stride", 1)
    return found


def seconds_between(params: Params, clips: ClipSet) -> float:
    """Seconds from one frame of a window to the next: the median over the clips where a stride is given in frames."""
    steps = [frame_stride(clip.fps, stride_of(params)) / clip.fps for clip in clips.clips]
    return float(np.median(steps))


def seconds_spanned(params: Params, clips: ClipSet, *, least: int = 1) -> float:
    """The longest time that a window of a stage takes up in these clips, each frame with the step that follows it.

    Its frames are the stage's `window`, or those of its objective, and at least `least`.
    """
    objective = getattr(params, "objective", None)
    frames = max(getattr(params, "window", 0), objective.params.get("frames", 0) if objective else 0, least)
    return max(
        (frames * frame_stride(clip.fps, stride_of(params)) / clip.fps for clip in clips.clips), default=0.0
    )
