"""What each action unit does to a face: one table from AU intensity to the renderer's controls.

Ekman, Friesen and Hager, Facial Action Coding System, 2002, read as displacements and creases. Geometry is in
head units (half the width of an average face is 1, u to the viewer's right, v down); creases are strengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.params.data import DISFA_AUS, RENDERED_AUS
from aukit.errors import UsageError, did_you_mean

__all__ = ["ALL_AUS", "AT_FIVE", "CONTROLS", "DISFA_AUS", "Array", "Controls", "columns"]

Array = NDArray[Any]
"""Float32 throughout; numpy's types would call every second product float64."""

ALL_AUS = RENDERED_AUS
"""Every AU that is rendered, in the order of the tracks. They all move, whichever are labelled."""

AT_FIVE: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "AU01": {"brow_inner_up": 0.22, "forehead_middle": 1.0},
        "AU02": {"brow_outer_up": 0.20, "forehead_side": 1.0},
        "AU04": {"brow_down": 0.15, "brow_together": 0.09, "glabella": 1.0, "lid_hood": 0.016},
        "AU05": {"lid_up": 0.095, "lid_low": -0.012},
        "AU06": {"lid_low": 0.062, "lid_hood": 0.012, "cheek": 1.0, "crows_feet": 1.0, "eye_bag": 1.0},
        "AU09": {
            "nose_up": 0.11,
            "nose_wrinkle": 1.0,
            "brow_down": 0.03,
            "fold_upper": 0.8,
            "lip_up": 0.025,
        },
        "AU10": {"lip_up": 0.105, "fold_upper": 0.7, "nose_wide": 0.03},
        "AU12": {"corner_out": 0.11, "corner_up": 0.19, "fold": 1.0, "cheek": 0.35, "lip_thin": 0.15},
        "AU14": {"corner_out": -0.055, "dimple": 1.0, "lip_thin": 0.25},
        "AU15": {"corner_up": -0.20, "corner_pouch": 1.0, "corner_out": -0.01},
        "AU17": {
            "lip_push": 0.105,
            "chin_up": 0.12,
            "chin_dimples": 1.0,
            "lip_furrow": 1.0,
            "corner_up": -0.03,
        },
        "AU20": {"corner_out": 0.23, "lip_thin": 0.45, "stretch": 1.0},
        "AU25": {"gap_up": 0.055, "gap_low": 0.125},
        "AU26": {"jaw": 0.33, "gap_low": 0.13, "corner_out": -0.05},
        "AU45": {"lid_close": 1.0},
    }
)
"""What an AU at level 5 adds to each control, on an averagely expressive person. Lower levels scale it."""

CONTROLS: tuple[str, ...] = tuple(dict.fromkeys(name for moves in AT_FIVE.values() for name in moves))

_TABLE = np.array([[AT_FIVE[au].get(name, 0.0) for name in CONTROLS] for au in ALL_AUS], dtype=np.float32) / 5


class Controls:
    """The controls of F frames. A face is never quite symmetric, so each side shows a little more or less.

    Args:
        intensity: (F, 15) what is shown, levels times expressiveness, in the order of `ALL_AUS`.
        lean: (15,) how much more of each AU the picture's right side shows; the left shows as much less.
    """

    def __init__(self, intensity: Array, lean: Array) -> None:
        self._middle = intensity @ _TABLE
        self._tilt = (intensity * lean) @ _TABLE

    def __call__(self, name: str, side: int = 0) -> Array:
        """(F, 1, 1) amount of a control. `side`: 1 the viewer's right, -1 the left, 0 the middle."""
        column = CONTROLS.index(name)
        return (self._middle[:, column] + side * self._tilt[:, column])[:, None, None]


def columns(aus: Sequence[str]) -> NDArray[np.int64]:
    """Where `aus` stand in the tracks.

    Raises:
        UsageError: one of them is not rendered.
    """
    for au in aus:
        if au not in ALL_AUS:
            raise UsageError(f"`{au}` is not rendered", hint=did_you_mean(au, ALL_AUS))
    return np.array([ALL_AUS.index(au) for au in aus], dtype=np.int64)
