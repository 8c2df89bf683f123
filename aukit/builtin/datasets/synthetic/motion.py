"""How the head moves, where the eyes look and how the light sways: smooth functions of time in seconds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from aukit.builtin.datasets.synthetic.camera import Pose
from aukit.builtin.datasets.synthetic.facs import Array
from aukit.builtin.datasets.synthetic.people import stream
from aukit.builtin.datasets.synthetic.relief import Light

_WAVES = 4


class Sway:
    """A resting value and a few slow waves about it for each of several quantities."""

    def __init__(self, rng: np.random.Generator, rest: list[float], swing: list[float]) -> None:
        count = len(rest)
        self._rest = np.array(rest) * rng.uniform(-1, 1, count)
        self._rate = rng.uniform(0.04, 0.42, (_WAVES, count)) * 2 * math.pi
        self._phase = rng.uniform(0, 2 * math.pi, (_WAVES, count))
        weight = rng.uniform(0.3, 1.0, (_WAVES, count)) / (1 + self._rate)
        self._swing = np.array(swing) * rng.uniform(0.5, 1.0, count) * weight / weight.sum(axis=0)

    def __call__(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """(F, quantities)."""
        waves = np.sin(t[:, None, None] * self._rate + self._phase)
        out: NDArray[np.float64] = self._rest + (waves * self._swing).sum(axis=1)
        return out


class Motion:
    """Head, gaze and light of one video."""

    def __init__(self, seed: int, video: str) -> None:
        rng = stream(seed, "motion", video)
        # yaw, pitch, roll in radians; shift right and down in head units; scale
        self._head = Sway(rng, [0.16, 0.08, 0.06, 0.05, 0.04, 0.05], [0.26, 0.13, 0.11, 0.06, 0.05, 0.05])
        self._gaze_seed = (seed, "gaze", video)
        angle, height = float(rng.uniform(-1.1, 1.1)), float(rng.uniform(0.1, 0.85))
        self._toward = np.array(
            [math.sin(angle) * math.cos(height), -math.sin(height), math.cos(angle) * math.cos(height)]
        )
        self._light = Sway(rng, [0.0, 0.0, 0.0], [0.12, 0.08, 0.05])
        self._ambient = float(rng.uniform(0.38, 0.68))
        warm = float(rng.normal(0, 0.06))
        self._colour = (1.0 + warm, 1.0, 1.0 - warm)

    def pose(self, t: NDArray[np.float64]) -> Pose:
        """Where the head is."""
        yaw, pitch, roll, right, down, grow = self._head(t).T.astype(np.float32)
        return Pose(yaw, pitch, roll, right, down, 1.02 + grow)

    def gaze(self, t: NDArray[np.float64]) -> Array:
        """(F, 2) offset of the irises in head units: a glance about every second and a half, 60 ms each."""
        out = np.empty((len(t), 2), dtype=np.float32)
        for frame, now in enumerate(t):
            number = math.floor(now / 1.5)
            before, after = (self._glance(index) for index in (number, number + 1))
            turn = float(stream(*self._gaze_seed, "turn", number).uniform(0.3, 1.3))
            done = min(max((now - number * 1.5 - turn) / 0.06, 0.0), 1.0)
            out[frame] = before + done * (after - before)
        return out

    def _glance(self, number: int) -> NDArray[np.float64]:
        rng = stream(*self._gaze_seed, number)
        aside = rng.uniform(-1, 1, 2) ** 3
        return aside * (0.07, 0.028)

    def light(self, t: NDArray[np.float64]) -> Light:
        """The light, hardly moving."""
        direction = self._toward + self._light(t)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        return Light(direction.astype(np.float32), self._ambient, self._colour)
