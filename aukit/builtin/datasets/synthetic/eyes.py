"""Brows and eyes: AU01, AU02, AU04 above; AU05, AU06, AU45 in the lids."""

from __future__ import annotations

import numpy as np

from aukit.builtin.datasets.synthetic.camera import View
from aukit.builtin.datasets.synthetic.canvas import Canvas, bell, smooth
from aukit.builtin.datasets.synthetic.facs import Array, Controls
from aukit.builtin.datasets.synthetic.people import Person
from aukit.builtin.datasets.synthetic.relief import Relief


def draw_brows(canvas: Canvas, view: View, person: Person, u: Array, v: Array, controls: Controls) -> None:
    """Two hairy arcs. The inner end rises with AU01, the outer part with AU02, all of it falls with AU04."""
    for side in (-1, 1):
        region = view.region(
            side * 0.42 - 0.42, side * 0.42 + 0.42, person.brow_y - 0.32, person.brow_y + 0.24, person
        )
        inner = person.brow_inner - controls("brow_together", side)
        t = (u[region] * side - inner) * (1 / (person.brow_outer - person.brow_inner))
        along = np.clip(t, -0.1, 1.1)
        lift = controls("brow_inner_up", side) * (1.0 - smooth(along, -0.1, 0.62))
        lift = lift + controls("brow_outer_up", side) * smooth(along, 0.12, 0.70)
        lift = lift - controls("brow_down", side) * (1.0 - 0.45 * along)
        arch = person.brow_arch * (1.0 - (along - 0.6) ** 2 * 3.0) + person.brow_slope * (along - 0.5)
        off = v[region] - (person.brow_y - arch - lift)
        thick = person.brow_thick * (1.0 - 0.62 * np.clip(along, 0.0, 1.0) ** 2)
        mask = canvas.edge(thick - np.abs(off), 0.025)
        mask *= smooth(t, -0.08, 0.10) * (1.0 - smooth(t, 0.86, 1.06))
        mask *= person.brow_dense
        canvas.paint(region, mask, person.brow)


def draw_eyes(
    canvas: Canvas,
    view: View,
    relief: Relief,
    u: Array,
    v: Array,
    controls: Controls,
    gaze: tuple[Array, Array],
) -> None:
    """Sclera, iris, pupil and a glint between two lids, with lashes and the fold of the upper lid.

    Args:
        gaze: (F, 1, 1) sideways and downward offset of the iris, head units.
    """
    person = relief.person
    for side in (-1, 1):
        place = side * person.eye_x
        region = view.region(place - 0.34, place + 0.34, person.eye_y - 0.26, person.eye_y + 0.24, person)
        across = u[region] - place
        x = across * (side / person.eye_width)
        y = v[region] - person.eye_y + person.eye_tilt * x
        round_ = np.maximum(1.0 - x * x, 0.0)
        hood = controls("lid_hood", side)
        open_up = person.eye_open + controls("lid_up", side) - hood
        open_low = 0.60 * person.eye_open - controls("lid_low", side)
        shut = np.clip(controls("lid_close", side), 0.0, 1.0)
        lower = open_low * round_
        resting = -open_up * round_
        upper = resting + shut * (0.75 * lower - resting)
        visible = (
            canvas.edge(y - upper, 0.02)
            * canvas.edge(lower - y, 0.02)
            * canvas.edge((1.0 - np.abs(x)) * 0.19, 0.02)
        )

        # The fold is covered when the lid rises or the brow comes down, and is smoothed when the eye shuts.
        fold = y - (
            resting - person.lid_fold + 0.5 * controls("lid_up", side) + 0.35 * controls("brow_down", side)
        )
        relief.crease(
            region, 0.55 * canvas.line(fold, 0.022) * smooth(round_, 0.02, 0.5) * (1.0 - 0.6 * shut)
        )
        relief.crease(region, 0.28 * bell((x + 0.75) * 1.7, (y + 0.05) * (1 / 0.15)))

        iris_x, iris_y = gaze[0], gaze[1] - 0.012
        distance = np.sqrt((across - iris_x) ** 2 + (y - iris_y) ** 2)
        shadow = 0.55 + 0.45 * smooth(y - upper, 0.0, 0.075)
        canvas.paint(region, visible, [value * shadow for value in (0.66, 0.62, 0.60)])
        iris = visible * canvas.edge(person.iris_size - distance, 0.012)
        ring = (0.6 + 0.5 * (1.0 - smooth(distance, 0.6 * person.iris_size, person.iris_size))) * shadow
        canvas.paint(region, iris, [value * ring for value in person.iris])
        canvas.paint(
            region, visible * canvas.edge(0.42 * person.iris_size - distance, 0.012), (0.005, 0.005, 0.005)
        )
        glint = visible * bell((across - iris_x + 0.03) * (1 / 0.022), (y - iris_y + 0.032) * (1 / 0.022))
        canvas.paint(region, 0.8 * glint, (1.3, 1.3, 1.3))

        ends = canvas.edge((1.06 - np.abs(x)) * 0.19, 0.03)
        canvas.paint(region, canvas.line(y - upper + 0.008, 0.024) * ends * person.lash, (0.015, 0.01, 0.01))
        canvas.paint(region, 0.35 * canvas.line(y - lower, 0.018) * ends * person.lash, (0.04, 0.02, 0.02))
