"""The contract of face locators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import Face
from aukit.testing.contract import Make, require


def check_locator(make: Make, *, frame: NDArray[np.uint8] | None = None) -> None:
    """uint8 (H,W,3) to the faces in it, best first; `start` forgets what was seen.

    `frame` is a picture with a face, if there is one to try: then at least one must be found.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    frames = [np.zeros_like(noise), noise] if frame is None else [frame, np.zeros_like(frame), noise]
    locator = make()

    def run(picture: NDArray[np.uint8]) -> list[Face]:
        before = picture.copy()
        faces = locator.locate(picture)
        require(np.array_equal(picture, before), "it changes the frame")
        require(isinstance(faces, Sequence), f"it returns a {type(faces).__name__}, expected a list of faces")
        for face in faces:
            _check_face(face)
        scores = [face.score for face in faces]
        require(scores == sorted(scores, reverse=True), "its faces are not in order: the best comes first")
        return list(faces)

    locator.start()
    first = [run(picture) for picture in frames]
    require(frame is None or first[0], "it finds no face in the frame that has one")
    locator.start()
    require([run(picture) for picture in frames] == first, "after `start` it does not find the same again")


def _check_face(face: Any) -> None:
    require(isinstance(face, Face), f"it returns a list with a {type(face).__name__} in it, expected a Face")
    numbers = np.array([*face.box, face.score, *(value for point in face.points for value in point)], float)
    require(
        len(face.box) == 4 and np.isfinite(numbers).all(),
        f"a face is not four finite corners and a score: {face}",
    )
    left, top, right, bottom = face.box
    require(left < right and top < bottom, f"a box is not (x0, y0, x1, y1): {face.box}")
    require(0 <= face.score <= 1, f"a score is outside 0..1: {face.score}")
