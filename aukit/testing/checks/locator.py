"""The contract of face locators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import Face
from aukit.contracts.faces import Picture
from aukit.testing.contract import Make, require

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def check_locator(make: Make, *, frame: NDArray[np.uint8] | None = None, video: str = "") -> None:
    """A picture to the faces in it, best first; `start` forgets what was seen; pictures may be left out.

    `frame` uint8 (H,W,3) is a picture with a face, if there is one to try: then at least one must be found in it, as
    the first of recording `video`.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    shape = (90, 120, 3) if frame is None else frame.shape
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    frames = [*([] if frame is None else [frame]), np.zeros_like(noise), noise]
    locator = make()
    weights = getattr(locator, "weights", None)
    require(weights is None or _DIGEST.fullmatch(str(weights)), f"`weights` is not sha256:...: {weights!r}")
    require(isinstance(getattr(locator, "whole", False), bool), "`whole` is neither True nor False")

    def run(number: int) -> list[Face]:
        before = frames[number].copy()
        faces = locator.locate(Picture(pixels=frames[number], seconds=number / 25, index=number))
        require(np.array_equal(frames[number], before), "it changes the picture")
        require(isinstance(faces, Sequence), f"it returns a {type(faces).__name__}, expected a list of faces")
        for face in faces:
            _check_face(face)
        scores = [face.score for face in faces]
        require(scores == sorted(scores, reverse=True), "its faces are not in order: the best comes first")
        return list(faces)

    locator.start(video, 0)
    found = [run(number) for number in range(len(frames))]
    require(frame is None or found[0], "it finds no face in the picture that has one")
    locator.start(video, 0)
    again = [run(number) for number in range(len(frames))]
    require(again == found, "after `start` it does not find the same again")
    locator.start()
    run(len(frames) - 1)


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
