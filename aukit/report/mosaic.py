"""A contact sheet of a clip store: a few faces of each video, so that a wrong crop is seen before it is learnt from."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from aukit.clips.reader import ClipStore, StoredVideo
from aukit.clips.video_writer import storage
from aukit.errors import DataError

SIDE, CAPTION, GAP, HEAD = 72, 14, 8, 24
"""Pixels: of a face, of the line above a video's faces, between videos, of the line above all."""
MOST_VIDEOS = 240
INK, FAINT, PAPER = (20, 20, 20), (110, 110, 110), (255, 255, 255)


def write_mosaic(
    store: ClipStore | str | Path, out: str | Path, *, per_video: int = 4, most: int = MOST_VIDEOS
) -> Path:
    """Draw `per_video` faces of each video, spread over its time, beneath the video's id and subject.

    Of more than `most` videos, so many are drawn, spread over all. 240 videos make a sheet of about 2,500 × 2,300
    pixels. Frames without a face are left out; the headline says what the store is, and its origin where not real.

    Raises:
        DataError: the store cannot be read, or `out` is no picture's name.
        StorageError: the picture cannot be written.
    """
    store, out = store if isinstance(store, ClipStore) else ClipStore(store), Path(out)
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise DataError(f"no picture can be called {out.name!r}", where=str(out), hint="such as mosaic.png")
    videos = store.videos
    shown = [videos[place] for place in _spread(len(videos), most)]
    block = (per_video * SIDE, CAPTION + SIDE)
    # About as wide as high.
    columns = max(
        1, min(len(shown), round(math.sqrt(len(shown) * (block[1] + GAP) / (block[0] + GAP) * 1.3)))
    )
    rows = math.ceil(len(shown) / columns)
    width = max(columns * (block[0] + GAP) + GAP, 480)
    sheet = Image.new("RGB", (width, HEAD + rows * (block[1] + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, 6), _headline(store, len(shown)), fill=INK, font=_font(12))
    with contextlib.closing(store):
        for number, video in enumerate(shown):
            left = GAP + number % columns * (block[0] + GAP)
            top = HEAD + number // columns * (block[1] + GAP)
            _caption(draw, (left, top), video, block[0])
            for place, face in enumerate(_faces(store, video, per_video)):
                sheet.paste(face, (left + place * SIDE, top + CAPTION))
    with storage(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(out)
    return out


def _faces(store: ClipStore, video: StoredVideo, count: int) -> list[Image.Image]:
    valid = np.flatnonzero(store.column(video.id, "valid"))
    chosen = [int(valid[place]) for place in _spread(len(valid), count)]
    frames = [store.frames(video.id, frame, frame + 1)[0] for frame in chosen]
    return [
        Image.fromarray(frame).resize(
            (SIDE, SIDE), Image.Resampling.BOX if len(frame) > SIDE else Image.Resampling.BICUBIC
        )
        for frame in frames
    ]


def _spread(length: int, count: int) -> NDArray[np.int64]:
    """At most `count` places of `length`, evenly: the middles of equal parts."""
    count = min(length, count)
    return ((np.arange(count) + 0.5) * length / max(count, 1)).astype(np.int64)


def _headline(store: ClipStore, shown: int) -> str:
    count = len(store.videos)
    videos = f"{count} videos" if shown == count else f"{shown} of {count} videos"
    origin = "" if store.origin == "real" else f"  ·  {store.origin} people, not real ones"
    return f"{store.path.name}  ·  {store.data_set}  ·  {videos}{origin}"


def _caption(draw: ImageDraw.ImageDraw, place: tuple[int, int], video: StoredVideo, width: int) -> None:
    """The video's id, and after it the subject where that says more; too long a line is cut at its end."""
    font = _font(10)
    subject = "" if not video.subject or video.subject in video.id else f"  {video.subject}"
    text = f"{video.id}{subject}"
    while draw.textlength(text, font=font) > width:
        text = text.removesuffix("…")[:-1] + "…"
    draw.text(place, text, fill=FAINT, font=font)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
