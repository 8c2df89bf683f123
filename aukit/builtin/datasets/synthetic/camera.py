"""From pixels to places on the head, and from light to uint8 frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.datasets.synthetic.canvas import Region, soft
from aukit.builtin.datasets.synthetic.facs import Array
from aukit.builtin.datasets.synthetic.people import Person, stream

EXTENT = 1.20
"""Half the picture's width in head units when the head's scale is 1: a tight crop, as the paper's (section 4)."""

MIDDLE = 0.20
"""Height on the head of the picture's middle: from the forehead to the chin."""


@dataclass(frozen=True)
class Pose:
    """Head pose of F frames, each (F,): angles in radians, shift in head units, scale about 1."""

    yaw: Array
    pitch: Array
    roll: Array
    shift_x: Array
    shift_y: Array
    scale: Array

    def rotation(self) -> Array:
        """(F, 3, 3) head to camera: x right, y down, z towards the camera."""
        cy, sy = np.cos(self.yaw), np.sin(self.yaw)
        cp, sp = np.cos(self.pitch), np.sin(self.pitch)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        rows = [
            [cr * cy + sr * sp * sy, -sr * cp, cr * sy - sr * sp * cy],
            [sr * cy - cr * sp * sy, cr * cp, sr * sy + cr * sp * cy],
            [-cp * sy, sp, cp * cy],
        ]
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2).astype(np.float32)


@dataclass
class Surface:
    """What each pixel's ray meets on an ellipsoid: place (u, v), normal (head frame), coverage 0..1."""

    u: Array
    v: Array
    normal: tuple[Array, Array, Array]
    cover: Array


class View:
    """The rays of one batch of frames, and where boxes on the head lie in the picture."""

    def __init__(self, pose: Pose, size: int) -> None:
        self.size = size
        self.pixel = 2 * EXTENT / size
        self.rotation = pose.rotation()
        self.scale, self.shift_x, self.shift_y = pose.scale, pose.shift_x, pose.shift_y
        axis = ((np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1) * EXTENT
        per_frame = (slice(None), None, None)
        grow = 1 / pose.scale[per_frame]
        self.x = (axis[None, None, :] - pose.shift_x[per_frame]) * grow
        self.y = (axis[None, :, None] + MIDDLE - pose.shift_y[per_frame]) * grow
        turn = self.rotation
        self.origin = [
            turn[:, 0, i, None, None] * self.x + turn[:, 1, i, None, None] * self.y for i in range(3)
        ]
        self.ray = [turn[:, 2, i, None, None] for i in range(3)]

    def meet(
        self, width: Array | float, up: float, down: Array | float, depth: float, person: Person
    ) -> Surface:
        """The front crossing of each ray with an ellipsoid whose jaw is tapered.

        It is solved twice, the second time with the half-widths of the height that the first found.

        Args:
            width, depth: half of each. Like `down`, a number or (F, 1, 1).
            up, down: from the middle to the crown and to the chin.
        """
        half_width: Any = width
        half_height: Any = (up + down) * 0.5
        u = v = w = inside = self.x
        for step in range(2):
            places = [
                (origin / half, ray / half)
                for origin, ray, half in zip(
                    self.origin, self.ray, (half_width, half_height, depth), strict=True
                )
            ]
            a = sum(ray * ray for _, ray in places)
            b = sum(origin * ray for origin, ray in places)
            c = sum(origin * origin for origin, _ in places) - 1.0
            inside = b * b - a * c
            t = (np.sqrt(np.maximum(inside, 0.0)) - b) / a
            v = self.origin[1] + t * self.ray[1]
            if step == 0:
                below = soft(v, 0.25)
                half_height = up + below * (down - up)
                fall = np.clip(v * (1 / 1.3), 0.0, 1.0)
                half_width = width * (1.0 + person.jaw * fall * (2.0 - fall))
            else:
                u = self.origin[0] + t * self.ray[0]
                w = self.origin[2] + t * self.ray[2]
                inside = inside / a
        normal = [u / (half_width * half_width), v / (half_height * half_height), w * (1 / depth**2)]
        length = 1.0 / np.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2 + 1e-6)
        cover = soft(inside, 1.8 * self.pixel)
        return Surface(u, v, (normal[0] * length, normal[1] * length, normal[2] * length), cover)

    def region(self, left: float, right: float, top: float, bottom: float, person: Person) -> Region:
        """The slices of the picture that hold a box of the face in every frame of the batch."""
        across = np.linspace(left, right, 3, dtype=np.float32)
        along = np.linspace(top, bottom, 3, dtype=np.float32)
        u, v = (grid.ravel() for grid in np.meshgrid(across, along))
        height = np.where(v < 0, person.crown, person.chin)
        w = person.depth * np.sqrt(np.maximum(1 - (u / person.width) ** 2 - (v / height) ** 2, 0.0))
        points = self.rotation[:, :2] @ np.stack([u, v, w]).astype(np.float32)
        columns = (points[:, 0] * self.scale[:, None] + self.shift_x[:, None]) / EXTENT
        rows = (points[:, 1] * self.scale[:, None] + self.shift_y[:, None] - MIDDLE) / EXTENT
        return (slice(None), self._span(rows), self._span(columns))

    def _span(self, places: Array) -> slice:
        low = int((float(places.min()) + 1) * 0.5 * self.size - 2)
        high = int((float(places.max()) + 1) * 0.5 * self.size + 3)
        start = min(max(low, 0), self.size)
        return slice(start, max(min(high, self.size), start))


class Sensor:
    """Exposure, tint, blur and noise of one camera. Noise is a fixed tile, read where the clock says."""

    _TILE = 61

    def __init__(self, seed: int, video: str, size: int) -> None:
        rng = stream(seed, "sensor", video)
        self.exposure = float(rng.uniform(0.82, 1.12))
        self.tint = [float(value) for value in rng.normal(1.0, 0.035, 3)]
        self.blur = float(rng.uniform(0.02, 0.14))
        self.grain = float(rng.uniform(1.2, 4.0))
        tile = rng.standard_normal((3, size + self._TILE, size + self._TILE), dtype=np.float32)
        self.tile = tile * self.grain
        self.size = size

    def expose(self, planes: list[Array], timestamps: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Linear light planes (F, H, W) to uint8 (F, H, W, 3)."""
        out = np.empty((*planes[0].shape, 3), dtype=np.uint8)
        ticks = np.round(timestamps * 1e4).astype(np.int64)
        rows, columns = (ticks * 7919) % self._TILE, (ticks * 104729) % (self._TILE - 1)
        for channel, plane in enumerate(planes):
            plane = np.sqrt(np.maximum(plane * (self.exposure * self.tint[channel]), 0.0))
            plane = _blur(_blur(plane, self.blur).swapaxes(1, 2), self.blur).swapaxes(1, 2)
            plane *= 255.0
            for frame, row, column in zip(plane, rows, columns, strict=True):
                frame += self.tile[channel, row : row + self.size, column : column + self.size]
            out[..., channel] = np.clip(plane, 0.0, 255.0)
        return out


def _blur(plane: Array, side: float) -> Array:
    """Three taps down the rows."""
    out = plane * (1.0 - 2.0 * side)
    out[:, 1:] += side * plane[:, :-1]
    out[:, :-1] += side * plane[:, 1:]
    out[:, 0] += side * plane[:, 0]
    out[:, -1] += side * plane[:, -1]
    return out
