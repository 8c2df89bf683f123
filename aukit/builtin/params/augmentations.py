"""Parameters of augmentations.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from pydantic import Field

from aukit.contracts.params import Params


class _ViewParams(Params):
    rotation: float = Field(
        20.0, ge=0, le=180, description="largest rotation either way, in degrees (paper, 4)"
    )
    scale: float = Field(
        0.1, ge=0, lt=1, description="largest change of size either way, 0.1 is 10 % (paper, 4)"
    )
    flip: float = Field(
        0.5,
        ge=0,
        le=1,
        description="probability of a left-right flip; an AU is one number for both sides (paper, 4)",
    )
    jitter: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="largest shift of the crop either way, in parts of its side (paper, 4; size ours)",
    )
    brightness: float = Field(
        0.4,
        ge=0,
        le=1,
        description="pixels are multiplied by a factor within 1 +- this (paper, 4; size ours)",
    )
    contrast: float = Field(
        0.4,
        ge=0,
        le=1,
        description="differences from the mean grey are multiplied likewise (paper, 4; size ours)",
    )
    saturation: float = Field(
        0.4,
        ge=0,
        le=1,
        description="differences from the own grey are multiplied likewise (paper, 4; size ours)",
    )
    hue: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="largest turn of the hue either way, in parts of the circle (paper, 4; size ours)",
    )
    colour_per_frame: bool = Field(
        False,
        description="draw the colour changes for each frame, not for each clip (ours: a clip keeps its light)",
    )


class PaperAugmentationParams(_ViewParams):
    """Random views with exact hue (paper, section 4, "heavy augmentations")."""


class FastAugmentationParams(_ViewParams):
    """The same ranges; hue and saturation as one linear map of colours."""


class NoAugmentationParams(Params):
    """Pixels as they are: nothing to set."""
