"""From a loader's batch to pixels on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aukit.clips.clipset import ClipSet
from aukit.clips.windows import LabelPlan, Window
from aukit.training.packing import longest_first


def to_device(values: NDArray[np.uint8] | NDArray[np.float32], device: torch.device) -> Tensor:
    """Frames or labels on the device; the copy to a GPU does not wait."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def to_unit(clips: Tensor) -> Tensor:
    """uint8 `(B,T,H,W,3)` to float `(B,T,3,H,W)` in 0..1, as prediction sees them: no augmentation."""
    return clips.movedim(-1, 2).float() / 255


def packed(
    clips: Tensor, lengths: Sequence[int], view: Callable[[Tensor], Tensor]
) -> tuple[Tensor, list[int], list[int]]:
    """Windows of different lengths as one run of frames, the longest window first; padding is never computed.

    Args:
        clips: uint8 `(B,T,H,W,3)`, each window padded to the longest.
        lengths: frames of each window.
        view: uint8 `(b,t,H,W,3)` to float `(b,t,3,H,W)`; called once for each length.

    Returns:
        Frames `(sum of lengths,3,H,W)`, the order of the windows, their lengths in that order.
    """
    order = longest_first(lengths)
    sizes = [lengths[index] for index in order]
    parts = []
    for length in dict.fromkeys(sizes):
        rows = [index for index in order if lengths[index] == length]
        chosen = clips[:, :length] if len(rows) == len(order) else clips[rows, :length]
        parts.append(view(chosen).flatten(0, 1))
    return (parts[0] if len(parts) == 1 else torch.cat(parts)), order, sizes


@dataclass(frozen=True)
class LabelWindow(Window):
    """A window that goes on after its labelled frame, which is frame `label` of it (from 0)."""

    label: int


def label_position(window: Window) -> int:
    """Where in a window the labelled frame is: at its end, unless it says otherwise."""
    return window.label if isinstance(window, LabelWindow) else window.frames - 1


class WithFuture:
    """A plan whose windows go on after the labelled frame, for temporal modules that look ahead.

    A window of L frames up to the label gets at most `lookahead` more, no more than `window` in all, none across a gap.
    """

    def __init__(self, plan: LabelPlan, clips: ClipSet, lookahead: int) -> None:
        self.plan = plan
        self.clips = clips
        self.lookahead = lookahead
        self.steps_per_epoch = plan.steps_per_epoch

    def __call__(self, step: int) -> tuple[Window, ...]:
        """The windows of a step."""
        return tuple(self._longer(window) for window in self.plan(step))

    def _longer(self, window: Window) -> LabelWindow:
        stop = next(b for a, b in self.clips.clips[window.clip].segments if a <= window.last < b)
        there = (stop - 1 - window.last) // window.stride
        more = min(self.lookahead, there, self.plan.frames - window.frames)
        return LabelWindow(window.clip, window.start, window.frames + more, window.stride, window.frames - 1)
