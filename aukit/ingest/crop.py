"""The square that a model sees, cut from a picture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aukit.contracts.faces import CropRule, Picture, SeenFace
from aukit.errors import DataError

EYES = ((0.33, 0.38), (0.67, 0.38))
"""Where `eyes` puts the person's right and left eye in a square without margin, in parts of its side."""
LEFT_TO_DO = 1.25
"""How much a large face is still to be shrunk after whole blocks of pixels were averaged.

Measured on faces, that is within one grey level (root mean square) of shrinking at once, in half of the time.
"""
TURNED_AT = 1.4
"""How much finer than its square a face is when it is turned: measured, the least error of bilinear turning."""

Box = tuple[float, float, float, float]


def cut(picture: Picture, face: SeenFace, rule: CropRule) -> NDArray[np.uint8]:
    """The face as uint8 (size,size,3), anti-aliased. Beyond the picture its outermost pixels are repeated.

    - `tight`: the square about the box's centre whose side is the box's longer side and a margin on each side.
    - `eyes`: the square in which the eyes lie at `EYES`, drawn together about its centre by the margin.
    - `none`: the square about the whole picture, without a margin; `face` does not matter.

    Raises:
        DataError: `eyes` is asked for where the face has no five points.
    """
    height, width = picture.pixels.shape[:2]
    if rule.rule == "none":
        return _upright(picture.pixels, _square((0, 0, width, height), 0), rule.size)
    if rule.rule == "tight":
        return _upright(picture.pixels, _square(face.box, rule.margin), rule.size)
    return _turned(picture.pixels, face, rule)


def _square(box: Box, margin: float) -> Box:
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    half = max(right - left, bottom - top) * (1 + 2 * margin) / 2
    return x - half, y - half, x + half, y + half


def _upright(pixels: NDArray[np.uint8], box: Box, size: int) -> NDArray[np.uint8]:
    piece, place = _piece(pixels, box, (box[2] - box[0]) / size)
    return np.asarray(piece.resize((size, size), Image.Resampling.BILINEAR, box=place))


def _turned(pixels: NDArray[np.uint8], face: SeenFace, rule: CropRule) -> NDArray[np.uint8]:
    if len(face.points) != 5:
        raise DataError(
            f"the crop rule `eyes` needs five points of a face, there are {len(face.points)}",
            hint="choose the crop rule `tight`, or a locator that finds points, such as `yunet`",
        )
    # Points of the plane as complex numbers: a turn and a change of scale is one factor.
    eyes = [complex(*point) for point in face.points[:2]]
    places = [
        rule.size * (0.5 + 0.5j + (complex(*eye) - (0.5 + 0.5j)) / (1 + 2 * rule.margin)) for eye in EYES
    ]
    factor = (eyes[1] - eyes[0]) / (places[1] - places[0])
    scale = abs(factor)
    if scale == 0:
        raise DataError("both eyes of a face are at one place", hint="choose the crop rule `tight`")
    corners = [eyes[0] + factor * (complex(x, y) - places[0]) for x in (0, rule.size) for y in (0, rule.size)]
    across, down = [corner.real for corner in corners], [corner.imag for corner in corners]
    box = min(across), min(down), max(across), max(down)
    # Shrunk upright first, where it is anti-aliased, but not yet so far that turning would blur it visibly.
    shrink = max(1.0, scale / TURNED_AT)
    piece, place = _piece(pixels, box, shrink)
    width, height = (max(1, round((end - start) / shrink)) for start, end in (box[::2], box[1::2]))
    piece = piece.resize((width, height), Image.Resampling.BILINEAR, box=place)
    right, below = width / (box[2] - box[0]), height / (box[3] - box[1])
    first = eyes[0] - factor * places[0] - complex(box[0], box[1])
    matrix = (
        *(factor.real * right, -factor.imag * right, first.real * right),
        *(factor.imag * below, factor.real * below, first.imag * below),
    )
    return np.asarray(
        piece.transform((rule.size, rule.size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    )


def _piece(pixels: NDArray[np.uint8], box: Box, scale: float) -> tuple[Image.Image, Box]:
    """The part of a picture about `box`, and the box in it, for shrinking by `scale`.

    A large part is averaged over whole blocks of pixels first, which is fast. Blocks are counted from the picture's
    corner, not from the box's, so that they stay where they are when the box moves.
    """
    block = max(1, int(scale / LEFT_TO_DO))
    reach = scale / block + 1  # how far the resizing looks beyond the box
    height, width = (-(-length // block) for length in pixels.shape[:2])
    left, top = (math.floor(start / block - reach) for start in box[:2])
    right, bottom = (math.ceil(end / block + reach) for end in box[2:])
    x0, x1 = _within(left, right, width)
    y0, y1 = _within(top, bottom, height)
    piece = Image.fromarray(pixels[y0 * block : y1 * block, x0 * block : x1 * block])
    if block > 1:
        piece = piece.reduce(block)
    if (x0, y0, x1, y1) != (left, top, right, bottom):
        rows = np.arange(top - y0, bottom - y0).clip(0, y1 - y0 - 1)
        columns = np.arange(left - x0, right - x0).clip(0, x1 - x0 - 1)
        piece = Image.fromarray(np.asarray(piece)[rows[:, None], columns])
    x, y, end_x, end_y = box
    return piece, (x / block - left, y / block - top, end_x / block - left, end_y / block - top)


def _within(start: int, stop: int, length: int) -> tuple[int, int]:
    """The part of `start` to `stop` that lies in 0 to `length`, or the pixel nearest to it."""
    first = min(max(start, 0), length - 1)
    return first, max(min(stop, length), first + 1)
