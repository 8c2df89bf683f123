"""A clip store in a few kilobytes: people with moving parts whose position says what the labels are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.writer import StoreWriter
from aukit.contracts.schema import Schema, Split


def tiny_store(
    path: str | Path,
    *,
    people: int = 8,
    videos: int = 1,
    frames: int = 40,
    size: int = 32,
    fps: float = 20.0,
    aus: tuple[str, ...] = ("AU04", "AU12", "AU25", "AU26"),
    labelled: bool = True,
    data_set: str = "tiny",
    origin: str = "synthetic",
    encoding: str = "raw",
    crop: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Path:
    """Write a store of `people` × `videos` videos, `frames` frames of `size` × `size` each; give its path.

    Each AU is a light bar in a row of its own: the higher its label, an integer 0..5, the further right. The
    preset `default` has half of the people for training, a quarter each for validation and test. `crop` is a framing's
    table, for a store whose faces were cut; without one they came as ready-made squares.
    """
    rng = np.random.default_rng(seed)
    subjects = tuple(f"P{number:02}" for number in range(1, people + 1))
    train, validation = max(people // 2, 1), max(people // 4, 1)
    split = Split(
        train=subjects[:train],
        validation=subjects[train : train + validation],
        test=subjects[train + validation :],
    )
    schema = Schema(
        name=data_set,
        summary="a tiny store for tests",
        aus=aus,
        fps=fps,
        subjects=subjects,
        splits={"default": (split,)},
        origin=origin,
    )
    path = Path(path)
    with StoreWriter(
        path,
        data_set=data_set,
        origin=origin,
        aus=aus,
        size=size,
        schema=schema,
        encoding=encoding,
        crop=crop,
    ) as writer:
        for subject in subjects:
            for number in range(1, videos + 1):
                level = _levels(rng, frames, len(aus))
                labels = np.floor(level + 0.5).astype(np.float32)
                writer.add_video(
                    f"{subject}-{number}",
                    subject=subject,
                    fps=fps,
                    frames=_draw(rng, level, size),
                    intensity=labels if labelled else np.full_like(labels, np.nan),
                )
    return path


def _levels(rng: np.random.Generator, frames: int, aus: int) -> NDArray[np.float64]:
    """Waves between 0 and 5, (T,A)."""
    time = np.arange(frames)[:, None]
    period, phase = rng.uniform(20, 40, aus), rng.uniform(0, 2 * np.pi, aus)
    waves: NDArray[np.float64] = 2.5 + 2.5 * np.sin(2 * np.pi * time / period + phase)
    return waves


def _draw(rng: np.random.Generator, level: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """A face-coloured ground, one bar for each AU, and the sensor's noise: (T,H,W,3)."""
    frames, aus = level.shape
    picture = np.tile(rng.uniform(60, 120, 3), (frames, size, size, 1))
    rows = np.linspace(0, size, aus + 1).astype(int)
    width = max(size // 8, 1)
    for au in range(aus):
        for frame, left in enumerate((level[:, au] / 5 * (size - width)).astype(int)):
            picture[frame, rows[au] : rows[au + 1], left : left + width] += 100
    noise = rng.normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
