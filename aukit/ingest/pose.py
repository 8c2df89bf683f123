"""Head pose from five points of a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FACE = np.array(
    [
        (-0.50, 0.00, 0.00),  # the person's right eye, which is the left one in the picture
        (0.50, 0.00, 0.00),
        (0.00, 0.59, -0.55),  # tip of the nose
        (-0.41, 1.09, -0.06),  # right corner of the mouth
        (0.41, 1.09, -0.06),
    ]
)
"""Our mean face: x to the picture's right, y down, z away from the camera, in distances between the eyes.

Across and down it is rounded from where YuNet puts points on faces that look at the camera; in depth, from common
measures of adult heads. It is nobody's published model.
"""


def head_pose(points: ArrayLike) -> NDArray[np.float64]:
    """Pitch, yaw and roll (3,) in radians from five points (5,2), ordered as in `Face.points`; NaN without them.

    Signs are those of OpenFace's `pose_Rx`, `pose_Ry`, `pose_Rz`: R = Rx·Ry·Rz, x to the picture's right, y down, z
    away from the camera. Pitch is positive where the head is bent down, yaw where it is turned to the person's own
    right, which is the picture's left, and roll where it is tilted clockwise in the picture, to the person's left
    shoulder. All are 0 for a face that looks straight back along the line from the camera.

    The rotation is the nearest one (by the singular value decomposition) to the linear map from `FACE` to the points
    that fits best by least squares: a scaled orthographic projection.
    """
    seen = np.asarray(points, np.float64)
    if seen.shape != (5, 2) or not np.isfinite(seen).all():
        return np.full(3, np.nan)
    model = FACE - FACE.mean(0)
    affine = np.linalg.lstsq(model, seen - seen.mean(0), rcond=None)[0].T
    left, stretch, right = np.linalg.svd(affine, full_matrices=False)
    if stretch[0] < 1e-9:  # all points are one
        return np.full(3, np.nan)
    rows = left @ right
    return angles(np.vstack([rows, np.cross(rows[0], rows[1])]))


def rotation(pitch: float, yaw: float, roll: float) -> NDArray[np.float64]:
    """Rx·Ry·Rz (3,3)."""
    (a, b, c), (s, t, u) = np.cos([pitch, yaw, roll]), np.sin([pitch, yaw, roll])
    x = np.array([[1, 0, 0], [0, a, -s], [0, s, a]])
    y = np.array([[b, 0, t], [0, 1, 0], [-t, 0, b]])
    z = np.array([[c, -u, 0], [u, c, 0], [0, 0, 1]])
    product: NDArray[np.float64] = x @ y @ z
    return product


def angles(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pitch, yaw and roll (3,) of a rotation (3,3): the inverse of `rotation`, for yaw within a quarter turn."""
    yaw = np.arcsin(np.clip(matrix[0, 2], -1, 1))
    pitch = np.arctan2(-matrix[1, 2], matrix[2, 2])
    roll = np.arctan2(-matrix[0, 1], matrix[0, 0])
    return np.array([pitch, yaw, roll])
