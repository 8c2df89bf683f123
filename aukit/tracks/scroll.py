"""Tracks that scroll: drawn once in pieces as the video goes on, so a frame costs no more than a copy of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aukit.tracks.drawing import CARD, LINE, Colour, Pixels, mix

PIECE = 512
"""Pixels of time that are drawn at once."""
FINER = 3
"""Pieces are drawn this many times larger and reduced: smooth lines."""
TOP = 5.0
"""The highest intensity of FACS."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One face over time: `seconds` float64 (N,) rising, `values` float32 (N,A), NaN where there is none."""

    seconds: NDArray[np.float64]
    values: NDArray[np.float32]
    colour: Colour


class Scroll:
    """The tracks of some AUs, one above the other, over a number of seconds up to now.

    Args:
        series: the faces, drawn in this order.
        aus: which columns of their values are drawn; a row each.
        rows: top and bottom of each row in pixels; the last bottom is the height.
        width: pixels for `seconds` seconds.
        pixel: how many pixels a thin line is thick.
    """

    def __init__(
        self,
        series: Sequence[Series],
        aus: Sequence[int],
        rows: Sequence[tuple[int, int]],
        *,
        width: int,
        seconds: float,
        pixel: float = 1.0,
    ) -> None:
        self._series, self._aus, self._rows = series, aus, rows
        self.width, self.height = width, rows[-1][1]
        self._pace = width / seconds
        self._pixel = pixel
        self._pieces: dict[int, Pixels] = {}

    def until(self, second: float) -> Pixels:
        """The tracks of the last seconds, uint8 (height,width,3): their right edge is `second`."""
        right = round(second * self._pace)
        left = right - self.width
        found = np.empty((self.height, self.width, 3), np.uint8)
        for number in range(left // PIECE, (right - 1) // PIECE + 1):
            start = max(left, number * PIECE)
            stop = min(right, (number + 1) * PIECE)
            piece = self._piece(number)
            found[:, start - left : stop - left] = piece[:, start - number * PIECE : stop - number * PIECE]
        return found

    def _piece(self, number: int) -> Pixels:
        if number not in self._pieces:
            self._pieces = {near: one for near, one in self._pieces.items() if abs(near - number) == 1}
            self._pieces[number] = self._draw(number * PIECE)
        return self._pieces[number]

    def _draw(self, left: int) -> Pixels:
        """The pixels of time `left` to `left + PIECE`."""
        fine = Image.new("RGB", (PIECE * FINER, self.height * FINER), CARD)
        pen = ImageDraw.Draw(fine)
        thin = max(1, round(self._pixel * FINER))
        first, last = left / self._pace, (left + PIECE) / self._pace
        for second in range(int(np.floor(first)), int(np.ceil(last)) + 1):
            x = round((second * self._pace - left) * FINER)
            if second >= 0:
                pen.rectangle((x, 0, x + thin - 1, fine.height), fill=mix(LINE, CARD, 0.75))
        for one in self._series:
            start, stop = np.searchsorted(one.seconds, (first, last))
            near = slice(max(start - 1, 0), stop + 1)
            xs = (one.seconds[near] * self._pace - left) * FINER
            for au, (top, bottom) in zip(self._aus, self._rows, strict=True):
                inside = (bottom - top) * FINER - 2 * thin
                heights = np.clip(one.values[near, au], 0, TOP) / TOP
                ys = bottom * FINER - thin - heights * inside
                for run in _runs(xs, ys):
                    self._line(pen, run, bottom * FINER, one.colour, thin)
        for _, bottom in self._rows:
            pen.rectangle((0, bottom * FINER - thin, fine.width, bottom * FINER - 1), fill=LINE)
        return np.asarray(fine.reduce(FINER))

    def _line(
        self, pen: ImageDraw.ImageDraw, run: list[tuple[float, float]], floor: int, colour: Colour, thin: int
    ) -> None:
        if len(run) == 1:
            (x, y), r = run[0], 1.2 * thin
            pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
            return
        if len(self._series) == 1:
            pen.polygon([(run[0][0], floor), *run, (run[-1][0], floor)], fill=mix(colour, CARD, 0.22))
        pen.line(run, fill=colour, width=round(1.6 * thin), joint="curve")


def _runs(xs: NDArray[Any], ys: NDArray[Any]) -> list[list[tuple[float, float]]]:
    """The stretches without NaN."""
    places = np.flatnonzero(np.isfinite(ys))
    xs, ys = xs[places], ys[places]
    breaks = np.flatnonzero(np.diff(places) > 1) + 1
    pieces = zip(np.split(xs, breaks), np.split(ys, breaks), strict=True)
    return [list(zip(x.tolist(), y.tolist(), strict=True)) for x, y in pieces if len(x)]
