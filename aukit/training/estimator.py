"""A trained model for use in other programs: on videos, and on faces that are cut already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from aukit.contracts.faces import Framing
from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.evaluation.online import OnlinePredictor
from aukit.evaluation.predict import predict_video
from aukit.hosting.registry import Registry
from aukit.rundir.layout import RunFolder
from aukit.training.device import choose_device
from aukit.training.model import AUModel
from aukit.training.saved import ModelFacts, load_model


class AUEstimator:
    """Intensities of action units, of a video or of faces that are cut already.

    ```python
    estimator = AUEstimator.load("runs/quickstart")
    tracks = estimator.predict_video("clip.mp4")  # a row a frame; tracks.intensity (N,A), columns as in estimator.aus
    intensities = estimator.predict(frames)  # uint8 (T,H,W,3) to float32 (T,A)
    ```
    """

    def __init__(
        self, model: AUModel, facts: ModelFacts, device: str = "auto", *, registry: Registry | None = None
    ) -> None:
        self.device = choose_device(device)
        self.model = model.to(self.device).eval()
        self.facts = facts
        self.registry = registry

    @classmethod
    def load(cls, run_dir: str | Path, *, device: str = "auto", registry: Registry | None = None) -> Self:
        """The model of a run folder.

        Raises:
            RunFolderError: there is no finished model, or it is damaged.
            ComponentError: a part's plugin is not installed.
        """
        model, facts = load_model(RunFolder(Path(run_dir)).model, registry=registry)
        return cls(model, facts, device, registry=registry)

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

    @property
    def framing(self) -> Framing | None:
        """How faces were found and cut in training, and so in `predict_video`; None where that is not known."""
        return self.facts.framing

    def predict_video(
        self,
        path: str | Path,
        *,
        faces: Mapping[str, Any] | None = None,
        framing: Framing | None = None,
        locator_options: Mapping[str, Any] | None = None,
        precision: str = "fp32",
        batch: int = 32,
        allow_synthetic: bool = False,
    ) -> Tracks:
        """Find, follow and cut the faces of a video file as in training, and predict every frame.

        The rows are kept in memory, the frames are not. For rows as they come about, and more options, use
        `aukit.training.video.stream_tracks`.

        Args:
            path: the video. It is taken to show real people.
            faces: rules that stand before those of training, such as `{"every": 5}` to look at every fifth picture, or
                `{"follow": "all"}` for everybody; see `FaceRules`.
            framing: how faces are found and cut, where the model does not know it, or to overrule it knowingly.
            locator_options: parameters of the locator that stand before those of training.
            precision: "fp32", or "bf16" where the processor has it.
            batch: frames computed at once.
            allow_synthetic: predict although the model saw no real people.

        Returns:
            A row for each frame and face, by frame, then face; a frame without a face has one, without success.

        Raises:
            UsageError: the model saw no real people; it has no framing; the locator has other weights.
            DataError: the file is missing or no video, or it is cut off: then the error's data has `tracks`, of all
                frames that can be decoded.
            MissingExtraError: a package that decodes or finds faces is not installed.
        """
        from aukit.training.rows import join_tracks
        from aukit.training.video import stream_tracks

        parts: list[Tracks] = []
        try:
            for part in stream_tracks(
                self,
                path,
                faces=faces,
                framing=framing,
                locator_options=locator_options,
                precision=precision,
                batch=batch,
                allow_synthetic=allow_synthetic,
            ):
                parts.append(part)
        except DataError as error:
            if parts:
                error.data["tracks"] = join_tracks(parts)
            raise
        return join_tracks(parts)

    def online(
        self, *, mode: str = "", window: int = 0, precision: str = "fp32", batch: int = 32
    ) -> OnlinePredictor:
        """A predictor for cut faces that come one by one, such as a camera's: uint8 `(n,H,W,3)` of the model's size.

        With `batch=1` a value comes with its frame. Values are not clipped. The rest is as for `predict`.

        Raises:
            UsageError: unknown mode, a batch below 1.
        """
        return OnlinePredictor(
            self.model,
            seconds_per_frame=self.facts.seconds_per_frame,
            window=window or self.facts.window,
            mode=mode or self.facts.predictor,
            device=self.device,
            precision=precision,
            batch=batch,
        )

    def predict(
        self,
        frames: NDArray[np.uint8],
        timestamps: Sequence[float] | NDArray[np.float64] | None = None,
        *,
        segments: Sequence[tuple[int, int]] | None = None,
        mode: str = "",
        window: int = 0,
        precision: str = "fp32",
        batch: int = 32,
    ) -> NDArray[np.float32]:
        """Predict every frame of one video of one face that is cut already.

        Bare arrays do not say where they come from: neither their framing nor their people can be checked here. A model
        that was trained on anything but real people (`origin`) is not to be trusted on real ones.

        Args:
            frames: uint8 `(T,H,W,3)`, RGB, cropped as in training; other sizes are resized.
            timestamps: seconds `(T,)`, increasing. Without them frames are taken to be as far apart as in training.
            segments: runs `(start, stop)` without a gap; the whole video by default.
            mode: "windowed" or "streaming"; by default that of the run.
            window: frames of a window; by default that of the run.
            precision: "fp32", or "bf16" where the processor has it.
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
            precision=precision,
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
