"""A copy of a video with boxes, bars and scrolling tracks: same frames at the same times, same length, same sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aukit.contracts.data import Recording
from aukit.contracts.faces import Picture
from aukit.contracts.tracks import Tracks
from aukit.errors import DataError, UsageError
from aukit.ingest.video import VideoFacts, pictures, probe
from aukit.rundir.atomic import storage
from aukit.tracks import drawing
from aukit.tracks.drawing import FACES, GROUND, LOUD, MUTED, Colour, Pixels
from aukit.tracks.faces import main_faces, most_at_once, track_of
from aukit.tracks.panel import FaceNow, Panel, Shape
from aukit.tracks.read import read_tracks
from aukit.tracks.scroll import Series
from aukit.tracks.sound import Sound
from aukit.tracks.tracks_file import TracksFile

CLOCK = 90_000
"""Steps a second of the written times: fine enough for the times of every usual frame rate."""
BT709, LIMITED = 1, 1
"""Numbers of the colour space and range in H.264 (ITU-T H.273)."""
FRAME_DURATION = 1 << 8
"""libavcodec's flag: a packet takes its duration from the frame."""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What was written. `sound` is copied, encoded as AAC or none; `notes`: what the user should know."""

    path: Path
    frames: int
    sound: str
    notes: tuple[str, ...]


def write_overlay(
    video: str | Path,
    tracks: TracksFile | str | Path,
    out: str | Path,
    *,
    aus: Sequence[str] | None = None,
    name: str = "",
    crf: int = 20,
) -> Overlay:
    """Draw tracks over the video that they were made from, as H.264 in MP4.

    The picture stays whole: the panel with the AUs lies beside a square or tall one, below a wide one. Small pictures
    are enlarged. Frames have the original's times, so a variable rate stays one. Tracks that are not of real people,
    or come from a model that is not, say so in a band on every frame.

    Args:
        video: the video file.
        tracks: its tracks, or a tracks file of any kind.
        out: an .mp4 file; one that is there is replaced.
        aus: which AUs are drawn; all by default.
        name: which of the file's videos; needed where it has several and none is called as the video's file.
        crf: quality of the picture; smaller is better.

    Raises:
        UsageError: `out` is no .mp4, or is the video itself; an AU that the file does not have.
        DataError: the video or the tracks cannot be read.
        StorageError: the disk is full or the folder cannot be written; no file is left.
    """
    video, out = Path(video), Path(out)
    file = tracks if isinstance(tracks, TracksFile) else read_tracks(tracks)
    if out.suffix.lower() != ".mp4" or out.resolve() == video.resolve():
        raise UsageError("an overlay is a new .mp4 file", where=str(out), hint="name another file")
    places = file.places(aus)
    shown = file.video(name or (video.stem if video.stem in file.videos else ""))
    picture = _Drawing(shown, list(places), shown.intensity[:, list(places.values())], file)
    facts = probe(video)
    part = out.with_name(f".{out.name}.part")
    with storage(out):
        try:
            frames, sound, notes = _write(video, facts, part, picture, crf)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    rows = int(shown.frame[-1]) + 1 if len(shown) else 0
    if rows > frames:
        notes.append(f"the tracks have rows up to frame {rows}, the video has {frames}: is it another one?")
    return Overlay(path=out, frames=frames, sound=sound, notes=tuple(notes))


def _write(
    video: Path, facts: VideoFacts, part: Path, picture: _Drawing, crf: int
) -> tuple[int, str, list[str]]:
    import av
    from av.video.reformatter import Colorspace, VideoReformatter

    notes: list[str] = []
    count = 0
    converter = VideoReformatter()  # one for all frames: a frame's own would be set up anew for each
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as target:
        # No frames that depend on later ones: each is written at once, at its own time and for its own duration.
        options = {"crf": str(crf), "preset": "veryfast", "bf": "0"}
        stream: Any = target.add_stream("libx264", options=options)
        context = stream.codec_context
        context.time_base = stream.time_base = Fraction(1, CLOCK)
        context.flags |= FRAME_DURATION
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        stream.pix_fmt = "yuv420p"
        zero = _zero(video, facts)
        with closing(Sound(video, target, shift=zero)) as sound:
            for count, (shot, seconds) in enumerate(_with_duration(video, facts, notes), start=1):
                canvas = picture.draw(shot)
                if count == 1:
                    stream.height, stream.width = canvas.shape[:2]
                frame = av.VideoFrame.from_ndarray(canvas, format="rgb24")
                frame = converter.reformat(frame, format="yuv420p", dst_colorspace=Colorspace.ITU709)
                begin = round((facts.start - zero + shot.seconds) * CLOCK)
                frame.pts, frame.time_base = begin, Fraction(1, CLOCK)
                frame.duration = max(1, round((facts.start - zero + shot.seconds + seconds) * CLOCK) - begin)
                target.mux(stream.encode(frame))
                sound.until(begin / CLOCK)
            target.mux(stream.encode())
            sound.finish()
            notes += filter(None, [sound.lost])
            return count, sound.how, notes


def _zero(video: Path, facts: VideoFacts) -> float:
    """The container's first time, of picture or sound: the copy starts there."""
    import av

    with av.open(str(video)) as source:
        start: int | None = source.start_time
        return facts.start if start is None else min(facts.start, start / 1_000_000)


def _with_duration(video: Path, facts: VideoFacts, notes: list[str]) -> Iterator[tuple[Picture, float]]:
    """Each picture and how long it stands; the last one as long as the container says, or as the one before."""
    recording = Recording(video=video.stem, subject="", path=video)
    waiting: Picture | None = None
    step = 1 / facts.fps if facts.fps else 0.04
    try:
        for shot in pictures(recording, on_note=notes.append):
            if waiting is not None:
                step = shot.seconds - waiting.seconds
                yield waiting, step
            waiting = shot
    except DataError as error:
        if waiting is None:
            raise
        notes.append(str(error))
    if waiting is not None:
        left = facts.seconds - waiting.seconds
        yield waiting, left if 0 < left < 10 * step else step


class _Drawing:
    """Draws frame after frame on one canvas."""

    def __init__(
        self, tracks: Tracks, aus: Sequence[str], values: NDArray[np.float32], file: TracksFile
    ) -> None:
        self._tracks, self._aus, self._values, self._mark = tracks, aus, values, file.mark
        faces = main_faces(tracks, len(FACES))
        self._together = most_at_once(tracks, faces)
        self._colours: dict[int, Colour] = dict(zip(faces, FACES, strict=False))
        self._series = {}
        for face, colour in self._colours.items():
            seconds, track = track_of(tracks, face, values)
            self._series[face] = Series(seconds=seconds, values=track, colour=colour)
        self._frames, first = np.unique(tracks.frame, return_index=True)
        self._times = tracks.timestamp[first]
        self._verdicts = {au: str(score.get("verdict", "")) for au, score in file.scores.items()}
        self._canvas: Pixels | None = None
        self._number = 0

    def draw(self, shot: Picture) -> Pixels:
        """The canvas with this picture; it is used again for the next."""
        if self._canvas is None:
            self._start(shot.pixels)
        shape, canvas = self._shape, self._canvas
        assert canvas is not None
        (wide, high), top = shape.picture, shape.banner
        canvas[top : top + high, :wide] = self._sized(shot.pixels, wide, high)
        rows = slice(*np.searchsorted(self._tracks.frame, (self._number, self._number + 1)))
        faces = [self._face(row) for row in range(rows.start, rows.stop) if self._tracks.face_id[row] >= 0]
        view = canvas[top : top + high, :wide]
        for face, box in sorted(faces, key=lambda pair: pair[0].id in self._colours):
            self._box(view, face, box)
        self._panel.draw(
            canvas,
            clock=_clock(shot.seconds),
            number=f"frame {self._number + 1}",
            now=float(np.interp(self._number, self._frames, self._times)) if len(self._frames) else 0.0,
            faces=[face for face, _ in faces],
        )
        self._number += 1
        return canvas

    def _start(self, pixels: Pixels) -> None:
        shape = Shape.of(pixels.shape[1], pixels.shape[0], len(self._aus), banner=bool(self._mark))
        self._shape = shape
        self._canvas = np.full((shape.height, shape.width, 3), GROUND, np.uint8)
        self._panel = Panel(shape, self._aus, self._series, together=self._together, marks=self._verdicts)
        self._panel.background(self._canvas)
        if self._mark:
            drawing.fill(self._canvas, (0, 0, shape.width, shape.banner), LOUD)
            at = (shape.width / 2, shape.banner / 2)
            size = round(14 * shape.unit)
            while size > 8 and drawing.measure(self._mark, size, True)[0] > shape.width - 8:
                size -= 1
            drawing.write(self._canvas, at, self._mark, size, GROUND, bold=True, align="middle")

    def _sized(self, pixels: Pixels, wide: int, high: int) -> Pixels:
        if pixels.shape[:2] == (high, wide):
            return pixels
        return np.asarray(Image.fromarray(pixels).resize((wide, high), Image.Resampling.BICUBIC))

    def _face(self, row: int) -> tuple[FaceNow, NDArray[np.float32]]:
        id = int(self._tracks.face_id[row])
        face = FaceNow(
            id=id,
            confidence=float(self._tracks.confidence[row]),
            values=self._values[row],
            colour=self._colours.get(id, MUTED),
        )
        return face, self._tracks.box[row] * self._shape.enlarge

    def _box(self, view: Pixels, face: FaceNow, box: NDArray[np.float32]) -> None:
        if not np.isfinite(box).all():
            return
        u = self._shape.unit
        x0, y0, x1, y1 = (float(edge) for edge in box)
        drawing.frame(view, (x0, y0, x1, y1), face.colour, max(2, round(1.5 * u)))
        text = f"face {face.id}" + ("" if np.isnan(face.confidence) else f"  {face.confidence:.2f}")
        size = round(11 * u)
        wide, high = drawing.measure(text, size, True)
        left = min(max(x0, 0.0), max(view.shape[1] - wide - 8 * u, 0.0))
        bottom = y0 - 3 * u if y0 >= high + 6 * u else min(y0 + high + 8 * u, view.shape[0])
        drawing.fill(view, (left, bottom - high - 2 * u, left + wide + 8 * u, bottom), face.colour)
        drawing.write(view, (left + 4 * u, bottom - high / 2 - u), text, size, GROUND, bold=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"
