"""The panel beside or below a picture: for each AU its name, the value now as a bar, and the last seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aukit.report.facs import au_name
from aukit.tracks import drawing
from aukit.tracks.drawing import CARD, GROUND, INK, LINE, LOUD, MUTED, Colour, Pixels
from aukit.tracks.scroll import TOP, Scroll, Series

SECONDS = 5.0
"""How much of the past is shown."""
SMALLEST = 360
"""Pictures with a shorter side than this are enlarged by a whole number."""
ROW, TALLEST_ROW = 26, 46
"""Least and greatest height of an AU's row beside a picture, in units."""
BESIDE, BELOW = 440, 310
"""Width of a column of AUs beside a picture, and the least below one, in units."""
HEADER, SCALE, EDGE = 58, 18, 12
"""Heights of the header and of the line with the scales, and the border, in units."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Where things are, in pixels. `unit` is the size of one unit, `enlarge` how much the picture grows."""

    width: int
    height: int
    enlarge: int
    unit: float
    banner: int
    picture: tuple[int, int]
    panel: tuple[int, int, int, int]
    columns: int
    row: int

    @classmethod
    def of(cls, width: int, height: int, aus: int, *, banner: bool) -> Shape:
        """Room for a picture and a panel of so many AUs: beside a square or tall picture, below a wide one."""
        enlarge = max(1, math.ceil(SMALLEST / min(width, height)))
        width, height = width * enlarge, height * enlarge
        unit = max(1.0, min(width, height) / 540)
        band = round(30 * unit) if banner else 0
        least = round(ROW * unit)
        around = round((HEADER + SCALE + EDGE) * unit)
        if width <= 1.4 * height:
            rows = math.ceil(aus / math.ceil(aus / max(1, (height - around) // least)))
            columns = math.ceil(aus / rows)
            row = min((height - around) // rows, round(TALLEST_ROW * unit))
            side = columns * round(BESIDE * unit)
            size, panel = (width + side, height), (width, band, width + side, band + height)
        else:
            rows = math.ceil(aus / min(max(1, width // round(BELOW * unit)), aus))
            columns = math.ceil(aus / rows)
            row = round(32 * unit)
            below = around + rows * row
            size, panel = (width, height + below), (0, band + height, width, band + height + below)
        return cls(
            width=size[0] + size[0] % 2,  # yuv420p: even sides only
            height=size[1] + band + (size[1] + band) % 2,
            enlarge=enlarge,
            unit=unit,
            banner=band,
            picture=(width, height),
            panel=panel,
            columns=columns,
            row=row,
        )


@dataclass(frozen=True, kw_only=True)
class FaceNow:
    """One face in one frame: `values` float32 (A,), NaN where there is none."""

    id: int
    confidence: float
    values: NDArray[np.float32]
    colour: Colour


class Panel:
    """Draws the panel of a frame.

    Args:
        shape: where it is.
        aus: names of the AUs.
        series: the faces whose tracks are drawn, by id; those of them that are there get a bar each.
        together: how many of them are seen at once at most.
        marks: a word that stands behind an AU's name, such as its verdict.
    """

    def __init__(
        self,
        shape: Shape,
        aus: Sequence[str],
        series: Mapping[int, Series],
        *,
        together: int,
        marks: Mapping[str, str],
    ) -> None:
        self._shape, self._aus, self._bars, self._marks = (
            shape,
            aus,
            max(1, min(together, len(series))),
            marks,
        )
        self._ids = list(series)
        u = shape.unit
        left, top, right, _ = shape.panel
        self._top = top + round((HEADER + SCALE) * u)
        rows = math.ceil(len(aus) / shape.columns)
        wide = (right - left - round(EDGE * u)) // shape.columns
        self._cells = [
            (left + round(EDGE * u) + (i // rows) * wide, self._top + (i % rows) * shape.row)
            for i in range(len(aus))
        ]
        inner = wide - round(EDGE * u)
        label, number = round(min(0.32 * inner, 122 * u)), round((40 if self._bars == 1 else 12) * u)
        self._bar = (label, round(0.2 * inner))
        self._track = self._bar[0] + self._bar[1] + number
        self._scrolls = []
        pad = max(2, round(0.13 * shape.row))
        for column in range(shape.columns):
            members = range(column * rows, min((column + 1) * rows, len(aus)))
            if members:
                cells = [(i * shape.row + pad, (i + 1) * shape.row - pad) for i in range(len(members))]
                scroll = Scroll(
                    list(series.values()),
                    members,
                    cells,
                    width=inner - self._track,
                    seconds=SECONDS,
                    pixel=u,
                )
                self._scrolls.append((self._cells[members[0]], scroll))

    @property
    def _small(self) -> int:
        return round(10.5 * self._shape.unit)

    def background(self, canvas: Pixels) -> None:
        """What stands still: grounds, names, scales."""
        shape, u = self._shape, self._shape.unit
        left, top, right, bottom = shape.panel
        drawing.fill(canvas, (left, top, right, bottom), GROUND)
        tall = shape.row > 30 * u
        size = round(13 * u)
        for au, (x, y) in zip(self._aus, self._cells, strict=True):
            middle = y + shape.row / 2
            name = drawing.fitted(au_name(au), self._bar[0] - round(6 * u), round(9.5 * u))
            drawing.write(canvas, (x, middle - (7 * u if tall and name else 0)), au, size, INK, bold=True)
            if tall:
                drawing.write(canvas, (x, middle + 8 * u), name, round(9.5 * u), MUTED)
            if au in self._marks:
                at = x + drawing.measure(au, size, True)[0] + round(7 * u)
                drawing.write(
                    canvas, (at, middle - (7 * u if tall else 0)), self._marks[au], round(9 * u), MUTED
                )
        for (x, _), scroll in self._scrolls:
            high = self._top - SCALE * u / 2
            bar, wide = x + self._bar[0], self._bar[1]
            drawing.write(canvas, (bar, high), "0", self._small, MUTED, align="middle")
            drawing.write(canvas, (bar + wide, high), f"{TOP:g}", self._small, MUTED, align="middle")
            drawing.write(canvas, (x + self._track, high), f"−{SECONDS:g} s", self._small, MUTED)
            drawing.write(
                canvas, (x + self._track + scroll.width, high), "now", self._small, MUTED, align="right"
            )

    def draw(self, canvas: Pixels, *, clock: str, number: str, now: float, faces: Sequence[FaceNow]) -> None:
        """What moves: the time, who is there, bars and tracks. `now` is on the tracks' own clock."""
        shape, u = self._shape, self._shape.unit
        left, top, right, _ = shape.panel
        drawing.fill(canvas, (left, top, right, top + HEADER * u), GROUND)
        edge = round(EDGE * u)
        drawing.write(canvas, (left + edge, top + 20 * u), clock, round(19 * u), INK, bold=True)
        drawing.write(canvas, (right - edge, top + 20 * u), number, round(12 * u), MUTED, align="right")
        self._who(canvas, (left + edge, top + 45 * u), right - edge, faces)
        for (x, y), scroll in self._scrolls:
            track = x + self._track
            canvas[y : y + scroll.height, track : track + scroll.width] = scroll.until(now)
            edge_of_now = (track + scroll.width - 1.5 * u, y, track + scroll.width, y + scroll.height)
            drawing.fill(canvas, edge_of_now, MUTED)
        shown = [face for face in faces if face.id in self._ids][: self._bars]
        for place, (x, y) in enumerate(self._cells):
            self._bar_of(canvas, x + self._bar[0], y, [(face.values[place], face.colour) for face in shown])

    def _who(self, canvas: Pixels, at: tuple[float, float], most: int, faces: Sequence[FaceNow]) -> None:
        size, u = round(12 * self._shape.unit), self._shape.unit
        x, y = at
        if not faces:
            drawing.write(canvas, at, "no face in this frame", size, LOUD)
        for left, face in zip(range(len(faces), 0, -1), faces, strict=True):
            sure = "" if math.isnan(face.confidence) else f"  {face.confidence:.2f}"
            text = f"face {face.id}{sure}"
            width = round(14 * u) + drawing.measure(text, size)[0]
            if x + width + 60 * u > most and left > 1:
                drawing.write(canvas, (x, y), f"and {left} more", size, MUTED)
                return
            drawing.fill(canvas, (x, y - 4 * u, x + 8 * u, y + 4 * u), face.colour)
            drawing.write(canvas, (x + 14 * u, y), text, size, INK)
            x += width + round(16 * u)

    def _bar_of(self, canvas: Pixels, x: int, y: int, values: Sequence[tuple[float, Colour]]) -> None:
        shape, u = self._shape, self._shape.unit
        wide, pad = self._bar[1], max(3.0, 0.24 * shape.row)
        top, bottom = round(y + pad), round(y + shape.row - pad)
        drawing.fill(canvas, (x, top, x + wide, bottom), CARD)
        thin = max(1, round(u))
        for level in range(1, round(TOP)):
            at = round(x + wide * level / TOP)
            canvas[top:bottom, at : at + thin] = LINE
        each = (bottom - top) / self._bars
        for place, (value, colour) in enumerate(values):
            if math.isfinite(value):
                end = x + wide * min(max(value, 0.0), TOP) / TOP
                drawing.fill(canvas, (x, top + place * each, end, top + (place + 1) * each), colour)
        if self._bars == 1:
            value = values[0][0] if values else math.nan
            room = (x + wide + round(2 * u), y, x + wide + round(36 * u), y + shape.row)
            drawing.fill(canvas, room, GROUND)
            text = f"{value:z.{0 if abs(value) >= 10 else 1}f}" if math.isfinite(value) else "–"
            right = (x + wide + round(34 * u), y + shape.row / 2)
            drawing.write(canvas, right, text.replace("-", "−"), round(12.5 * u), INK, align="right")
