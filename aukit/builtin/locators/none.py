"""The locator `none`: the picture is the face."""

from __future__ import annotations

from aukit.contracts.data import Face
from aukit.contracts.faces import Picture


class NoLocator:
    """For pictures that were cropped already, such as Aff-Wild2's `cropped_aligned`: each is one face, surely."""

    whole = True

    def start(self, video: str = "", first: int = 0) -> None:
        """Nothing is remembered."""

    def locate(self, picture: Picture) -> list[Face]:
        """One face: the whole picture."""
        height, width = picture.pixels.shape[:2]
        return [Face(box=(0.0, 0.0, float(width), float(height)), score=1.0)]
