"""Real videos for tests, encoded with PyAV: any pictures, or aukit's own synthetic faces on a larger canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import Chunk
from aukit.hosting.build import build

Centre = tuple[float, float]
"""Where the middle of a face is, in pixels: x, y."""


def write_video(
    path: str | Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    fps: float = 25.0,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: Sequence[int] | None = None,
    rotation: int = 0,
    audio: bool = False,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Encode `frames`, uint8 (H,W,3) RGB, as a video file; give its path.

    `times` are the frames' milliseconds, for a variable frame rate. `rotation` is written as metadata: the degrees,
    counter-clockwise, by which a player turns each picture, as phones do. `audio` adds a tone of the same length.
    `pixels` and `options` are the encoder's pixel format and settings, such as {"bf": "3"}. The file's ending chooses
    the container. Frames are taken one by one, so a long video needs no memory.
    """
    import av

    path, frames = Path(path), iter(frames)
    first = next(frames)
    with av.open(str(path), "w") as file:
        video: Any = file.add_stream(
            codec, rate=Fraction(fps).limit_denominator(90_000), options=dict(options or {})
        )
        video.height, video.width = first.shape[:2]
        video.pix_fmt = pixels
        if times is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            video.set_display_rotation(rotation)
        tone: Any = file.add_stream("aac", rate=16_000, layout="mono") if audio else None
        count = 0
        for count, picture in enumerate(chain([first], frames), start=1):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[count - 1], Fraction(1, 1000)
            file.mux(video.encode(frame))
        file.mux(video.encode())
        if tone:
            seconds = count / fps if times is None else times[count - 1] / 1000 + 1 / fps
            for sound in _tone(seconds, tone.rate):
                file.mux(tone.encode(sound))
            file.mux(tone.encode())
    return path


def face_video(
    path: str | Path,
    *,
    subjects: Sequence[str] = ("P001",),
    frames: int = 30,
    fps: float = 25.0,
    size: tuple[int, int] = (320, 240),
    face: int = 128,
    moves: Callable[[int], Sequence[Centre | None]] | None = None,
    **how: Any,
) -> Path:
    """A video in which synthetic people move their faces, before grey; give its path.

    `size` is width and height, `face` the side of a person's square, both in pixels. `moves(t)` says where the middle
    of each person's square is in frame `t`, or None where that person is not to be seen; without it, people stand side
    by side. Later people are in front. `how` goes to `write_video`.
    """
    people = [face_chunk(subject, frames=frames, fps=fps, size=face).frames for subject in subjects]
    return write_video(path, _scenes(people, size, moves), fps=fps, **how)


def face_chunk(subject: str = "P001", *, frames: int = 30, fps: float = 25.0, size: int = 128) -> Chunk:
    """A synthetic person's square pictures, uint8 (T,size,size,3), and intensities: what `face_video` shows."""
    people = build("dataset", "synthetic", subjects=[subject], frames=frames, fps=fps, size=size)
    chunks = [chunk for source in people.videos() for chunk in source.read()]
    names = ("frames", "timestamp", "frame_index", "intensity")
    return Chunk(**{name: np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in names})


def _scenes(
    people: Sequence[NDArray[np.uint8]],
    size: tuple[int, int],
    moves: Callable[[int], Sequence[Centre | None]] | None,
) -> Iterator[NDArray[np.uint8]]:
    width, height = size
    side = people[0].shape[1]
    stand = [(width * (2 * place + 1) / (2 * len(people)), height / 2) for place in range(len(people))]
    for number in range(len(people[0])):
        # A border of one face lets a person be half outside.
        canvas = np.full((height + 2 * side, width + 2 * side, 3), 128, np.uint8)
        for person, centre in zip(people, moves(number) if moves else stand, strict=True):
            if centre is not None:
                left = int(np.clip(round(centre[0] + side / 2), 0, width + side))
                top = int(np.clip(round(centre[1] + side / 2), 0, height + side))
                canvas[top : top + side, left : left + side] = person[number]
        yield canvas[side:-side, side:-side]


def _tone(seconds: float, rate: int) -> Iterator[Any]:
    """440 Hz in pieces of a second at most."""
    import av

    for start in range(0, round(seconds * rate), rate):
        time = np.arange(start, min(start + rate, round(seconds * rate))) / rate
        wave = (0.1 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
        sound = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = rate, start, Fraction(1, rate)
        yield sound
