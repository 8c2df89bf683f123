"""From a recording to its pictures: video files through PyAV, still pictures through Pillow, times in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from aukit.contracts.data import Recording
from aukit.contracts.faces import Picture
from aukit.errors import DataError, MissingExtraError
from aukit.ingest.containers import cut_off

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts"}
    | {".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
"""Endings of video files, in lower case."""


@dataclass(frozen=True, kw_only=True)
class VideoFacts:
    """What a video file says about itself, and its first picture shows.

    `width` and `height` are of the upright picture. `rotation` is how many degrees, counter-clockwise, the stored
    pictures are turned to be upright. `fps` is the average, `frames` and `seconds` the stated length; each is 0 where
    the container does not say, and none is exact. `start` is the first picture's time in seconds on the
    container's own clock, `audio` whether there is sound.
    """

    width: int
    height: int
    fps: float
    frames: int
    seconds: float
    rotation: int
    codec: str
    audio: bool
    start: float


def is_video(path: Path) -> bool:
    """Whether a file's name ends as a video's does."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def probe(path: Path) -> VideoFacts:
    """The facts of a video file. Its first picture is decoded.

    Raises:
        DataError: the file is missing, is no video, has no video stream or no picture.
    """
    with _opened(path, threads=1) as (container, stream):
        first = next(_decoded(container, stream, path), None)
        if first is None:
            raise _ended(path, 0)
        turned = first.rotation % 180 == 90
        ticks = (
            stream.duration * stream.time_base if stream.duration else (container.duration or 0) / 1_000_000
        )
        return VideoFacts(
            width=first.height if turned else first.width,
            height=first.width if turned else first.height,
            fps=float(stream.average_rate or stream.guessed_rate or 0),
            frames=stream.frames,
            seconds=float(ticks),
            rotation=first.rotation % 360,
            codec=stream.codec_context.name,
            audio=bool(container.streams.audio),
            start=float(first.time or 0),
        )


def pictures(
    recording: Recording, *, threads: int = 1, on_note: Callable[[str], None] | None = None
) -> Iterator[Picture]:
    """The pictures of a recording in order, upright, each with its time and its own number; `skip` is not heeded.

    There are as many as PyAV decodes. Times are the container's, in seconds since the first picture, and always rise:
    a time that does not is moved behind its predecessor. Still pictures lie `1 / fps` apart, by their numbers.
    `threads` work on decoding, 0 as many as there are cores. `on_note` is told at the end what was mended, and what the
    container promised in vain.

    Raises:
        DataError: the file is missing, is no video, has no video stream or no picture. A file that is cut off or
            damaged gives what can be decoded first; the error's data then has `frames`, their number.
    """
    if recording.pictures:
        yield from _stills(recording)
        return
    path, number = recording.path, 0
    clock = _Clock()
    with _opened(path, threads=threads) as (container, stream):
        from av.video.reformatter import VideoReformatter

        # One converter for all frames: a frame's own `to_ndarray` would set one up for each, at twice the time.
        converter = VideoReformatter()
        clock.step = float(1 / (stream.average_rate or stream.guessed_rate or 25))
        for frame in _decoded(container, stream, path):
            rgb = converter.reformat(frame, format="rgb24", threads=threads)
            yield Picture(
                pixels=_upright(rgb.to_ndarray(), frame.rotation),
                seconds=clock.read(frame.time),
                index=recording.first_frame + number,
            )
            number += 1
        promised = stream.frames
    if clock.mended and on_note:
        on_note(f"{clock.mended} of {number} times did not rise and were moved behind their predecessors")
    if promised > number and on_note:
        on_note(f"the container names {promised} frames, of which {number} can be decoded")
    if number == 0 or cut_off(path):
        raise _ended(path, number)


class _Clock:
    """Turns a container's times into rising seconds since the first one.

    A time that falls back by more than two frames begins a new count, as where recordings were joined.
    """

    def __init__(self) -> None:
        self.step = 0.04
        self.mended = 0
        self._zero: float | None = None
        self._last = 0.0

    def read(self, time: float | None) -> float:
        if self._zero is None:
            self._zero = time or 0.0
            return 0.0
        seconds = self._last + self.step if time is None else time - self._zero
        if seconds <= self._last:
            self.mended += 1
            mended = self._last + self.step / 10
            if time is not None and seconds < self._last - 2 * self.step:
                mended = self._last + self.step
                self._zero = time - mended
            seconds = mended
        self._last = seconds
        return seconds


@contextmanager
def _opened(path: Path, *, threads: int) -> Iterator[tuple[Any, Any]]:
    """A file's container and the video stream to decode."""
    try:
        import av
    except ImportError as error:
        raise MissingExtraError(
            "reading videos needs PyAV, which is not installed", hint="pip install 'aukit[video]'"
        ) from error
    try:
        container = av.open(str(path))
    except FileNotFoundError as error:
        raise DataError("there is no such file", where=str(path)) from error
    except IsADirectoryError as error:
        raise DataError("this is a folder, expected a video file", where=str(path)) from error
    except PermissionError as error:
        raise DataError("this file may not be read", where=str(path)) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _not_opened(path) from error
    with container:
        stream: Any = container.streams.best("video")
        # A sound file's cover picture counts as a video stream, too.
        if stream is None or stream.disposition & av.stream.Disposition.attached_pic:
            raise DataError("no video stream", where=str(path), hint="it may be sound alone")
        if stream.codec_context is None:
            raise DataError(
                "its pictures are in an unknown format", where=str(path), hint="copy it anew or convert it"
            )
        stream.codec_context.thread_count = threads
        stream.thread_type = "AUTO" if threads != 1 else "NONE"
        yield container, stream


def _decoded(container: Any, stream: Any, path: Path) -> Iterator[Any]:
    import av

    number = 0
    try:
        for frame in container.decode(stream):
            yield frame
            number += 1
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _ended(path, number, reason=getattr(error, "strerror", None) or str(error)) from error


def _not_opened(path: Path) -> DataError:
    if not path.stat().st_size:
        return DataError("not a video: the file is empty", where=str(path))
    missing = cut_off(path)
    if missing:
        return DataError(f"truncated: {missing}", where=str(path), hint="copy it anew", frames=0)
    return DataError("not a video", where=str(path))


def _ended(path: Path, frames: int, *, reason: str = "") -> DataError:
    """The error of a file that gave only so many pictures."""
    missing = cut_off(path)
    if missing:
        message, hint = f"truncated after {frames} frames: {missing}", "copy it anew"
    elif reason:
        message, hint = f"damaged after {frames} frames: {reason}", "copy it anew or convert it"
    else:
        message, hint = "no frames", "its video stream is empty"
    return DataError(message, where=str(path), hint=hint, frames=frames)


def _upright(pixels: Any, rotation: int) -> NDArray[np.uint8]:
    """Turned by quarters; contiguous, which a converter's own array need not be."""
    return np.ascontiguousarray(np.rot90(pixels, round(rotation / 90) % 4))


def _stills(recording: Recording) -> Iterator[Picture]:
    if recording.fps <= 0:
        raise DataError("still pictures need a frame rate", where=str(recording.path))
    for number, path in recording.pictures:
        yield Picture(pixels=_still(path), seconds=(number - recording.first) / recording.fps, index=number)


def _still(path: Path) -> NDArray[np.uint8]:
    """A picture file as uint8 (H,W,3) RGB, turned as its EXIF orientation says."""
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):  # 16 bits of grey, which `convert` would clip at 255
                grey = (np.asarray(upright, np.int64).clip(0, 65_535) // 257).astype(np.uint8)
                return np.repeat(grey[..., None], 3, axis=2)
            return np.array(upright.convert("RGB"))
    except FileNotFoundError as error:
        raise DataError("there is no such picture", where=str(path)) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"not a picture, or a damaged one: {error}", where=str(path)) from error
