"""Windows of different lengths in one batch, with only the frames that are needed computed (paper, section 3.4).

A batch's frames lie one window after the other, the longest window first. The temporal module then sees, for each
stretch of time, only the windows that still run: with lengths 15, 15, 9 that is three windows for 9 frames and two for
the next 6. The law of causal modules (`f(x[:, :t])`, then `f(x[:, t:], state)`, equals `f(x)`) makes this equal to one
window at a time. A module that looks ahead sees all windows of one length together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aukit.training.model import AUModel


def longest_first(lengths: Sequence[int]) -> list[int]:
    """The order in which windows are packed: by length, then as they came."""
    return sorted(range(len(lengths)), key=lambda index: -lengths[index])


def states_at(temporal: Any, features: Tensor, lengths: Sequence[int], positions: Sequence[int]) -> Tensor:
    """States of each window at one frame of it.

    Args:
        temporal: a temporal module.
        features: `(sum of lengths, C,h,w)`, window after window.
        lengths: frames of each window, longest first.
        positions: the frame asked for in each window, from 0; where the module is causal, always the last.

    Returns:
        `(B,C',h',w')`, in the windows' order.
    """
    if list(lengths) != sorted(lengths, reverse=True):
        raise ValueError("windows must come longest first")
    walk = _running if temporal.causal else _by_length
    return walk(temporal, features, lengths, positions)


def _running(temporal: Any, features: Tensor, lengths: Sequence[int], positions: Sequence[int]) -> Tensor:
    starts = np.cumsum([0, *lengths[:-1]])
    stretches = []  # frames (window, time) of the windows that run from one of the lengths to the next
    done = 0
    for until in sorted(set(lengths)):
        running = sum(length >= until for length in lengths)
        stretches.append(starts[:running, None] + np.arange(done, until))
        done = until
    # Frames are put in this order once: an index for each stretch would cost a gradient of all features for each.
    order = torch.from_numpy(np.concatenate([stretch.ravel() for stretch in stretches])).to(features.device)
    parts = torch.split(features[order], [stretch.size for stretch in stretches])
    ends: list[Tensor] = []
    state: Any = None
    for stretch, part in zip(stretches, parts, strict=True):
        running = len(stretch)
        state = each(lambda value, rows=running: value[:rows], state)  # type: ignore[misc]
        states, state = temporal(part.view(*stretch.shape, *part.shape[1:]), state)
        ends.append(states[:, -1])
    still = [*(len(stretch) for stretch in stretches[1:]), 0]
    return torch.cat([end[rows:] for end, rows in zip(ends, still, strict=True)][::-1])


def _by_length(temporal: Any, features: Tensor, lengths: Sequence[int], positions: Sequence[int]) -> Tensor:
    found = []
    frame = window = 0
    for length, group in groupby(lengths):
        count = len(list(group))
        clips = features[frame : frame + count * length].view(count, length, *features.shape[1:])
        states, _ = temporal(clips, None)
        rows = torch.arange(count, device=features.device)
        found.append(
            states[rows, torch.as_tensor(positions[window : window + count], device=features.device)]
        )
        frame += count * length
        window += count
    return torch.cat(found)


def each(change: Callable[[Tensor], Tensor], state: Any) -> Any:
    """`change` applied to every tensor of a state: a tensor, None, or a nested tuple of them."""
    if state is None:
        return None
    if isinstance(state, tuple):
        return tuple(each(change, item) for item in state)
    return change(state)


def predict_at(model: AUModel, frames: Tensor, lengths: Sequence[int], positions: Sequence[int]) -> Tensor:
    """Intensities `(B,A)` of each window at one frame of it; `frames` `(sum of lengths,3,H,W)`, as for `states_at`."""
    found: Tensor = model.head(states_at(model.temporal, model.features(frames), lengths, positions))
    return found
