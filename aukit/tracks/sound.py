"""The sound of a video for a copy of it: packets as they are where MP4 can hold them, else encoded anew as AAC."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

COPIED = frozenset(("aac", "ac3", "alac", "eac3", "mp3", "opus"))
"""Codecs that players expect in an MP4 file."""


class Sound:
    """Carries the first sound stream of `source` into the open PyAV container `target`, keeping step with its video.

    `shift` seconds are taken from all times. `how` says what is done: copied, encoded as AAC, or none. `lost` says why
    the sound ends before its time, where it does.
    """

    def __init__(self, source: Path, target: Any, *, shift: float) -> None:
        import av

        self.how, self.lost = "none", ""
        self._target, self._shift = target, shift
        self._source: Any = av.open(str(source))
        try:
            stream = next(iter(self._source.streams.audio), None)
            if stream is not None and stream.codec_context is not None:
                copy = stream.codec_context.name in COPIED
                self.how = "copied" if copy else "encoded as AAC"
                self._stream: Any = (
                    target.add_stream_from_template(stream)
                    if copy
                    else target.add_stream(
                        "aac", rate=stream.rate, layout="mono" if stream.channels == 1 else "stereo"
                    )
                )
                self._waiting = self._copies(stream) if copy else self._encoded(stream)
            else:
                self._waiting = iter(())
        except BaseException:
            self._source.close()
            raise
        self._next = self._pull()

    def until(self, second: float) -> None:
        """Hand over all sound that begins before `second`."""
        while self._next is not None and self._next[0] <= second:
            self._target.mux(self._next[1])
            self._next = self._pull()

    def finish(self) -> None:
        """Hand over the rest."""
        self.until(float("inf"))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _pull(self) -> tuple[float, Any] | None:
        import av

        try:
            return next(self._waiting, None)
        except (av.FFmpegError, ValueError) as error:
            self.lost = f"the sound could not be read to its end: {error}"
            return None

    def _copies(self, stream: Any) -> Iterator[tuple[float, Any]]:
        base = stream.time_base
        shift = round(self._shift / base)
        for packet in self._source.demux(stream):
            if packet.dts is None:
                continue
            packet.dts -= shift
            packet.pts = packet.dts if packet.pts is None else packet.pts - shift
            packet.stream = self._stream
            yield float(packet.dts * base), packet

    def _encoded(self, stream: Any) -> Iterator[tuple[float, Any]]:
        at = 0.0
        for frame in self._source.decode(stream):
            if frame.pts is not None:
                frame.pts -= round(self._shift / frame.time_base)
                at = float(frame.pts * frame.time_base)
            for packet in self._stream.encode(frame):
                yield at, packet
        for packet in self._stream.encode():
            yield at, packet
