"""Small stores and sets of clips with known content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aukit.clips.clipset import Clip, ClipSet
from aukit.clips.writer import StoreWriter

AUS = ("AU01", "AU12")


def picture(video: int, frame: int, size: int) -> NDArray[np.uint8]:
    """A smooth picture that says which frame of which video it is: red is the frame, green the video."""
    red = np.full((size, size), frame % 256)
    green = np.full((size, size), video)
    blue = np.linspace(0, 255, size * size).reshape(size, size)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(name, videos={"v": (subject, length)}, **options)` writes a store; labels are frame % 6 for AU01."""

    def make(name: str = "a.h5", videos: Mapping[str, tuple[str, int]] | None = None, **options: Any) -> Path:
        facts: dict[str, Any] = {"data_set": "tiny", "origin": "synthetic", "aus": AUS, "size": 8, **options}
        path = tmp_path / name
        with StoreWriter(path, **facts) as store:
            for number, (video, (subject, length)) in enumerate((videos or {"v": ("s1", 40)}).items()):
                labels = np.full((length, len(facts["aus"])), np.nan, np.float32)
                if labels.shape[1]:
                    labels[:, 0] = np.arange(length) % 6
                frames = np.stack([picture(number, frame, facts["size"]) for frame in range(length)])
                store.add_video(video, subject=subject, fps=20, frames=frames, intensity=labels)
        return path

    return make


def _clip(
    name: str,
    subject: str,
    segments: tuple[tuple[int, int], ...],
    *,
    labels: NDArray[np.float32] | None = None,
    fps: float = 20.0,
    data_set: str = "tiny",
) -> Clip:
    length = max((stop for _, stop in segments), default=1) if labels is None else len(labels)

    def read(start: int, stop: int, stride: int = 1) -> NDArray[np.uint8]:
        rows = np.arange(length)[start:stop:stride]
        return np.broadcast_to(rows[:, None, None, None], (len(rows), 4, 4, 3)).astype(np.uint8)

    return Clip(
        id=f"{data_set}/{name}",
        data_set=data_set,
        subject=subject,
        fps=fps,
        segments=segments,
        labels=np.full((length, 1), np.nan, np.float32) if labels is None else labels,
        timestamps=np.arange(length) / fps,
        read=read,
    )


def _clipset(*clips: Clip, aus: tuple[str, ...] = ("AU01",)) -> ClipSet:
    return ClipSet(clips=clips, aus=aus, size=(4, 4), origin="synthetic")


def _rng(seed: int) -> Callable[..., np.random.Generator]:
    def keyed(*key: str | int) -> np.random.Generator:
        return np.random.default_rng([seed, *(hash_of(part) for part in key)])

    return keyed


def hash_of(part: str | int) -> int:
    return part if isinstance(part, int) else int.from_bytes(part.encode(), "little")


@pytest.fixture(scope="session")
def clip() -> Callable[..., Clip]:
    """`clip(name, subject, segments, labels=...)`: no file; every pixel of a frame is the frame's number."""
    return _clip


@pytest.fixture(scope="session")
def clipset() -> Callable[..., ClipSet]:
    """`clipset(*clips)`: a set of such clips."""
    return _clipset


@pytest.fixture(scope="session")
def rng() -> Callable[..., Callable[..., np.random.Generator]]:
    """`rng(seed)`: randomness by key, as a stage's context gives it."""
    return _rng
