"""Planes of F frames that features are painted on, only where they are, with edges as soft as a pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aukit.builtin.datasets.synthetic.facs import Array

Region = tuple[slice, slice, slice]
Colour = Sequence[float] | Sequence[Array]


def soft(distance: Array, width: float) -> Array:
    """0 to 1 as a signed distance goes from -width to width."""
    out = distance * (0.5 / width)
    out += 0.5
    np.clip(out, 0.0, 1.0, out=out)
    return out


def smooth(value: Array, low: float, high: float) -> Array:
    """The smooth step from 0 at `low` to 1 at `high`."""
    x = np.clip((value - low) * (1.0 / (high - low)), 0.0, 1.0)
    out: Array = x * x * (3.0 - 2.0 * x)
    return out


def bell(x: Array, y: Array | None = None) -> Array:
    """exp(-(x² + y²))."""
    square = x * x
    if y is not None:
        square += y * y
    np.exp(np.negative(square, out=square), out=square)
    return square


class Canvas:
    """Linear-light colour planes (F, H, W) of a batch of frames; `pixel` is a pixel's width in head units."""

    def __init__(self, background: Array, frames: int, pixel: float) -> None:
        self.size = background.shape[1]
        self.frames = frames
        self.pixel = pixel
        self.planes = [np.repeat(plane[None], frames, axis=0) for plane in background]
        self.everywhere: Region = (slice(None), slice(None), slice(None))

    def paint(self, region: Region, mask: Array, colour: Colour) -> None:
        """Blend a colour in where `mask` (F, h, w) is 1."""
        for plane, value in zip(self.planes, colour, strict=True):
            view = plane[region]
            view += mask * (value - view)

    def scale(self, region: Region, factor: Array) -> None:
        """Multiply all colours."""
        for plane in self.planes:
            plane[region] *= factor

    def edge(self, distance: Array, width: float = 0.0) -> Array:
        """1 inside (positive distance, head units), 0 outside; never sharper than the pixel."""
        return soft(distance, max(width, 0.6 * self.pixel))

    def line(self, distance: Array, width: float) -> Array:
        """A bell-shaped line of that width; one thinner than the pixel gets paler, not jagged."""
        wide = (width * width + (0.55 * self.pixel) ** 2) ** 0.5
        out = bell(distance * (1.0 / wide))
        out *= width / wide
        return out

    def wave(self, place: Array, period: float) -> Array:
        """cos(2π place / period), flattened as a pixel would flatten it."""
        out = np.cos(place * (2 * math.pi / period))
        out *= math.exp(-2.0 * (0.40 * math.pi * self.pixel / period) ** 2)
        return out
