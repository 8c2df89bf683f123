"""Predict one video into a tracks file, and say beforehand what that file would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aukit.contracts.data import Recording
from aukit.contracts.faces import Framing
from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.ingest.video import probe
from aukit.tracks.baseline import Baseline
from aukit.tracks.sidecar import further_facts, model_facts, video_facts
from aukit.tracks.write import VideoRows, write_tracks
from aukit.training.estimator import AUEstimator
from aukit.training.framing import framing_for, locator_for, refuse_real_people
from aukit.training.video import stream_tracks


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How videos are to be predicted.

    `framing`: where the model has none of its own, or is overruled knowingly. `faces` and `locator_options` stand
    before those of the framing, such as `{"every": 5, "follow": "all"}`. `origin`: what people the videos show.
    """

    framing: Framing | None = None
    faces: Mapping[str, Any] = field(default_factory=dict)
    locator_options: Mapping[str, Any] = field(default_factory=dict)
    baseline: Baseline | None = None
    precision: str = "fp32"
    batch: int = 32
    origin: str = "real"
    allow_synthetic: bool = False


class VideoPredictor:
    """A run's model, set up to turn videos into tracks files. What cannot work for any video is refused at once.

    Raises:
        UsageError: the model saw no real people; it has no framing; the locator has other weights.
        MissingExtraError: a package that finds faces is not installed.
        DataError: the run's results cannot be read.
    """

    def __init__(self, estimator: AUEstimator, run: Path, asked: Asked) -> None:
        self.estimator = estimator
        self.asked = asked
        refuse_real_people(estimator.origin, origin=asked.origin, allow_synthetic=asked.allow_synthetic)
        framing = framing_for(
            estimator.framing,
            estimator.facts.size,
            framing=asked.framing,
            faces=asked.faces,
            locator_options=asked.locator_options,
        )
        locator = locator_for(framing, registry=estimator.registry)
        self._request = {
            **model_facts(estimator, run, precision=asked.precision),
            "origin": asked.origin,
            "framing": {**framing.table(), "weights": getattr(locator, "weights", "")},
            "baseline": asked.baseline and asked.baseline.facts(),
        }
        self._further = further_facts(estimator, run)

    def request(self, video: Path) -> dict[str, Any]:
        """The part of a video's sidecar that is known beforehand: rows of an equal request are equal rows."""
        return {**self._request, "video": video_facts(video)}

    def predict(
        self, video: Path, out: Path, *, on_frames: Callable[[int], None] = lambda frames: None
    ) -> dict[str, Any]:
        """Write a video's tracks and sidecar, and return what the latter says; `on_frames` is told how far it is.

        A video that breaks off gives what can be decoded; the sidecar's `incomplete` says so.

        Raises:
            DataError: the video cannot be read.
            StorageError: the disk is full or the folder cannot be written.
        """
        seen = probe(video)
        stream = {name: getattr(seen, name) for name in ("width", "height", "fps", "codec", "rotation")}
        notes: list[str] = []
        incomplete: list[str] = []
        return write_tracks(
            out,
            [VideoRows(rows=self._rows(video, notes, incomplete, on_frames))],
            aus=self.estimator.aus,
            origin=self.asked.origin,
            model_origin=self.estimator.origin,
            facts={
                **self.request(video),
                "stream": stream,
                **self._further,
                "notes": notes,
                "incomplete": incomplete,
            },
            baseline=self.asked.baseline,
        )

    def _rows(
        self, video: Path, notes: list[str], incomplete: list[str], on_frames: Callable[[int], None]
    ) -> Iterator[Tracks]:
        asked = self.asked
        frames = 0
        try:
            for block in stream_tracks(
                self.estimator,
                Recording(video=video.stem, subject="", path=video),
                framing=asked.framing,
                faces=asked.faces,
                locator_options=asked.locator_options,
                precision=asked.precision,
                batch=asked.batch,
                origin=asked.origin,
                allow_synthetic=asked.allow_synthetic,
                on_note=notes.append,
            ):
                yield block
                if len(block):
                    frames = int(block.frame[-1]) + 1
                    on_frames(frames)
        except DataError as error:
            if not frames or not error.data.get("frames"):
                raise
            incomplete.append(error.message)
