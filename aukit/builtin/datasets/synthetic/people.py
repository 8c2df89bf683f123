"""Who is seen: everything about a person that stays the same over all of their videos."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aukit.builtin.datasets.synthetic.facs import ALL_AUS, Array

RGB = tuple[float, float, float]

_SKIN = np.array(
    [
        (0.93, 0.76, 0.68),
        (0.87, 0.66, 0.54),
        (0.78, 0.56, 0.42),
        (0.62, 0.42, 0.29),
        (0.46, 0.30, 0.21),
        (0.38, 0.25, 0.185),
    ]
)
_HAIR = np.array(
    [
        (0.10, 0.08, 0.08),
        (0.20, 0.13, 0.09),
        (0.36, 0.22, 0.13),
        (0.62, 0.46, 0.26),
        (0.48, 0.20, 0.09),
        (0.62, 0.61, 0.60),
    ]
)
_IRIS = np.array(
    [(0.24, 0.13, 0.07), (0.36, 0.22, 0.11), (0.36, 0.38, 0.20), (0.32, 0.46, 0.58), (0.42, 0.46, 0.48)]
)


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """Random numbers of the seed and the key alone: people and videos can be drawn in any order."""
    return np.random.default_rng([seed, *(zlib.crc32(str(part).encode()) for part in key)])


def linear(colour: Sequence[float] | Array) -> RGB:
    """A screen colour as linear light; the camera takes the square root back."""
    red, green, blue = (float(max(value, 0.0)) ** 2 for value in colour)
    return red, green, blue


@dataclass(frozen=True, kw_only=True)
class Person:
    """Lengths in head units (half an average face's width is 1), colours in linear light, strengths 0..1."""

    width: float
    crown: float
    chin: float
    depth: float
    jaw: float
    skin: RGB
    blush: float
    eye_x: float
    eye_y: float
    eye_width: float
    eye_open: float
    eye_tilt: float
    lid_fold: float
    iris: RGB
    iris_size: float
    lash: float
    brow_y: float
    brow_inner: float
    brow_outer: float
    brow_thick: float
    brow_arch: float
    brow_slope: float
    brow: RGB
    brow_dense: float
    nose_length: float
    nose_width: float
    nose_height: float
    mouth_y: float
    mouth_width: float
    mouth_curve: float
    lip_upper: float
    lip_lower: float
    cupid: float
    lip: RGB
    teeth: float
    hair: RGB
    hair_style: str
    hairline: float
    parting: float
    curl: float
    beard: float
    beard_line: float
    moustache: float
    glasses: float
    frame: RGB
    frame_width: float
    frame_height: float
    frame_square: float
    age: float
    crease: float
    texture: tuple[float, ...]
    moles: tuple[tuple[float, float, float], ...]
    shine: float
    factor: Array
    lean: Array
    rate: Array

    @property
    def long_hair(self) -> bool:
        """Whether hair falls behind the neck."""
        return self.hair_style == "long"


def draw_person(seed: int, subject: str) -> Person:
    """The person of that id."""
    rng = stream(seed, "person", subject)

    def around(middle: float, spread: float) -> float:
        return middle + spread * float(np.clip(rng.standard_normal(), -2.0, 2.0))

    tone = float(rng.uniform(0, len(_SKIN) - 1))
    low = min(int(tone), len(_SKIN) - 2)
    skin = _SKIN[low] + (tone - low) * (_SKIN[low + 1] - _SKIN[low]) + rng.normal(0, 0.012, 3)
    dark = tone > 2.6
    age = float(rng.beta(1.4, 1.8))
    shades = [0, 0, 1, 1] if dark else [0, 1, 1, 2, 2, 3, 4]
    hair = np.clip(_HAIR[5 if age > 0.72 else int(rng.choice(shades))] + rng.normal(0, 0.02, 3), 0.04, 0.9)
    brow = np.clip(hair * float(rng.uniform(0.55, 0.9)), 0.04, 0.5)
    iris = _IRIS[int(rng.choice([0, 0, 1]) if dark else rng.integers(len(_IRIS)))] + rng.normal(0, 0.02, 3)
    male = bool(rng.random() < 0.5)
    style = str(
        rng.choice(
            ["short", "short", "bald", "fringe", "quiff"]
            if male
            else ["long", "long", "fringe", "short", "bun"]
        )
    )
    beard = float(rng.choice([0.0, 0.0, rng.uniform(0.15, 0.35), rng.uniform(0.55, 0.85)])) if male else 0.0
    redden = np.array([0.02, -0.11, -0.07]) if not dark else np.array([0.03, -0.05, -0.02])
    lipstick = np.array([0.62, 0.13, 0.18])
    lip = skin * 0.92 + redden
    if not male and rng.random() < 0.4:
        lip = lip + float(rng.uniform(0.3, 0.75)) * (lipstick * (0.75 if dark else 1.0) - lip)
    hairline = {"fringe": -0.76, "bald": -1.25, "quiff": -0.98}.get(style, -0.92)
    return Person(
        width=around(0.98, 0.045),
        crown=around(1.42, 0.05),
        chin=around(1.36, 0.05),
        depth=around(1.05, 0.05),
        jaw=around(0.0, 0.07) + (0.03 if male else -0.05),
        skin=linear(skin),
        blush=float(rng.uniform(0.0, 0.8)),
        eye_x=around(0.405, 0.018),
        eye_y=around(-0.10, 0.02),
        eye_width=around(0.195, 0.013),
        eye_open=around(0.082, 0.010),
        eye_tilt=around(0.015, 0.02),
        lid_fold=float(rng.uniform(0.025, 0.075)),
        iris=linear(iris),
        iris_size=around(0.088, 0.004),
        lash=float(rng.uniform(0.5, 0.75) if male else rng.uniform(0.65, 1.0)),
        brow_y=around(-0.37, 0.025),
        brow_inner=around(0.15, 0.02),
        brow_outer=around(0.66, 0.03),
        brow_thick=around(0.050 if male else 0.036, 0.007),
        brow_arch=around(0.035 if male else 0.06, 0.016),
        brow_slope=around(0.0, 0.022),
        brow=linear(brow),
        brow_dense=float(rng.uniform(0.6, 0.95)),
        nose_length=around(0.40, 0.022),
        nose_width=around(0.185 + (0.025 if dark else 0.0), 0.016),
        nose_height=around(0.16, 0.025),
        mouth_y=around(0.735, 0.02),
        mouth_width=around(0.345, 0.022),
        mouth_curve=around(-0.005, 0.012),
        lip_upper=around(0.068 + (0.012 if dark else 0.0), 0.010),
        lip_lower=around(0.088 + (0.015 if dark else 0.0), 0.011),
        cupid=float(rng.uniform(0.1, 0.35)),
        lip=linear(lip),
        teeth=float(rng.uniform(0.62, 0.85)),
        hair=linear(hair),
        hair_style=style,
        hairline=around(hairline, 0.05),
        parting=float(rng.uniform(-0.25, 0.25)),
        curl=float(rng.uniform(0.0, 1.0)),
        beard=beard,
        beard_line=float(rng.uniform(0.42, 0.62)),
        moustache=float(rng.uniform(0.4, 1.0)),
        glasses=float(rng.random() < 0.22),
        frame=linear(rng.uniform(0.05, 0.4) * np.ones(3) + rng.normal(0, 0.04, 3)),
        frame_width=float(rng.uniform(0.26, 0.31)),
        frame_height=float(rng.uniform(0.17, 0.24)),
        frame_square=float(rng.uniform(2.0, 4.0)),
        age=age,
        crease=float(rng.uniform(0.7, 1.25)) * (0.8 + 0.4 * age),
        texture=tuple(float(value) for value in rng.uniform(0, 6.283, 8)),
        moles=tuple(
            (float(rng.uniform(-0.7, 0.7)), float(rng.uniform(-0.6, 1.1)), float(rng.uniform(0.2, 0.6)))
            for _ in range(int(rng.integers(0, 4)))
        ),
        shine=float(rng.uniform(0.03, 0.16)),
        factor=np.append(rng.uniform(0.75, 1.25, len(ALL_AUS) - 1), 1.0).astype(np.float32),
        lean=rng.normal(0, 0.08, len(ALL_AUS)).clip(-0.16, 0.16).astype(np.float32),
        rate=rng.uniform(0.55, 1.45, len(ALL_AUS)).astype(np.float32),
    )
