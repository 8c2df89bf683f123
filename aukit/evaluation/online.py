"""Predict videos while they come: values leave as soon as nothing that is still to come can change them.

The backbone sees each frame once, in batches of frames of all faces together. Memory depends on the window, the batch
and the number of faces, not on the length of a video.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aukit.errors import DataError, UsageError
from aukit.evaluation.modes import Streaming, Windowed, advances, effective_mode
from aukit.evaluation.phases import Times, check_times
from aukit.evaluation.pieces import Pieces
from aukit.evaluation.stretch import Kept, Stretch

Frames = NDArray[np.uint8]
Values = dict[Hashable, NDArray[np.float32]]
"""New values `(n,A)` of each key that has any, in the order of its frames."""


class OnlinePredictor:
    """Values for frames that come one by one or in blocks of any size, of one face or of several.

    A key is a face. Its frames are one stretch until `gap`: no state crosses from one stretch to the next. Values are
    those that `predict_video` gives for the whole stretch, whatever the blocks; they come late by what the frame's
    window lies after it, and by what the batch has to wait for: `batch=1` is for live use. All frames are of one
    size.

    Args:
        model: a module with `backbone`, `temporal`, `head` and `aus`, already on `device`.
        seconds_per_frame: time between the frames the model was trained on.
        window: frames of one window, the frame itself included; `streaming` does not use it.
        mode: "windowed" or "streaming".
        precision: "fp32", or "bf16" by torch's autocast.
        batch: frames that pass the backbone at once, and windows that pass the temporal module at once.

    Raises:
        UsageError: unknown mode or precision, a window or a batch below 1.
        DataError: the seconds between frames are not above 0.
    """

    def __init__(
        self,
        model: Any,
        *,
        seconds_per_frame: float,
        window: int,
        mode: str = "windowed",
        device: str | torch.device = "cpu",
        precision: str = "fp32",
        batch: int = 32,
    ) -> None:
        if window < 1:
            raise UsageError(f"a window of {window} frames holds nothing", hint="set it to 1 or more")
        if batch < 1:
            raise UsageError(f"a batch of {batch} frames holds nothing", hint="set it to 1 or more")
        self.model = model
        self.seconds_per_frame = seconds_per_frame
        self.device = torch.device(device)
        self.batch = batch
        self._kept = Kept()
        self._pieces = Pieces(self.device, precision)
        streaming = effective_mode(model, mode) == "streaming"
        self._mode = (
            Streaming(model.temporal, self._kept)
            if streaming
            else Windowed(model.temporal, self._kept, self._pieces, window, batch)
        )
        self._open: dict[Hashable, Stretch] = {}
        self._queue: deque[tuple[Stretch, Frames, Times]] = deque()

    @property
    def waiting(self) -> int:
        """Frames that came and have not passed the backbone yet."""
        return sum(len(times) for _, _, times in self._queue)

    def push(self, frames: Frames, timestamps: Sequence[float] | Times, key: Hashable = 0) -> Values:
        """The next frames of a face: uint8 `(n,H,W,3)` at seconds `(n,)`, later than all before them.

        Raises:
            DataError: the times do not increase, or there is not one for each frame.
        """
        if len(frames) != len(timestamps):
            raise DataError(f"{len(timestamps)} timestamps for {len(frames)} frames", hint="give one a frame")
        stretch = self._open.get(key) or Stretch(key, self.seconds_per_frame, self._kept)
        times = check_times(timestamps, stretch.newest)
        if not len(times):
            return {}
        self._open[key] = stretch
        stretch.pushed, stretch.newest = stretch.pushed + len(times), times[-1]
        self._queue.append((stretch, frames, times))
        found = _Joined()
        while self.waiting >= self.batch:
            found.add(self._compute())
        if self._queue and self._queue[-1][0] is stretch:  # the caller may use its array for the next frames
            _, rest, times = self._queue.pop()
            self._queue.append((stretch, rest.copy(), times))
        return found.values

    def gap(self, key: Hashable = 0) -> Values:
        """The face is gone, or frames are missing: its next frame begins a new stretch."""
        stretch = self._open.pop(key, None)
        if stretch is None:
            return {}
        stretch.ended = True
        if not stretch.whole:  # its last frames still wait for their batch
            return {}
        with self._evaluating():
            return self._values([stretch])

    def flush(self) -> Values:
        """Compute the frames that wait for their batch now."""
        found = _Joined()
        while self._queue:
            found.add(self._compute())
        return found.values

    def finish(self) -> Values:
        """No more frames come, of any key: the values that are still due."""
        found = _Joined()
        for key in list(self._open):
            found.add(self.gap(key))
        found.add(self.flush())
        return found.values

    def _compute(self) -> Values:
        """One batch of waiting frames through the model."""
        taken, room = [], self.batch
        while self._queue and room:
            stretch, frames, times = self._queue.popleft()
            if len(times) > room:
                self._queue.appendleft((stretch, frames[room:], times[room:]))
            taken.append((stretch, frames[:room], times[:room]))
            room -= len(taken[-1][2])
        pixels = np.concatenate([frames for _, frames, _ in taken])
        with self._evaluating():
            pieces = [pixels[span] for span in self._pieces.spans(len(pixels))]
            features = torch.cat(self._pieces.map(self._features, pieces))
            parts = torch.split(features, [len(times) for _, _, times in taken])
            for (stretch, _, times), part in zip(taken, parts, strict=True):
                stretch.add(part, times)
            return self._values(list(dict.fromkeys(stretch for stretch, _, _ in taken)))

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """The model in evaluation mode, without gradients; its mode is put back."""
        training = self.model.training
        self.model.eval()
        try:
            with self._pieces.settings():
                yield
        finally:
            self.model.train(training)

    def _features(self, frames: Frames) -> Tensor:
        """What is kept of frames: their features, or what these give to the temporal module by themselves."""
        pixels = torch.from_numpy(frames).to(self.device).permute(0, 3, 1, 2).float().div_(255)
        features: Tensor = self.model.backbone(pixels)
        if advances(self.model.temporal):
            features = self.model.temporal.encode(features)
        return features

    def _values(self, stretches: Sequence[Stretch]) -> Values:
        """What can be said of these stretches now."""
        ready = self._mode.states(stretches)
        for stretch in stretches:
            if stretch.whole:
                stretch.forget(stretch.grid.stop)
        if not ready:
            return {}
        values = self.model.head(torch.cat([states for _, states in ready])).float().cpu().numpy()
        found, start = _Joined(), 0
        for stretch, states in ready:
            found.add({stretch.key: values[start : start + len(states)]})
            start += len(states)
        return found.values


class _Joined:
    """Values that came at different times, joined for each key."""

    def __init__(self) -> None:
        self.values: Values = {}

    def add(self, more: Values) -> None:
        for key, new in more.items():
            before = self.values.get(key)
            self.values[key] = new if before is None else np.concatenate([before, new])
