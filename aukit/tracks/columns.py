"""The columns of a tracks file: their names, in order, and what each means, exactly.

Every format has the same columns under the same names; CSV, Parquet and HDF5 differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aukit.contracts.tracks import Tracks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = "aukit tracks"
VERSION = 1
"""What the sidecar and an HDF5 file say they are."""

FIRST_FRAME = 1
"""The number of a video's first frame in a file, as in OpenFace. `Tracks.frame` counts from 0."""

RAW, CALIBRATED = "_r", "_b"
"""What follows an AU's name: the model's own value, and the same less the person's neutral value."""

VIDEO = ("video", "subject")
POSE = ("pose_Rx", "pose_Ry", "pose_Rz")
BOX = ("box_x0", "box_y0", "box_x1", "box_y1")
ORIGIN = ("origin", "model_origin")

MEANINGS: Mapping[str, str] = {
    "video": "name of the video in its clip store",
    "subject": "person, as the clip store names them",
    "frame": "number of the frame in its video, the first is 1",
    "face_id": "who: stable within a video; -1 in a frame without the face that is followed",
    "timestamp": "seconds since the first frame, from the container's own times",
    "confidence": "the locator's score of this face, 0..1, interpolated between two looks; 0 without a face",
    "success": "1: a face was found and every AU has a finite value; 0: not so, and the AUs are empty",
    "pose_Rx": "pitch of the head in radians, positive where it is bent down",
    "pose_Ry": "yaw of the head in radians, positive where it is turned to the person's own right",
    "pose_Rz": "roll of the head in radians, positive where it is tilted clockwise in the picture",
    "box_x0": "left edge of the face's box, pixels of the upright picture",
    "box_y0": "upper edge of the face's box, pixels of the upright picture",
    "box_x1": "right edge of the face's box, pixels of the upright picture",
    "box_y1": "lower edge of the face's box, pixels of the upright picture",
    "origin": "where the video comes from: real, rendered, synthetic or stand-in people",
    "model_origin": "what people the model was trained on: real, rendered, synthetic or stand-in",
}

TYPES: Mapping[str, str] = {
    "video": "text",
    "subject": "text",
    "frame": "int64",
    "face_id": "int64",
    "timestamp": "float64",
    "success": "bool",
    "origin": "text",
    "model_origin": "text",
}
"""Columns that are not float32."""

DIGITS: Mapping[str, int] = {"timestamp": 6, **dict.fromkeys(BOX, 2)}
"""Digits after the point in a CSV, where they are not four."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: `type` is int64, float64, float32, bool or text; `digits` are those after the point in a CSV."""

    name: str
    type: str
    meaning: str
    digits: int = 4


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which columns a tracks file has. `baseline`: beside each raw value the calibrated one. `store`: many videos."""

    aus: tuple[str, ...]
    origin: str = "real"
    model_origin: str = "real"
    pose: bool = False
    box: bool = True
    baseline: bool = False
    store: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order. Origins are marked where frames or model are not of real people."""
        return (
            *(VIDEO if self.store else ()),
            *("frame", "face_id", "timestamp", "confidence", "success"),
            *(POSE if self.pose else ()),
            *(au + RAW for au in self.aus),
            *(au + CALIBRATED for au in self.aus if self.baseline),
            *(BOX if self.box else ()),
            *(ORIGIN if (self.origin, self.model_origin) != ("real", "real") else ()),
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in order."""
        return tuple(
            Column(
                name=name,
                type=TYPES.get(name, "float32"),
                meaning=MEANINGS.get(name) or _intensity(name),
                digits=DIGITS.get(name, 4),
            )
            for name in self.names
        )

    def values(
        self,
        tracks: Tracks,
        *,
        neutral: NDArray[np.float32] | None = None,
        video: str = "",
        subject: str = "",
    ) -> dict[str, Any]:
        """The columns of N rows by name: arrays (N,), and one word where a text column says the same in each row.

        `neutral` float32 (N,A) is what calibration subtracts in each row. A row without success has no intensity.
        """
        import numpy as np

        raw = np.where(tracks.success[:, None], tracks.intensity, np.float32(np.nan))
        found: dict[str, Any] = {
            "video": video,
            "subject": subject,
            "frame": tracks.frame + FIRST_FRAME,
            "face_id": tracks.face_id,
            "timestamp": tracks.timestamp,
            "confidence": tracks.confidence,
            "success": tracks.success,
            "origin": self.origin,
            "model_origin": self.model_origin,
        }
        found.update(zip(POSE, tracks.pose.T, strict=True))
        found.update(zip(BOX, tracks.box.T, strict=True))
        found.update((au + RAW, raw[:, place]) for place, au in enumerate(self.aus))
        if neutral is not None:
            found.update(
                (au + CALIBRATED, raw[:, place] - neutral[:, place]) for place, au in enumerate(self.aus)
            )
        return {name: found[name] for name in self.names}


def _intensity(name: str) -> str:
    au = name[: -len(RAW)]
    if name.endswith(RAW):
        return f"intensity of {au} as the model gives it, on the FACS scale 0-5"
    return f"{au}{RAW} less this person's neutral value of it"
