"""The mouth: lips that move with AU10, AU12, AU14, AU15, AU17, AU20 and part with AU25 and AU26."""

from __future__ import annotations

import numpy as np

from aukit.builtin.datasets.synthetic.camera import View
from aukit.builtin.datasets.synthetic.canvas import Canvas, bell, smooth
from aukit.builtin.datasets.synthetic.facs import Array, Controls
from aukit.builtin.datasets.synthetic.people import Person


def draw_mouth(canvas: Canvas, view: View, person: Person, u: Array, v: Array, controls: Controls) -> None:
    """Four curves from corner to corner: the rims of both lips, outside and inside."""
    reach = float(np.max(controls("gap_low")))
    region = view.region(-0.72, 0.72, person.mouth_y - 0.32, person.mouth_y + 0.30 + reach, person)
    x, y = u[region], v[region]
    right = smooth(x, -0.06, 0.06)

    def sided(name: str) -> Array:
        left_amount, right_amount = controls(name, -1), controls(name, 1)
        out: Array = left_amount + right * (right_amount - left_amount)
        return out

    half = person.mouth_width + sided("corner_out")
    t = np.minimum(np.abs(x) / half, 1.15)
    square = t * t
    full = np.maximum(1.0 - square, 0.0)
    root = np.sqrt(full)
    thin = 1.0 - controls("lip_thin")
    push = controls("lip_push")

    seam = person.mouth_y + (person.mouth_curve - sided("corner_up")) * square * (0.45 + 0.55 * square)
    seam = seam - push * (1.0 - 0.5 * square)
    lift = controls("lip_up") * (1.0 - 0.7 * square)
    gap_up, gap_low = controls("gap_up"), controls("gap_low")
    bow = 1.0 - person.cupid * (bell(t * (1 / 0.16)) - 0.3 * bell((t - 0.3) * (1 / 0.2)))
    upper_in = seam - gap_up * full - 0.35 * lift * full
    upper_out = seam - gap_up * full - lift - person.lip_upper * thin * bow * (0.45 * full + 0.55 * root)
    lower_in = seam + gap_low * (0.35 * full + 0.65 * root)
    lower_out = lower_in + person.lip_lower * thin * (0.5 * full + 0.5 * root) * (1.0 + 2.5 * push)

    ends = canvas.edge((1.0 - t) * half, 0.03)
    lips = canvas.edge(y - upper_out, 0.024) * canvas.edge(lower_out - y, 0.03) * ends
    below = canvas.edge(y - 0.5 * (upper_in + lower_in), 0.02)
    inside_lip = (y - lower_in) * (1 / person.lip_lower)
    tone = 0.80 + 0.24 * below + 0.22 * below * bell((inside_lip - 0.4) * 2.6, t * 1.5)
    canvas.paint(region, 0.92 * lips, [value * tone for value in person.lip])

    opening = canvas.edge(y - upper_in, 0.016) * canvas.edge(lower_in - y, 0.016) * ends
    opening *= smooth(lower_in - upper_in, 0.0, 0.05)
    seam_line = (
        canvas.line(y - 0.5 * (upper_in + lower_in), 0.022)
        * ends
        * (1.0 - smooth(lower_in - upper_in, 0.01, 0.08))
    )
    canvas.paint(region, 0.75 * seam_line, [0.22 * value for value in person.lip])
    canvas.paint(region, opening, (0.035, 0.008, 0.008))
    deep = smooth(lower_in - upper_in, 0.16, 0.30)
    tongue = opening * deep * bell(t * 1.5, (y - lower_in + 0.03) * (1 / 0.075))
    canvas.paint(region, 0.8 * tongue, (0.30, 0.08, 0.08))
    # The upper teeth stay with the skull: a raised lip bares them, a dropped jaw hardly does.
    teeth = opening * canvas.edge(person.mouth_y + 0.028 - y, 0.02) * (1.0 - smooth(t, 0.45, 0.9))
    white = person.teeth * (0.55 + 0.45 * (1.0 - square))
    canvas.paint(region, 0.9 * teeth, (0.80 * white, 0.76 * white, 0.68 * white))
