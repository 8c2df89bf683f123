"""What is not expression: background, shoulders, hair, ears, skin, beard, nose, glasses."""

from __future__ import annotations

import numpy as np

from aukit.builtin.datasets.synthetic.camera import Surface, View
from aukit.builtin.datasets.synthetic.canvas import Canvas, bell, smooth, soft
from aukit.builtin.datasets.synthetic.facs import Array, Controls
from aukit.builtin.datasets.synthetic.people import RGB, Person, linear, stream


def draw_background(seed: int, video: str, size: int) -> Array:
    """(3, H, W) linear light: a gradient, a few blurred shapes and a fine texture, for a whole video."""
    rng = stream(seed, "background", video)
    axis = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    x, y = axis[None, :], axis[:, None]
    base = np.array(linear(rng.uniform(0.15, 0.85) + rng.normal(0, 0.08, 3)), dtype=np.float32)
    slope = rng.normal(0, 0.25, 2)
    out = base[:, None, None] * (1.0 + slope[0] * x + slope[1] * y)[None].astype(np.float32)
    for _ in range(int(rng.integers(2, 7))):
        where, reach = rng.uniform(-1.1, 1.1, 2), rng.uniform(0.12, 0.6, 2)
        blob = np.maximum(np.abs(x - where[0]) / reach[0], np.abs(y - where[1]) / reach[1])
        if rng.random() < 0.5:
            blob = np.sqrt(((x - where[0]) / reach[0]) ** 2 + ((y - where[1]) / reach[1]) ** 2)
        mask = soft((1.0 - blob).astype(np.float32), float(rng.uniform(0.05, 0.5)))
        colour = np.array(linear(rng.uniform(0.1, 0.9) + rng.normal(0, 0.12, 3)), dtype=np.float32)
        out += 0.8 * mask * (colour[:, None, None] - out)
    wave = rng.uniform(5, 40, 2)
    texture = 1.0 + 0.06 * np.sin(wave[0] * x + rng.uniform(0, 6)) * np.sin(wave[1] * y + rng.uniform(0, 6))
    picture: Array = (out * texture).astype(np.float32)
    return picture.clip(0.0, 1.0)


def draw_body(canvas: Canvas, view: View, person: Person, clothes: RGB) -> None:
    """Hair behind the neck, neck and shoulders, in the picture's own plane below the head."""
    turn = view.rotation
    y = view.y
    lean_x = turn[:, 0, 1, None, None]
    x = view.x - 0.35 * lean_x * np.maximum(y, 0.0)
    if person.long_hair:
        fall = 1.0 - (x * (1 / 1.14)) ** 4 - (np.minimum(y - 0.1, 0.0) * (1 / 1.6)) ** 2
        canvas.paint(canvas.everywhere, canvas.edge(fall, 0.08), [0.6 * value for value in person.hair])
    neck = canvas.edge(0.52 * person.width + 0.12 * np.maximum(y - 1.0, 0.0) - np.abs(x), 0.05) * soft(
        y - 0.5, 0.1
    )
    dim = 0.42 + 0.20 * smooth(y, 1.2, 1.9)
    canvas.paint(canvas.everywhere, neck, [value * dim for value in person.skin])
    slope = y - 1.50 - 0.28 * np.abs(x) ** 1.5 - 0.16 * bell(x * 2.2)
    canvas.paint(canvas.everywhere, canvas.edge(slope, 0.05), clothes)


def draw_ears(canvas: Canvas, view: View, person: Person) -> None:
    """An ear at each side, drawn before the head so that a turned head hides the far one."""
    if person.hair_style == "long":
        return
    for side in (-1, 1):
        centre = view.rotation[:, :2] @ np.array([side * person.width * 1.0, 0.0, -0.05], dtype=np.float32)
        x = (view.x - centre[:, 0, None, None]) * (1 / 0.13)
        y = (view.y - centre[:, 1, None, None]) * (1 / 0.24)
        radius = x * x + y * y
        mask = soft(1.0 - radius, 0.35)
        tone = 0.62 - 0.18 * bell(radius * 1.3)
        canvas.paint(canvas.everywhere, mask, [value * tone for value in person.skin])


def draw_skin(
    canvas: Canvas, view: View, person: Person, u: Array, v: Array, controls: Controls, cover: Array
) -> None:
    """Skin with blush, a coarse texture, moles and a shaved or grown beard; they move with the face."""
    phase = person.texture
    cheek = controls("cheek")
    moved = v - controls("jaw") * smooth(v, 0.70, 1.20) + controls("chin_up") * bell(u * 2.2, (v - 1.1) * 3.0)
    moved = moved + 0.07 * cheek * bell((np.abs(u) - 0.55) * 3.0, (v - 0.30) * 3.0)
    texture = np.sin(u * 4.1 + phase[0]) * np.sin(moved * 3.3 + phase[1])
    texture += 0.7 * np.sin(u * 9.7 + phase[2] + 2.0 * moved) * np.sin(moved * 8.3 + phase[3])
    tone = 1.0 + 0.05 * texture
    red = bell((np.abs(u) - 0.55) * (1 / 0.26), (v - 0.26) * (1 / 0.24)) + 0.6 * bell(
        u * 6.0, (v - 0.34) * 6.0
    )
    red *= 0.16 * person.blush
    canvas.paint(
        canvas.everywhere,
        cover,
        [person.skin[0] * tone, person.skin[1] * tone * (1.0 - red), person.skin[2] * tone * (1.0 - red)],
    )
    for place, height, strength in person.moles:
        region = view.region(place - 0.08, place + 0.08, height - 0.08, height + 0.08, person)
        spot = bell((u[region] - place) * (1 / 0.028), (moved[region] - height) * (1 / 0.028))
        canvas.scale(region, 1.0 - strength * min(1.0, (0.03 / canvas.pixel) ** 2) * spot)
    if person.beard > 0:
        low = smooth(moved + 0.35 * (np.abs(u) - 0.5), person.beard_line, person.beard_line + 0.22)
        lip = bell((np.abs(u) - 0.12) * (1 / 0.22), (moved - person.mouth_y + 0.15) * (1 / 0.07))
        side = smooth(np.abs(u), 0.22, 0.5) + smooth(moved, 0.84, 0.96)
        grain = 0.94 + 0.06 * np.sin(u * 47.0 + 9.0 * moved) * np.sin(moved * 41.0 + phase[4])
        mask = np.clip(low * np.clip(side, 0.0, 1.0) + person.moustache * lip, 0.0, 1.0) * cover
        canvas.paint(canvas.everywhere, mask * grain * person.beard, [0.9 * value for value in person.hair])


def draw_nose(canvas: Canvas, view: View, person: Person, u: Array, v: Array, controls: Controls) -> Array:
    """Openings, wings and the shade below the nose, as creases (F, H, W); AU09 lifts the wings."""
    base = person.eye_y + person.nose_length + 0.11
    dark = np.zeros_like(u)
    for side in (-1, 1):
        up = controls("nose_up", side)
        wide = person.nose_width + controls("nose_wide", side) + 0.15 * up
        region = view.region(side * 0.17 - 0.22, side * 0.17 + 0.22, base - 0.34, base + 0.16, person)
        x, y = u[region] * side, v[region] - base + up
        hole = bell((x - 0.50 * wide) * (1 / 0.055), (y + 0.012 - 0.05 * x) * (1 / 0.028))
        dark[region] += 1.25 * hole
        radius = np.sqrt(((x - 0.62 * wide) * (1 / (0.38 * wide))) ** 2 + ((y + 0.055) * (1 / 0.085)) ** 2)
        outer = smooth(x - 0.62 * wide, -0.02, 0.05) * smooth(0.10 + y, -0.06, 0.05)
        dark[region] += 0.55 * canvas.line((radius - 1.0) * 0.075, 0.024) * outer
    region = view.region(-0.30, 0.30, base - 0.15, base + 0.2, person)
    y = v[region] - base + controls("nose_up")
    dark[region] += 0.42 * bell(u[region] * (1 / (0.8 * person.nose_width)), (y - 0.025) * (1 / 0.045))
    dark[region] += 0.10 * canvas.line(np.abs(u[region]) - 0.045, 0.025) * bell((y - 0.13) * (1 / 0.07))
    return dark


def draw_hair(canvas: Canvas, view: View, person: Person, surface: Surface) -> None:
    """A cap of hair on a slightly larger skull, above a hairline that falls at the temples."""
    u, v = surface.u, surface.v
    side = smooth(np.abs(u), 0.66, 1.0)
    fall = {"long": 2.0, "bun": 1.0, "fringe": 1.1}.get(person.hair_style, 0.95)
    line = person.hairline + person.parting * 0.6 * u * (1.0 - u * u) + 0.22 * u * u + fall * side
    line = line + 0.018 * np.sin(9.0 * u + person.texture[5]) + 0.012 * np.sin(23.0 * u + person.texture[4])
    if person.hair_style == "fringe":
        line = line + 0.05 * np.sin(u * 14.0 + person.texture[5])
    mask = canvas.edge(line - v, 0.08) * surface.cover
    strand = np.sin(
        u * (16.0 + 14.0 * person.curl) + 3.0 * np.sin(v * 3.0 + person.texture[6]) + person.texture[7]
    )
    tone = 0.85 + 0.18 * strand + 0.25 * np.clip(-surface.normal[1], 0.0, 1.0)
    canvas.paint(canvas.everywhere, mask, [value * tone for value in person.hair])


def draw_glasses(canvas: Canvas, view: View, person: Person, u: Array, v: Array) -> None:
    """Two rims, a bridge and temples."""
    region = view.region(-0.98, 0.98, person.eye_y - 0.34, person.eye_y + 0.38, person)
    y = v[region] - person.eye_y - 0.035
    across = np.abs(u[region])
    power = person.frame_square
    x = (across - person.eye_x) * (1 / person.frame_width)
    radius = (np.abs(x) ** power + np.abs(y * (1 / person.frame_height)) ** power) ** (1 / power)
    rim = canvas.line((radius - 1.0) * 0.5 * (person.frame_width + person.frame_height), 0.020)
    gap = person.eye_x - person.frame_width
    bridge = canvas.line(y + 0.06, 0.018) * canvas.edge(gap - across + 0.01)
    temple = canvas.line(y + 0.05, 0.018) * canvas.edge(across - person.eye_x - person.frame_width)
    temple *= 1.0 - smooth(across, 0.80, 0.94)
    canvas.paint(region, np.clip(rim + bridge + temple, 0.0, 0.95), person.frame)
