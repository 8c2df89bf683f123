"""A trained model for use in other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from aukit.errors import DataError
from aukit.evaluation.predict import predict_video
from aukit.hosting.registry import Registry
from aukit.rundir.layout import RunFolder
from aukit.training.device import choose_device
from aukit.training.model import AUModel
from aukit.training.saved import ModelFacts, load_model


class AUEstimator:
    """Intensities of action units from cropped faces.

    ```python
    estimator = AUEstimator.load("runs/quickstart")
    intensities = estimator.predict(frames)  # uint8 (T,H,W,3) to float32 (T,A), columns as in estimator.aus
    ```
    """

    def __init__(self, model: AUModel, facts: ModelFacts, device: str = "auto") -> None:
        self.device = choose_device(device)
        self.model = model.to(self.device).eval()
        self.facts = facts

    @classmethod
    def load(cls, run_dir: str | Path, *, device: str = "auto", registry: Registry | None = None) -> Self:
        """The model of a run folder.

        Raises:
            RunFolderError: there is no finished model, or it is damaged.
            ComponentError: a part's plugin is not installed.
        """
        model, facts = load_model(RunFolder(Path(run_dir)).model, registry=registry)
        return cls(model, facts, device)

    @property
    def aus(self) -> tuple[str, ...]:
        """Names of the columns of a prediction."""
        return self.facts.aus

    @property
    def origin(self) -> str:
        """What the model was trained on: "real", "rendered", "synthetic" or "stand-in"."""
        return self.facts.origin

    @property
    def seconds_per_frame(self) -> float:
        """Time between two frames of a window."""
        return self.facts.seconds_per_frame

    def predict(
        self,
        frames: NDArray[np.uint8],
        timestamps: Sequence[float] | NDArray[np.float64] | None = None,
        *,
        segments: Sequence[tuple[int, int]] | None = None,
        mode: str = "",
        window: int = 0,
        batch: int = 32,
    ) -> NDArray[np.float32]:
        """Predict every frame of one video of one face.

        Args:
            frames: uint8 `(T,H,W,3)`, RGB, cropped as in training; other sizes are resized.
            timestamps: seconds `(T,)`, increasing. Without them frames are taken to be as far apart as in training.
            segments: runs `(start, stop)` without a gap; the whole video by default.
            mode: "windowed" or "streaming"; by default that of the run.
            window: frames of a window; by default that of the run.
            batch: frames computed at once.

        Returns:
            float32 `(T,A)` on the FACS scale, not cut to 0..5 unless the recipe said so.

        Raises:
            DataError: frames or timestamps have another shape or type.
        """
        frames = np.asarray(frames)
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
            raise DataError(
                f"frames are {frames.dtype} {frames.shape}, uint8 (T,H,W,3) is due",
                hint="give RGB frames with values 0..255, one after the other",
            )
        if timestamps is None:
            times = np.arange(len(frames), dtype=np.float64) * self.facts.seconds_per_frame
        else:
            times = np.asarray(timestamps, dtype=np.float64)
            if times.shape != (len(frames),):
                raise DataError(
                    f"{times.shape} timestamps for {len(frames)} frames", hint="give one a frame, in seconds"
                )
        found = predict_video(
            self.model,
            lambda start, stop: resize(frames[start:stop], self.facts.size),
            times,
            segments,
            seconds_per_frame=self.facts.seconds_per_frame,
            window=window or self.facts.window,
            mode=mode or self.facts.predictor,
            device=self.device,
            batch=batch,
        )
        return np.clip(found, 0, 5) if self.facts.clip else found


def resize(frames: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """uint8 `(T,H,W,3)` at another size, anti-aliased; as it is where the size is right."""
    if frames.shape[1:3] == size:
        return frames
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
    pixels = torch.nn.functional.interpolate(
        pixels, size=size, mode="bilinear", antialias=True, align_corners=False
    )
    found: NDArray[np.uint8] = pixels.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return found
