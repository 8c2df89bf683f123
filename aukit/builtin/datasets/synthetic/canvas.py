"""Planes of F frames that features are painted on, only where they are, with edges as soft as a pixel is wide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aukit.builtin.datasets.synthetic.facs import Array

Region = tuple[slice, slice, slice]
Colour = Sequence[float] | Sequence[Array]


def soft(distance: Array, width: float) -> Array:
    """0 to 1 as a signed distance goes from -width to width."""
    out = distance * (0.5 / width)
    out += 0.5
    return np.clip(out, 0.0, 1.0, out=out)


def smooth(value: Array, low: float, high: float) -> Array:
    """The smooth step from 0 at `low` to 1 at `high`."""
    out = (value - low) * (1.0 / (high - low))
    np.clip(out, 0.0, 1.0, out=out)
    return out * out * (3.0 - 2.0 * out)


def bell(x: Array, y: Array | None = None) -> Array:
    """exp(-(x² + y²))."""
    square = x * x
    if y is not None:
        square += y * y
    return np.exp(np.negative(square, out=square), out=square)


class Canvas:
    """Linear-light colour planes (F, H, W) of a batch of frames and the head coordinates of each pixel.

    `u`, `v` are head coordinates of the visible surface, `pixel` is the width of a pixel in them, `shade` multiplies
    the colours of everything on the head at the end, so that creases and light work on all of it.
    """

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
        """A bell-shaped line of that width, prefiltered: a line thinner than the pixel gets paler, not jagged."""
        wide = (width * width + (0.55 * self.pixel) ** 2) ** 0.5
        out = bell(distance * (1.0 / wide))
        out *= width / wide
        return out
