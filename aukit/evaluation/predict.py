"""Give every frame of a video a value, whatever its frame rate.

`windowed`: each frame's state starts from zero, at most `window` grid places back, as in training; where the
temporal module looks ahead, up to half of the window lies after the frame. `streaming`: the state is carried on
along each phase from the start of the stretch. Both take a frame's own pixels last, so they agree wherever a frame
has fewer than `window` frames before it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aukit.errors import DataError
from aukit.evaluation.online import OnlinePredictor, Values
from aukit.evaluation.phases import check_times

Read = Callable[[int, int], NDArray[np.uint8]]


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
        the next. The rest: as for `OnlinePredictor`.

    Raises:
        UsageError: unknown mode, a window or a batch below 1.
        DataError: timestamps do not increase within a segment, or segments do not fit the video.
    """
    runs = [(0, len(timestamps))] if segments is None else segments
    for start, stop in runs:
        if not 0 <= start <= stop <= len(timestamps):
            raise DataError(f"segment {start}-{stop} lies outside a video of {len(timestamps)} frames")
        check_times(timestamps[start:stop])
    read: Read = frames if callable(frames) else lambda start, stop: frames[start:stop]
    predictor = OnlinePredictor(
        model,
        seconds_per_frame=seconds_per_frame,
        window=window,
        mode=mode,
        device=device,
        precision=precision,
        batch=batch,
    )
    out = np.full((len(timestamps), len(model.aus)), np.nan, np.float32)
    done: dict[Hashable, int] = {run: start for run, (start, _) in enumerate(runs)}

    def write(values: Values) -> None:
        for run, found in values.items():
            out[done[run] : done[run] + len(found)] = found
            done[run] += len(found)

    for run, (start, stop) in enumerate(runs):
        for begin in range(start, stop, batch):
            end = min(begin + batch, stop)
            write(predictor.push(read(begin, end), timestamps[begin:end], run))
        write(predictor.gap(run))
    write(predictor.finish())
    return out
