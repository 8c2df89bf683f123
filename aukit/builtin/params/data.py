"""Parameters of the synthetic data set."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from aukit.contracts.params import Params
from aukit.errors import did_you_mean

DISFA_AUS = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26")
"""The AUs that DISFA codes."""

RENDERED_AUS = (*DISFA_AUS[:6], "AU10", "AU12", "AU14", *DISFA_AUS[7:], "AU45")
"""The AUs that the synthetic faces can show."""


class SyntheticParams(Params):
    """aukit's own rendered people."""

    train: int = Field(16, ge=1, description="people in the training part of the preset split")
    validation: int = Field(4, ge=0, description="people in its validation part")
    test: int = Field(8, ge=0, description="people in its test part")
    subjects: tuple[str, ...] = Field(
        (),
        description="subject ids to render instead of P001, P002, ...; shared out in the same proportion",
    )
    aus: tuple[str, ...] = Field(
        DISFA_AUS, min_length=1, description="AUs that are labelled; all of them move"
    )
    videos: int = Field(1, ge=1, description="videos of each person")
    frames: int = Field(400, ge=1, description="frames of each video")
    fps: float = Field(20.0, gt=0, description="frames a second; the motion in seconds does not depend on it")
    size: int = Field(128, ge=32, le=512, description="pixels a side")
    seed: int = Field(0, ge=0, description="everything is drawn from it")
    origin: Literal["synthetic", "stand-in"] = Field(
        "synthetic", description="written into whatever is made from this"
    )
    data_set: str = Field("synthetic", min_length=1, description="name of the data set in schema and store")

    @field_validator("subjects", "aus")
    @classmethod
    def _unique(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} given more than once")
        return names

    @field_validator("aus")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in RENDERED_AUS:
                raise ValueError(f"`{name}` is not rendered; {did_you_mean(name, RENDERED_AUS)}")
        return names

    def smoke(self) -> dict[str, Any]:
        """A handful of short, small videos."""
        people = {} if self.subjects else {"train": 2, "validation": 1, "test": 1}
        return {**people, "videos": 1, "frames": 60, "size": 64}
