"""How a face gets from a picture to the square that a model sees. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from aukit.contracts.params import Params

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One whole picture of a recording: uint8 (H,W,3) RGB, upright; seconds since the first; its own number."""

    pixels: NDArray[np.uint8]
    seconds: float
    index: int


@dataclass(frozen=True, kw_only=True)
class SeenFace:
    """One person's face in one picture: `box` x0 y0 x1 y1 in its pixels, smoothed over time, and `points` likewise.

    `id` is stable within a recording. `score` is the locator's, interpolated where it did not look (`looked` False).
    """

    id: int
    box: tuple[float, float, float, float]
    score: float
    points: tuple[tuple[float, float], ...] = ()
    looked: bool = True


class CropRule(Params):
    """What is cut from a picture."""

    rule: Literal["tight", "eyes", "none"] = Field(
        "tight",
        description="`tight`: a square about the box; `eyes`: turned and scaled so that the eyes lie level at fixed "
        "places; `none`: the whole picture",
    )
    margin: float = Field(
        0.0,
        ge=0,
        le=2,
        description="added on each side, in parts of the square's side; the paper crops 'tightly' and gives no margin",
    )
    size: int = Field(128, ge=16, le=1024, description="pixels a side (paper, section 4: 128)")


class FaceRules(Params):
    """How faces are found and followed."""

    detect_size: int = Field(
        320, ge=0, description="longer side of the picture that the locator sees, in pixels; 0: as it is"
    )
    every: int = Field(
        1, ge=1, description="the locator looks at every k-th picture; boxes between are interpolated"
    )
    follow: Literal["largest", "central", "track", "all"] = Field(
        "largest",
        description="who is meant: the largest face of each picture, the most central one, one person from the largest "
        "face on, or everybody",
    )
    min_score: float = Field(
        0.6, ge=0, le=1, description="faces that the locator is less sure of are not seen"
    )
    smooth: float = Field(
        0.2, ge=0, le=2, description="boxes are averaged over so many seconds; 0: not at all"
    )


class Framing(Params):
    """Everything between a picture and a model's square. It travels in the store and in the model."""

    crop: CropRule = Field(default_factory=CropRule, description="what is cut")
    faces: FaceRules = Field(default_factory=FaceRules, description="how faces are found and followed")
    locator: str = Field("yunet", description="name of the locator component")
    options: dict[str, Any] = Field(default_factory=dict, description="the locator's parameters")
    weights: str = Field("", description="digest of the locator's weights, where it has any")

    def cuts_like(self, other: Framing) -> bool:
        """Whether a face looks the same by both: one crop rule, one locator with the same weights."""
        return (self.crop, self.locator, self.weights) == (other.crop, other.locator, other.weights)

    @property
    def summary(self) -> str:
        """In words: "tight, margin 0.1, 128 pixels, found by yunet"."""
        margin = "" if self.crop.rule == "none" else f", margin {self.crop.margin:g}"
        weights = f" with weights {self.weights[:19]}" if self.weights else ""
        return f"{self.crop.rule}{margin}, {self.crop.size} pixels, found by {self.locator}{weights}"
