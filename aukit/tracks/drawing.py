"""Marks on uint8 pictures (H,W,3), fast enough for video: cached text, filled and framed boxes, mixed colours."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

GROUND: Colour = (0x14, 0x17, 0x1B)
CARD: Colour = (0x1D, 0x21, 0x26)
LINE: Colour = (0x32, 0x38, 0x3F)
MUTED: Colour = (0x9A, 0xA3, 0xAE)
INK: Colour = (0xE8, 0xEA, 0xED)
LOUD: Colour = (0xF0, 0xA0, 0x4B)
FACES: tuple[Colour, ...] = (
    (0x5A, 0xAA, 0xF5),
    (0xFB, 0x92, 0x3C),
    (0x4C, 0xC3, 0x8A),
    (0xC5, 0x8B, 0xE0),
)
"""One colour a face, those of the report's dark side."""


def mix(colour: Colour, ground: Colour, share: float) -> Colour:
    """`share` parts of `colour` over `ground`."""
    red, green, blue = (round(share * a + (1 - share) * b) for a, b in zip(colour, ground, strict=True))
    return red, green, blue


@lru_cache(maxsize=32)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font that matplotlib brings: the same picture on every machine."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)), size)


@lru_cache(maxsize=512)
def _letters(text: str, size: int, bold: bool) -> NDArray[np.uint16]:
    """How much of each pixel is covered, 0..255: (h,w). The height is that of the font, whatever the letters."""
    face = font(size, bold)
    rise, fall = face.getmetrics()
    width = max(1, round(face.getlength(text)))
    mask = Image.new("L", (width, rise + fall))
    ImageDraw.Draw(mask).text((0, 0), text, font=face, fill=255)
    return np.asarray(mask, dtype=np.uint16)


def measure(text: str, size: int, bold: bool = False) -> tuple[int, int]:
    """Width and height of a text in pixels."""
    height, width = _letters(text, size, bold).shape
    return width, height


def fitted(text: str, width: int, size: int) -> str:
    """The text, cut with an ellipsis where it is wider than `width` pixels."""
    while text and measure(text, size)[0] > width:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def write(
    canvas: Pixels,
    at: tuple[float, float],
    text: str,
    size: int,
    colour: Colour,
    *,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Write text whose left, middle or right is at x, and whose middle is at height y. What lies outside is cut off."""
    letters = _letters(text, size, bold)
    height, width = letters.shape
    x = round(at[0] - {"left": 0, "middle": width / 2, "right": width}[align])
    y = round(at[1] - height / 2)
    top, left = max(0, -y), max(0, -x)
    below = canvas[max(y, 0) : y + height, max(x, 0) : x + width]
    mask = letters[top : top + below.shape[0], left : left + below.shape[1], None]
    if below.size:
        below[:] = (below * (255 - mask) + np.array(colour, np.uint16) * mask) // 255


def fill(canvas: Pixels, box: tuple[float, float, float, float], colour: Colour) -> None:
    """Fill a box x0 y0 x1 y1; its right edge may lie between two pixels."""
    x0, y0, y1 = max(round(box[0]), 0), max(round(box[1]), 0), max(round(box[3]), 0)
    whole = int(box[2])
    canvas[y0:y1, x0 : max(whole, x0)] = colour
    part = box[2] - whole
    if part > 0 and x0 <= whole < canvas.shape[1]:
        edge = canvas[y0:y1, whole]
        edge[:] = (edge * (1 - part) + np.array(colour) * part).astype(np.uint8)


def frame(canvas: Pixels, box: tuple[float, float, float, float], colour: Colour, thick: int) -> None:
    """The outline of a box, with dark edges so that it shows on any ground, and heavier corners."""
    x0, y0, x1, y1 = (round(edge) for edge in box)
    reach = max(3 * thick, round(0.16 * min(x1 - x0, y1 - y0)))
    for grow, ink, weight in ((1, GROUND, thick + 2), (0, colour, thick)):
        a, b, c, d = x0 - grow, y0 - grow, x1 + grow, y1 + grow
        for left, top, right, bottom in (
            (a, b, c, b + weight),
            (a, d - weight, c, d),
            (a, b, a + weight, d),
            (c - weight, b, c, d),
        ):
            fill(canvas, (max(left, 0), top, max(right, 0), bottom), ink)
    for x, y, across, down in ((x0, y0, 1, 1), (x1, y0, -1, 1), (x0, y1, 1, -1), (x1, y1, -1, -1)):
        for dx, dy in ((across * reach, down * 2 * thick), (across * 2 * thick, down * reach)):
            left, right = sorted((x, x + dx))
            top, bottom = sorted((y, y + dy))
            fill(canvas, (max(left, 0), top, max(right, 0), bottom), colour)
