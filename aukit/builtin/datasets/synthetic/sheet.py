"""A contact sheet: rows of AUs, columns of levels, so that anybody can see what is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from aukit.builtin.datasets.synthetic.camera import Pose, Sensor
from aukit.builtin.datasets.synthetic.facs import ALL_AUS, Array, columns
from aukit.builtin.datasets.synthetic.people import draw_person
from aukit.builtin.datasets.synthetic.relief import Light
from aukit.builtin.datasets.synthetic.renderer import Moments, Renderer
from aukit.builtin.datasets.synthetic.scene import draw_background
from aukit.errors import StorageError

_LEFT, _TOP = 44, 18
_CLOTHES = (0.05, 0.07, 0.12)


def pose_still(
    subject: str, shown: Array, *, size: int = 128, seed: int = 0, yaw: float = 0.0
) -> NDArray[np.uint8]:
    """Frames of one person with a still head in a fixed light, showing what is asked.

    Args:
        shown: (F, 15) levels as displayed, in the order of `ALL_AUS`; expressiveness is not applied.

    Returns:
        uint8 (F, size, size, 3). Every frame has the same noise, so differences are the face's alone.
    """
    count = len(shown)
    still = np.zeros(count, dtype=np.float32)
    toward = np.tile(np.array([[-0.41, -0.50, 0.76]], dtype=np.float32), (count, 1))
    moments = Moments(
        np.zeros(count),
        np.asarray(shown, dtype=np.float32),
        Pose(still + np.float32(yaw), still, still, still, still, still + 1),
        np.zeros((count, 2), dtype=np.float32),
        Light(toward, 0.5, (1.0, 1.0, 1.0)),
    )
    person = draw_person(seed, subject)
    renderer = Renderer(person, draw_background(seed, subject, size), _CLOTHES, Sensor(seed, subject, size))
    return renderer.frames(moments)


def draw_sheet(
    subjects: Sequence[str] = ("P001",),
    *,
    aus: Sequence[str] = ALL_AUS,
    levels: Sequence[float] = (0, 1, 2, 3, 4, 5),
    size: int = 128,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """AU by level, the people side by side, with names on the rows and levels on the columns.

    Returns:
        uint8 (rows, columns, 3): one row of pictures for each AU, `len(levels)` columns for each person.
    """
    width, height = _LEFT + size * len(levels) * len(subjects), _TOP + size * len(aus)
    page = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    for block, subject in enumerate(subjects):
        shown = np.zeros((len(aus), len(levels), len(ALL_AUS)), dtype=np.float32)
        shown[np.arange(len(aus)), :, columns(aus)] = levels
        frames = pose_still(subject, shown.reshape(-1, len(ALL_AUS)), size=size, seed=seed)
        left = _LEFT + block * size * len(levels)
        for number, frame in enumerate(frames):
            row, column = divmod(number, len(levels))
            page.paste(Image.fromarray(frame), (left + column * size, _TOP + row * size))
        for column, level in enumerate(levels):
            title = f"{subject}  {level:g}" if column == 0 else f"{level:g}"
            pen.text((left + column * size + 4, 3), title, fill="black")
    for row, au in enumerate(aus):
        pen.text((4, _TOP + row * size + size // 2 - 6), au, fill="black")
    return np.asarray(page)


def write_sheet(
    path: str | Path,
    subjects: Sequence[str] = ("P001",),
    *,
    aus: Sequence[str] = ALL_AUS,
    levels: Sequence[float] = (0, 1, 2, 3, 4, 5),
    size: int = 128,
    seed: int = 0,
) -> Path:
    """`draw_sheet` as a PNG file.

    Raises:
        StorageError: the file cannot be written.
    """
    path = Path(path)
    picture = Image.fromarray(draw_sheet(subjects, aus=aus, levels=levels, size=size, seed=seed))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, format="PNG")
    except OSError as error:
        raise StorageError(f"cannot write the sheet: {error}", where=str(path)) from error
    return path
