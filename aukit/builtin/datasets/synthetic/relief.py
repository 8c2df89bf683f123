"""Relief: bumps that catch the light, creases that lose it, and the light itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aukit.builtin.datasets.synthetic.camera import Surface, View
from aukit.builtin.datasets.synthetic.canvas import Canvas, bell, smooth
from aukit.builtin.datasets.synthetic.facs import Array, Controls
from aukit.builtin.datasets.synthetic.people import Person


@dataclass(frozen=True)
class Light:
    """Directions (F, 3) towards the light in the camera frame, and how much of the light has no direction."""

    direction: Array
    ambient: float
    colour: tuple[float, float, float]


def bumps(
    person: Person, controls: Controls
) -> list[tuple[float, Array | float, float, float, Array | float]]:
    """(u, v, half-width, half-height, height) of each swelling and hollow; cheeks swell, the chin rises."""
    tip = person.eye_y + person.nose_length + 0.05 - 0.4 * controls("nose_up")
    jaw = controls("jaw")
    chin = 1.13 + 0.85 * jaw - controls("chin_up")
    tall = person.nose_height
    out: list[tuple[float, Array | float, float, float, Array | float]] = [
        (0.0, tip - 0.28, 0.085, 0.27, tall * 0.9),
        (0.0, tip, 0.115, 0.10, tall * 0.85),
        (
            0.0,
            0.96 + 0.5 * jaw - 0.6 * controls("chin_up"),
            0.22,
            0.065,
            -0.03 - 0.05 * controls("lip_furrow"),
        ),
        (0.0, chin, 0.20, 0.14, 0.055 + 0.05 * controls("chin_dimples")),
        (0.0, person.eye_y - 0.31, 0.10, 0.07, 0.06 * controls("glabella") + 0.02),
    ]
    for side in (-1, 1):
        cheek = controls("cheek", side)
        up = 0.06 * cheek
        out += [
            (
                side * (person.nose_width - 0.045),
                tip + 0.045 - 0.5 * controls("nose_up", side),
                0.07,
                0.07,
                0.065,
            ),
            (side * person.eye_x, person.eye_y, 0.23, 0.15, -0.085),
            (side * 0.38, person.eye_y - 0.25, 0.28, 0.09, 0.045),
            (side * 0.58, 0.20 - up, 0.20, 0.17, 0.045 + 0.085 * cheek),
            (side * 0.62, 0.72, 0.22, 0.24, -0.05 * controls("jaw", side) - 0.02 * person.age),
        ]
    return out


class Relief:
    """The shade of a batch of frames: filled with light, then deepened by the features' creases."""

    def __init__(self, canvas: Canvas, view: View, person: Person) -> None:
        self.canvas, self.view, self.person = canvas, view, person
        self.dark = np.zeros((canvas.frames, canvas.size, canvas.size), dtype=np.float32)

    def light(self, surface: Surface, controls: Controls, light: Light) -> tuple[Array, Array]:
        """(shade, shine), each (F, H, W): Lambert's law over the bumped normals, and a broad highlight."""
        nx, ny, nz = (plane.copy() for plane in surface.normal)
        for u0, v0, wide, high, amount in bumps(self.person, controls):
            low, top = (float(np.min(v0)), float(np.max(v0)))
            region = self.view.region(
                u0 - 2.2 * wide, u0 + 2.2 * wide, low - 2.2 * high, top + 2.2 * high, self.person
            )
            x = (surface.u[region] - u0) * (1 / wide)
            y = (surface.v[region] - v0) * (1 / high)
            slope = bell(x, y)
            slope *= 2.0 * amount
            nx[region] += slope * x * (1 / wide)
            ny[region] += slope * y * (1 / high)
        length = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-6)
        toward = np.einsum("fij,fi->fj", self.view.rotation, light.direction)
        facing = nx * toward[:, 0, None, None] + ny * toward[:, 1, None, None] + nz * toward[:, 2, None, None]
        facing *= length
        np.clip(facing * 0.88 + 0.12, 0.0, 1.0, out=facing)
        shade = light.ambient * (1.0 - 0.22 * ny * length) + (1.15 - light.ambient) * facing
        eighth = facing * facing
        eighth *= eighth
        eighth *= eighth
        return shade, eighth * (self.person.shine * (1.0 - light.ambient))

    def crease(self, region: tuple[slice, slice, slice], amount: Array) -> None:
        """Take light away; a negative amount is a ridge beside a furrow and gives some."""
        self.dark[region] += amount

    def apply(self, shade: Array) -> Array:
        """The shade after the creases."""
        shade *= np.exp(-np.clip(self.dark * self.person.crease, -0.4, 2.0))
        return shade


def forehead(relief: Relief, u: Array, v: Array, controls: Controls) -> None:
    """AU01 furrows the middle of the forehead, AU02 its sides; an old forehead is never quite smooth."""
    person = relief.person
    top = person.brow_y - 0.50
    region = relief.view.region(-0.85, 0.85, top - 0.05, person.brow_y + 0.02, person)
    u, v = u[region], v[region]
    lift = 0.35 * (
        controls("brow_inner_up") * bell(u * 2.5) + controls("brow_outer_up") * (1 - bell(u * 2.2))
    )
    phase = v + lift + 0.05 * u * u
    furrow = relief.canvas.wave(phase - person.brow_y, 0.125)
    window = smooth(phase, top, top + 0.12) * (
        1.0 - smooth(phase, person.brow_y - 0.13, person.brow_y - 0.05)
    )
    middle = bell(u * (1 / 0.30))
    right = smooth(u, 0.25, 0.42) * (1.0 - smooth(u, 0.66, 0.84))
    left = smooth(-u, 0.25, 0.42) * (1.0 - smooth(-u, 0.66, 0.84))
    depth = 0.05 * person.age + middle * 0.60 * controls("forehead_middle")
    depth = depth + 0.50 * (right * controls("forehead_side", 1) + left * controls("forehead_side", -1))
    relief.crease(region, window * depth * (furrow * 0.75 + 0.15))


def glabella(relief: Relief, u: Array, v: Array, controls: Controls) -> None:
    """AU04: upright furrows between the brows. AU09: furrows across and beside the root of the nose."""
    person, line = relief.person, relief.canvas.line
    region = relief.view.region(-0.32, 0.32, person.brow_y - 0.22, person.eye_y + 0.36, person)
    u, v = u[region], v[region]
    upright = line(np.abs(u) - 0.055, 0.028) * bell((v - person.brow_y - 0.01) * (1 / 0.12))
    relief.crease(region, upright * (0.85 * controls("glabella") + 0.08 * person.age))
    wrinkle = controls("nose_wrinkle")
    rings = 0.7 + 0.7 * relief.canvas.wave(v - person.eye_y + 0.9 * np.abs(u), 0.115)
    root = bell(u * (1 / 0.15), (v - person.eye_y - 0.09) * (1 / 0.13))
    relief.crease(region, root * rings * (0.85 * wrinkle))
    sides = line(np.abs(u) - 0.10 - 0.35 * (v - person.eye_y), 0.03) * bell(
        (v - person.eye_y - 0.14) * (1 / 0.11)
    )
    relief.crease(region, sides * (0.8 * wrinkle))


def cheeks(relief: Relief, u: Array, v: Array, controls: Controls) -> None:
    """Fold from nose to mouth corner (AU09, AU10, AU12), furrow under the eye and crow's feet (AU06)."""
    person, line = relief.person, relief.canvas.line
    for side in (-1, 1):
        region = relief.view.region(side * 0.45 - 0.35, side * 0.45 + 0.35, 0.15, 1.0, person)
        x, y = u[region] * side, v[region]
        fold, upper = controls("fold", side), controls("fold_upper", side)
        along = (y - 0.30) * (1 / 0.50)
        place = (
            person.nose_width
            + 0.02
            + (0.26 + 0.5 * controls("corner_out", side)) * np.maximum(along, 0.0) ** 0.8
        )
        place = place + 0.10 * fold * along * (1.0 - along)
        where = x - place
        window = smooth(along, -0.12, 0.12) * (1.0 - smooth(along, 0.72, 1.12))
        high = window * (1.0 - smooth(along, 0.30, 0.75))
        depth = window * (0.60 * fold + 0.08 + 0.16 * person.age) + high * (0.70 * upper)
        relief.crease(region, depth * (line(where, 0.050) - 0.35 * line(where - 0.11, 0.08)))
        stretch = controls("stretch", side) * 0.75
        beside = (
            x - person.mouth_width - controls("corner_out", side) - 0.08 - 0.2 * (y - person.mouth_y) ** 2
        )
        relief.crease(region, stretch * line(beside, 0.035) * bell((y - person.mouth_y - 0.02) * (1 / 0.14)))

        region = relief.view.region(side * 0.48 - 0.45, side * 0.48 + 0.45, -0.42, 0.34, person)
        x, y = u[region] * side - person.eye_x, v[region] - person.eye_y
        under = y - 0.155 + 0.9 * x * x + 0.02 * controls("cheek", side)
        bag = line(under, 0.032) * bell(x * (1 / 0.21))
        relief.crease(region, bag * (0.62 * controls("eye_bag", side) + 0.06 + 0.22 * person.age))
        outside = x - person.eye_width
        fan = relief.canvas.wave((y + 0.01) / (1.0 + 2.8 * np.clip(outside, 0.0, 0.3)), 0.09)
        reach = (
            smooth(outside, 0.02, 0.08) * (1.0 - smooth(outside, 0.13, 0.27)) * bell((y - 0.01) * (1 / 0.11))
        )
        relief.crease(
            region, reach * (0.5 + 0.6 * fan) * (0.72 * controls("crows_feet", side) + 0.07 * person.age)
        )


def lower_face(relief: Relief, u: Array, v: Array, controls: Controls) -> None:
    """Marks of the mouth's corners (AU12, AU14, AU15) and of the chin (AU17)."""
    person, line = relief.person, relief.canvas.line
    corner_v = person.mouth_y + person.mouth_curve
    for side in (-1, 1):
        region = relief.view.region(side * 0.48 - 0.26, side * 0.48 + 0.26, 0.45, 1.25, person)
        x = u[region] * side - person.mouth_width - controls("corner_out", side)
        y = v[region] - corner_v + controls("corner_up", side)
        relief.crease(region, bell((x - 0.01) * (1 / 0.055), y * (1 / 0.055)) * 0.22)
        dimple = line(x - 0.055 + 0.9 * y * y, 0.034) * bell((y - 0.01) * (1 / 0.12))
        puff = bell((x - 0.15) * (1 / 0.09), y * (1 / 0.13))
        relief.crease(region, (0.95 * dimple - 0.22 * puff) * controls("dimple", side))
        pouch = line(x - 0.01 - 0.30 * (y - 0.02), 0.045) * bell((y - 0.12) * (1 / 0.11))
        puff = bell((x + 0.06) * (1 / 0.08), (y - 0.14) * (1 / 0.08))
        relief.crease(
            region, (0.72 * pouch - 0.2 * puff) * controls("corner_pouch", side) + 0.12 * person.age * pouch
        )
    middle = 1.12 + 0.85 * controls("jaw") - controls("chin_up")
    reach = float(np.max(controls("jaw")))
    region = relief.view.region(-0.4, 0.4, 0.80, 1.35 + reach, person)
    x, y = u[region], v[region] - middle
    pits = relief.canvas.wave(x, 0.13) * relief.canvas.wave(y + 0.015, 0.12)
    relief.crease(
        region, bell(x * (1 / 0.21), y * (1 / 0.13)) * (0.28 + 0.40 * pits) * controls("chin_dimples")
    )
    furrow = line(y + 0.165 - 0.5 * x * x, 0.035) * bell(x * (1 / 0.20))
    relief.crease(region, furrow * (0.9 * controls("lip_furrow") + 0.08))
