"""AU tracks: what prediction gives for each frame and face of a video. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """Consecutive rows of one video, ordered by frame, then face: N rows of A action units.

    `frame` int64 (N,) counts the decoded frames from 0. `face_id` int64 (N,) is stable within a video; -1 where no face
    is meant, as in a frame without any. `timestamp` float64 (N,) seconds since the first frame, from the container.
    `confidence` float32 (N,) the locator's score of the face in 0..1; between two looks of the locator it is
    interpolated; 0 without a face. `box` float32 (N,4) x0 y0 x1 y1 in the upright picture's pixels, NaN without a face.
    `pose` float32 (N,3) pitch, yaw, roll in radians, NaN where there are no points. `intensity` float32 (N,A) on
    the FACS scale, NaN where there is none. `success` bool (N,): the row has a face and finite intensities.
    """

    frame: NDArray[np.int64]
    face_id: NDArray[np.int64]
    timestamp: NDArray[np.float64]
    confidence: NDArray[np.float32]
    success: NDArray[np.bool_]
    box: NDArray[np.float32]
    pose: NDArray[np.float32]
    intensity: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | NDArray[np.int64]) -> Tracks:
        """Some of the rows."""
        return Tracks(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})
