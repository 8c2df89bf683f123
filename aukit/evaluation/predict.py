"""Give every frame of a video a value, whatever its frame rate.

`windowed`: each frame's state starts from zero, at most `window` grid places back, as in training; where the
temporal module looks ahead, up to half of the window lies after the frame. `streaming`: the state is carried on
along each phase from the start of the stretch. Both take a frame's own pixels last, so they agree wherever a frame
has fewer than `window` frames before it. The backbone sees each frame once; memory depends on the window and on the
batch, not on the length of the video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aukit.errors import UsageError, did_you_mean
from aukit.evaluation.phases import Ints, Phases, plan

Mode = Literal["windowed", "streaming"]
MODES: tuple[Mode, ...] = ("windowed", "streaming")

Read = Callable[[int, int], NDArray[np.uint8]]


def effective_mode(model: Any, mode: str) -> Mode:
    """The mode that is used: a module that looks ahead has no state to carry on, so it is always predicted by
    windows.

    Raises:
        UsageError: the mode is unknown.
    """
    if mode not in MODES:
        raise UsageError(f"unknown predictor `{mode}`", hint=did_you_mean(mode, MODES))
    return "streaming" if mode == "streaming" and model.temporal.causal else "windowed"


def predict_video(
    model: Any,
    frames: NDArray[np.uint8] | Read,
    timestamps: NDArray[np.float64],
    segments: Sequence[tuple[int, int]] | None = None,
    *,
    seconds_per_frame: float,
    window: int,
    mode: str = "windowed",
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    batch: int = 32,
) -> NDArray[np.float32]:
    """Predict one video: float32 `(T,A)`, unclipped; NaN only for frames outside all segments.

    Args:
        model: a module with `backbone`, `temporal`, `head` and `aus`, already on `device`.
        frames: uint8 `(T,H,W,3)`, or a function that reads frames `start <= i < stop` as such.
        timestamps: seconds `(T,)`, increasing within a segment.
        segments: runs `(start, stop)` without a gap; the whole video by default. No state crosses from one to
        the next. seconds_per_frame: time between the frames the model was trained on. window: frames of one
        window, the frame itself included; `streaming` does not use it. batch: frames that pass the backbone
        at once, and windows that pass the temporal module at once.

    Raises:
        UsageError: unknown mode, or a window below 1.
        DataError: timestamps do not increase within a segment.
    """
    if window < 1:
        raise UsageError(f"a window of {window} frames holds nothing", hint="set it to 1 or more")
    run = _streaming if effective_mode(model, mode) == "streaming" else _windowed
    runs = [(0, len(timestamps))] if segments is None else segments
    device = torch.device(device)
    read: Read = frames if callable(frames) else lambda start, stop: frames[start:stop]
    out = torch.full((len(timestamps), len(model.aus)), torch.nan, device=device)
    with _evaluating(model, device, precision):
        for phases in plan(timestamps, runs, seconds_per_frame):
            run(model, _Features(model.backbone, read, phases, batch, device), phases, window, out)
    return out.cpu().numpy()


@contextmanager
def _evaluating(model: nn.Module, device: torch.device, precision: str) -> Iterator[None]:
    """Evaluation mode, no gradients, the precision asked for; the model's mode is put back."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            yield
    finally:
        model.train(training)


class _Features:
    """The backbone's features of a span of frames that moves along a segment: each frame is computed once."""

    def __init__(
        self, backbone: nn.Module, read: Read, phases: Phases, batch: int, device: torch.device
    ) -> None:
        self.backbone, self.read, self.device, self.batch = backbone, read, device, batch
        self.first = self.next = phases.start
        self.stop = phases.stop
        self.kept: Tensor | None = None

    def take(self, indices: Ints, *, forget: int) -> Tensor:
        """Features of frames, any shape of indices, `(...,C,h,w)`. Frames before `forget` are not asked for
        again.
        """
        self._forget(forget)
        while self.next <= indices.max():
            stop = min(self.next + self.batch, self.stop)
            pixels = torch.from_numpy(np.ascontiguousarray(self.read(self.next, stop))).to(self.device)
            new = self.backbone(pixels.permute(0, 3, 1, 2).float() / 255)
            self.kept = new if self.kept is None else torch.cat([self.kept, new])
            self.next = stop
        assert self.kept is not None
        found = self.kept[torch.as_tensor(indices.reshape(-1) - self.first, device=self.device)]
        return found.view(*indices.shape, *found.shape[1:])

    def _forget(self, before: int) -> None:
        if self.kept is not None and before - self.first >= self.batch:
            self.kept, self.first = self.kept[before - self.first :].clone(), before


def _windowed(model: Any, features: _Features, phases: Phases, window: int, out: Tensor) -> None:
    future = 0 if model.temporal.causal else min(model.temporal.lookahead, (window - 1) // 2)
    past = window - future
    windows = phases.windows(past, future)
    here = windows >= 0
    oldest = np.where(here, windows, phases.stop).min(axis=1)
    forget = np.minimum.accumulate(oldest[::-1])[::-1]
    before, after = here[:, :past].sum(axis=1), here[:, past:].sum(axis=1)
    for start in range(0, len(windows), features.batch):
        block = slice(start, start + features.batch)
        for shape in np.unique(np.stack([before[block], after[block]], axis=1), axis=0):
            rows = start + np.flatnonzero((before[block] == shape[0]) & (after[block] == shape[1]))
            frames = windows[rows, past - shape[0] : past + shape[1]]
            states, _ = model.temporal(features.take(frames, forget=forget[start]))
            out[torch.as_tensor(rows + phases.start, device=out.device)] = model.head(
                states[:, shape[0] - 1]
            ).float()


def _streaming(model: Any, features: _Features, phases: Phases, window: int, out: Tensor) -> None:
    positions = phases.grid.shape[1]
    members = [np.flatnonzero(phases.position == k) for k in range(positions)]
    oldest = [
        min(phases.grid[:, k].min(), *(members[k] + phases.start), phases.stop) for k in range(positions)
    ]
    forget = np.minimum.accumulate(np.array(oldest)[::-1])[::-1]
    state = None
    for k in range(positions):
        grid, rows = phases.grid[:, k], members[k]
        phase, frame = phases.phase[rows], rows + phases.start
        states, after = model.temporal(features.take(grid[:, None], forget=forget[k]), state)
        here = grid[phase] == frame
        _write(model, states[:, -1], phase[here], frame[here], out)
        if not here.all():  # frames between grid places: the same past, their own pixels
            beside = features.take(frame[~here, None], forget=forget[k])
            states, _ = model.temporal(beside, _rows(state, phase[~here]))
            _write(model, states[:, -1], np.arange(len(beside)), frame[~here], out)
        state = after


def _write(model: Any, states: Tensor, rows: Ints, frames: Ints, out: Tensor) -> None:
    if len(rows):
        chosen = states[torch.as_tensor(rows, device=states.device)]
        out[torch.as_tensor(frames, device=out.device)] = model.head(chosen).float()


def _rows(state: Any, rows: Ints) -> Any:
    """The state of some sequences of a batch; a state is None, a tensor, or a nested tuple of tensors."""
    if state is None:
        return None
    if isinstance(state, tuple):
        return tuple(_rows(part, rows) for part in state)
    return state[torch.as_tensor(rows, device=state.device)]
