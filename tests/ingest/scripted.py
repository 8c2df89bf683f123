"""A locator whose faces are known beforehand, and recordings for it to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from aukit.contracts.data import Face
from aukit.contracts.faces import FaceRules, Picture, SeenFace
from aukit.ingest.faces import find_faces

SIZE = (480, 640)

Box = tuple[float, float, float, float]


def at(x: float, y: float = 240.0, side: float = 80.0) -> Box:
    """A square box about a place."""
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def points_of(box: Box) -> tuple[tuple[float, float], ...]:
    """Five points that move with a box."""
    left, top, right, bottom = box
    places = ((0.33, 0.4), (0.67, 0.4), (0.5, 0.6), (0.36, 0.77), (0.64, 0.77))
    return tuple((left + x * (right - left), top + y * (bottom - top)) for x, y in places)


class Scripted:
    """Shows the boxes that `script` has for a time in seconds, with five points each and a score of 0.9."""

    whole = True

    def __init__(self, script: Callable[[float], Sequence[Box]]) -> None:
        self.script = script
        self.started: tuple[str, int] | None = None
        self.looked: list[int] = []

    def start(self, video: str = "", first: int = 0) -> None:
        self.started = video, first

    def locate(self, picture: Picture) -> list[Face]:
        self.looked.append(picture.index)
        return [Face(box=box, score=0.9, points=points_of(box)) for box in self.script(picture.seconds)]


def recording(seconds: Iterable[float]) -> Iterator[Picture]:
    """Black pictures at these times."""
    pixels = np.zeros((*SIZE, 3), np.uint8)
    for number, second in enumerate(seconds):
        yield Picture(pixels=pixels, seconds=second, index=number)


def steps(count: int, fps: float = 25.0) -> list[float]:
    return [number / fps for number in range(count)]


def faces_of(
    script: Callable[[float], Sequence[Box]], seconds: Iterable[float], **rules: object
) -> list[dict[int, SeenFace]]:
    """The faces that are meant in each picture, by id. Unless asked, all are and boxes are not smoothed."""
    wanted = FaceRules.model_validate({"follow": "all", "smooth": 0.0} | rules)
    seen = find_faces(recording(seconds), Scripted(script), wanted)
    return [{face.id: face for face in faces} for _, faces in seen]


def middles(faces: Sequence[Mapping[int, SeenFace]], id_: int) -> list[float | None]:
    """How far right somebody's box is in each picture."""
    return [(face[id_].box[0] + face[id_].box[2]) / 2 if id_ in face else None for face in faces]
