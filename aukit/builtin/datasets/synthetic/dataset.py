"""The data set `synthetic`: rendered people with known intensities, made when they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.datasets.synthetic.camera import Sensor
from aukit.builtin.datasets.synthetic.facs import DISFA_AUS, columns
from aukit.builtin.datasets.synthetic.motion import Motion
from aukit.builtin.datasets.synthetic.people import draw_person, linear, stream
from aukit.builtin.datasets.synthetic.renderer import Moments, Renderer
from aukit.builtin.datasets.synthetic.scene import draw_background
from aukit.builtin.datasets.synthetic.tracks import Place, Tracks, coded
from aukit.contracts.data import Chunk, Source
from aukit.contracts.schema import Schema, Split
from aukit.errors import DataError, did_you_mean

CHUNK = 64
"""Frames in a chunk at most."""


class SyntheticFaces:
    """Rendered faces. A video is a continuous process: the frame rate only says where it is looked at.

    Args:
        train, validation, test: how many people each part of the preset split "default" has.
        subjects: ids to render instead of "P001", "P002", ...; shared out in order, in the same proportion.
        aus: which AUs are labelled. All of `ALL_AUS` move, whichever are asked for.
        videos: videos of each person, each in another place and light.
        frames, fps, size: length in frames, frames a second, pixels a side.
        seed: everything is drawn from it.
        origin, data_set: written into whatever is made from this.
    """

    def __init__(
        self,
        *,
        train: int = 16,
        validation: int = 4,
        test: int = 8,
        subjects: Sequence[str] = (),
        aus: Sequence[str] = DISFA_AUS,
        videos: int = 1,
        frames: int = 400,
        fps: float = 20.0,
        size: int = 128,
        seed: int = 0,
        origin: str = "synthetic",
        data_set: str = "synthetic",
    ) -> None:
        names = tuple(subjects) or tuple(f"P{number + 1:03d}" for number in range(train + validation + test))
        self._aus = tuple(aus)
        self._columns = columns(self._aus)
        self._frames, self._fps, self._size, self._seed = frames, float(fps), size, seed
        self._split = _share_out(names, (train, validation, test))
        self._places = {
            subject: Place(part, number, len(people))
            for part, people in self._split.parts()
            for number, subject in enumerate(people)
        }
        self._videos = {
            f"{subject}-{number + 1}": (subject, number) for subject in names for number in range(videos)
        }
        self._schema = Schema(
            name=data_set,
            summary="faces drawn by aukit, with known intensities",
            aus=self._aus,
            fps=self._fps,
            subjects=names,
            splits={"default": (self._split,)},
            origin=origin,
            terms="made by aukit; nobody real is shown",
            obtain="aukit data make synthetic",
        )
        self._open = lru_cache(maxsize=2)(self._prepare)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_open"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open = lru_cache(maxsize=2)(self._prepare)

    @property
    def schema(self) -> Schema:
        """AUs, frame rate, people and the preset split "default"."""
        return self._schema

    def videos(self, root: Path | None = None) -> Iterable[Source]:
        """One source a video, rendered as it is read. `root` is not used: there are no files."""
        for video, (subject, number) in self._videos.items():
            yield Source(
                video=video,
                subject=subject,
                fps=self._fps,
                length=self._frames,
                read=partial(self._read, video),
                session=str(number + 1),
            )

    def render(
        self, video: str, timestamps: Sequence[float] | NDArray[np.float64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Frames of a video at any times.

        Args:
            video: its name, such as "P001-1".
            timestamps: (T,) seconds from the video's start, in any order.

        Returns:
            Frames uint8 (T, H, W, 3) and coded intensity float32 (T, A), whole levels 0-5.

        Raises:
            DataError: there is no such video.
        """
        t = np.asarray(timestamps, dtype=np.float64)
        if video not in self._videos:
            raise DataError(
                f"no video `{video}` in `{self._schema.name}`", hint=did_you_mean(video, self._videos)
            )
        renderer, tracks, motion = self._open(video)
        intensity = tracks(t)
        shown = intensity * renderer.person.factor
        moments = Moments(t, shown, motion.pose(t), motion.gaze(t), motion.light(t))
        return renderer.frames(moments), coded(intensity)[:, self._columns]

    def _read(self, video: str) -> Iterator[Chunk]:
        for start in range(0, self._frames, CHUNK):
            index = np.arange(start, min(start + CHUNK, self._frames), dtype=np.int64)
            timestamp = index / self._fps
            frames, intensity = self.render(video, timestamp)
            yield Chunk(frames=frames, timestamp=timestamp, frame_index=index, intensity=intensity)

    def _prepare(self, video: str) -> tuple[Renderer, Tracks, Motion]:
        subject, number = self._videos[video]
        person = draw_person(self._seed, subject)
        clothes = linear(stream(self._seed, "clothes", video).uniform(0.08, 0.75, 3))
        background = draw_background(self._seed, video, self._size)
        renderer = Renderer(person, background, clothes, Sensor(self._seed, video, self._size))
        return (
            renderer,
            Tracks(self._seed, video, person, self._places[subject], number),
            Motion(self._seed, video),
        )


def _share_out(names: tuple[str, ...], counts: tuple[int, int, int]) -> Split:
    """Train, validation and test people, in order and in the proportion of `counts`."""
    total = sum(counts)
    ends = [round(len(names) * sum(counts[: part + 1]) / total) for part in range(3)]
    return Split(train=names[: ends[0]], validation=names[ends[0] : ends[1]], test=names[ends[1] :])
