"""One person at many moments: pose, light and what the face shows, to uint8 frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.datasets.synthetic import eyes, mouth, relief, scene
from aukit.builtin.datasets.synthetic.camera import Pose, Sensor, View
from aukit.builtin.datasets.synthetic.canvas import Canvas, bell
from aukit.builtin.datasets.synthetic.facs import Array, Controls
from aukit.builtin.datasets.synthetic.people import RGB, Person
from aukit.builtin.datasets.synthetic.relief import Light

BATCH_PIXELS = 1 << 16
"""Pixels rendered at once: planes that stay in a core's cache."""


@dataclass(frozen=True)
class Moments:
    """F moments of one video: what is shown (F, 15), head pose, where the eyes look (F, 2), light."""

    timestamps: NDArray[np.float64]
    shown: Array
    pose: Pose
    gaze: Array
    light: Light

    def part(self, start: int, stop: int) -> Moments:
        """Some of them."""
        cut = slice(start, stop)
        pose = Pose(*(values[cut] for values in vars(self.pose).values()))
        light = Light(self.light.direction[cut], self.light.ambient, self.light.colour)
        return Moments(self.timestamps[cut], self.shown[cut], pose, self.gaze[cut], light)


class Renderer:
    """Draws one video's frames. Holds its background and camera, nothing that depends on earlier frames."""

    def __init__(self, person: Person, background: Array, clothes: RGB, sensor: Sensor) -> None:
        self.person, self.background, self.clothes, self.sensor = person, background, clothes, sensor
        self.size = background.shape[1]

    def frames(self, moments: Moments) -> NDArray[np.uint8]:
        """uint8 (F, H, W, 3)."""
        count = len(moments.timestamps)
        batch = max(1, BATCH_PIXELS // self.size**2)
        out = np.empty((count, self.size, self.size, 3), dtype=np.uint8)
        for start in range(0, count, batch):
            part = moments.part(start, min(start + batch, count))
            out[start : start + batch] = self.sensor.expose(self._draw(part), part.timestamps)
        return out

    def _draw(self, moments: Moments) -> list[Array]:
        person = self.person
        view = View(moments.pose, self.size)
        controls = Controls(moments.shown, person.lean)
        canvas = Canvas(self.background, len(moments.timestamps), view.pixel)
        gaze = (moments.gaze[:, 0, None, None], moments.gaze[:, 1, None, None])

        scene.draw_body(canvas, view, person, self.clothes)
        scene.draw_ears(canvas, view, person)
        behind = [plane.copy() for plane in canvas.planes]

        chin = person.chin + 0.85 * controls("jaw") - 0.12 * controls("chin_up")
        head = view.meet(person.width, person.crown, chin, person.depth, person)
        canvas.planes = [np.zeros_like(plane) for plane in behind]
        # What stands out of the skull is seen shifted when the head turns: follow the ray up to it.
        tall = 1.5 * person.nose_height * bell(head.u * (1 / 0.16), (head.v - 0.24) * (1 / 0.30))
        tall += 0.05 * bell(head.u * (1 / 0.4), (head.v - person.mouth_y) * (1 / 0.25))
        u = head.u + tall * (view.ray[0] / view.ray[2])
        v = head.v + tall * (view.ray[1] / view.ray[2])
        head.u, head.v = u, v

        shadows = relief.Relief(canvas, view, person)
        scene.draw_skin(canvas, view, person, u, v, controls, np.ones_like(u))
        relief.forehead(shadows, u, v, controls)
        relief.glabella(shadows, u, v, controls)
        relief.cheeks(shadows, u, v, controls)
        relief.lower_face(shadows, u, v, controls)
        shadows.crease(canvas.everywhere, scene.draw_nose(canvas, view, person, u, v, controls))
        eyes.draw_eyes(canvas, view, shadows, u, v, controls, gaze)
        eyes.draw_brows(canvas, view, person, u, v, controls)
        mouth.draw_mouth(canvas, view, person, u, v, controls)
        shade, shine = shadows.light(head, controls, moments.light)
        shade = shadows.apply(shade)
        for plane, under in zip(canvas.planes, behind, strict=True):
            plane *= shade
            plane += shine
            plane -= under
            plane *= head.cover
            plane += under

        if person.hair_style != "bald":
            skull = view.meet(
                1.07 * person.width, person.crown * 1.10, 1.02 * person.chin, 1.05 * person.depth, person
            )
            scene.draw_hair(canvas, view, person, skull)
        if person.glasses:
            scene.draw_glasses(canvas, view, person, head.u, head.v)
        for plane, value in zip(canvas.planes, moments.light.colour, strict=True):
            plane *= value
        return canvas.planes
