"""Parameters of label samplers.

Each description ends with the source of the default: the paper's section, or "ours" with the reason.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from aukit.contracts.params import Params


class RandomSamplerParams(Params):
    """Labelled frames drawn at random (paper, section 4): 2 % of them."""

    fraction: float = Field(
        0.02, gt=0, le=1, description="share of the labelled frames, rounded down (paper: 0.02)"
    )
    count: int | None = Field(
        None, ge=1, description="an exact number of frames instead: 1162 in the paper on DISFA, 1498 on BP4D"
    )

    def smoke(self) -> dict[str, Any]:
        """An exact count of a whole data set may be more than a smoke run has."""
        return {} if self.count is None else {"count": min(self.count, 16)}


class StratifiedSamplerParams(Params):
    """Labelled frames balanced over the levels of all AUs; as many as `random` draws, so the two can be swapped."""

    fraction: float = Field(
        0.02, gt=0, le=1, description="share of the labelled frames, rounded down (paper: 0.02)"
    )
    count: int | None = Field(None, ge=1, description="an exact number of frames instead")

    def smoke(self) -> dict[str, Any]:
        """An exact count of a whole data set may be more than a smoke run has."""
        return {} if self.count is None else {"count": min(self.count, 16)}


class UniformStrideParams(Params):
    """Labelled frames at even steps through each video, from a random first one."""

    fraction: float = Field(
        0.02, gt=0, le=1, description="share of the labelled frames: a step of 1 / fraction (paper: 0.02)"
    )
    every: int | None = Field(
        None, ge=1, description="the step in labelled frames instead; a video shorter than it may give none"
    )

    def smoke(self) -> dict[str, Any]:
        """The videos of a smoke run may be shorter than a step."""
        return {} if self.every is None else {"every": min(self.every, 5)}


class KeyFrameParams(Params):
    """Peaks and valleys of each AU's intensity, AU by AU, as the methods before the paper ask."""

    fraction: float = Field(
        0.01,
        gt=0,
        le=1,
        description="share of an AU's labelled frames, rounded (KBSS and CFLF on DISFA: 0.01)",
    )
    of: Literal["frames", "key-frames"] = Field(
        "frames",
        description="what `fraction` is a share of: labelled frames (KBSS, KJRE, CFLF) or key frames (BORMIR)",
    )
    count: int | None = Field(
        None, ge=2, description="an exact number of labels of each AU instead; a segment has two ends"
    )
    extra: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of an AU's labelled frames drawn at random besides, marked as no key frames (KJRE: 0)",
    )
    min_length: int = Field(
        3,
        ge=1,
        description="frames below which a plateau joins its neighbour (ours: shorter is the coder's jitter)",
    )
    delta: float = Field(
        1.0, ge=0, description="least difference from a peak to the valley next to it (ours: one level)"
    )
    flat_length: int = Field(
        50,
        ge=2,
        description="frames from which a plateau gives its first and last frame (ours: 2.5 s at 20 fps)",
    )

    def smoke(self) -> dict[str, Any]:
        """A smoke run has few frames: one in a hundred may be no segment at all."""
        return {"fraction": max(self.fraction, 0.1)} if self.count is None else {"count": min(self.count, 16)}
