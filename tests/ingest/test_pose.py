"""Head pose from five points: signs, round trips, and what noise does to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.ingest.pose import FACE, angles, head_pose, rotation

turns = st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2), st.floats(-3, 3))


def seen(turn: np.ndarray, *, scale: float = 60, x: float = 300, y: float = 200) -> np.ndarray:
    """Where the points of our mean face are in a picture, turned."""
    return scale * (FACE @ turn.T)[:, :2] + (x, y)


def test_a_face_that_looks_at_the_camera_has_pose_0() -> None:
    np.testing.assert_allclose(head_pose(seen(np.eye(3))), 0, atol=1e-9)


@pytest.mark.parametrize(
    ("nose", "axis"),
    [((0, 8), 0), ((-8, 0), 1)],
    ids=["the nose goes down in the picture: pitch grows", "it goes to the picture's left: yaw grows"],
)
def test_signs_of_pitch_and_yaw(nose: tuple[float, float], axis: int) -> None:
    """As in OpenFace: head bent down is a positive pose_Rx, turned to the person's own right a positive pose_Ry."""
    points = seen(np.eye(3))
    points[2] += nose
    assert head_pose(points)[axis] > 0.1


def test_sign_of_roll() -> None:
    """Tilted clockwise in the picture, so that the eye on the picture's right is lower: a positive pose_Rz."""
    points = seen(np.eye(3)) - (300, 200)
    turned = points @ np.array([[np.cos(0.3), np.sin(0.3)], [-np.sin(0.3), np.cos(0.3)]])
    assert turned[1, 1] > turned[0, 1]
    np.testing.assert_allclose(head_pose(turned), (0, 0, 0.3), atol=1e-9)


@given(turn=turns, scale=st.floats(1, 500), x=st.floats(-100, 2000), y=st.floats(-100, 2000))
def test_the_pose_of_a_turned_face_is_found_again(
    turn: tuple[float, float, float], scale: float, x: float, y: float
) -> None:
    found = head_pose(seen(rotation(*turn), scale=scale, x=x, y=y))
    np.testing.assert_allclose(found, turn, atol=1e-6)


@given(turns)
def test_angles_are_those_of_the_rotation(turn: tuple[float, float, float]) -> None:
    matrix = rotation(*turn)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_allclose(angles(matrix), turn, atol=1e-9)


def test_points_that_tremble_by_two_hundredths_of_the_eyes_distance_cost_some_degrees() -> None:
    """What docs/concepts/faces.md says of accuracy."""
    rng = np.random.default_rng(0)
    off = []
    for _ in range(400):
        turn = np.radians(rng.uniform(-1, 1, 3) * (15, 25, 15))
        points = seen(rotation(*turn), scale=1) + rng.normal(0, 0.02, (5, 2))
        off.append(np.degrees(head_pose(points) - turn))
    pitch, yaw, roll = np.sqrt(np.mean(np.square(off), axis=0))
    assert 2 < pitch < 3
    assert 2 < yaw < 3
    assert roll < 1.5


@given(turn=turns.filter(lambda turn: max(map(abs, turn)) < 1.0))
def test_a_mirrored_face_has_the_opposite_yaw_and_roll(turn: tuple[float, float, float]) -> None:
    points = seen(rotation(*turn))
    mirrored = (points * (-1, 1))[[1, 0, 2, 4, 3]]
    np.testing.assert_allclose(head_pose(mirrored), head_pose(points) * (1, -1, -1), atol=1e-6)


@pytest.mark.parametrize(
    "points",
    [(), [(1, 2)] * 4, np.zeros((68, 2)), np.full((5, 2), np.nan)],
    ids=["none", "four", "68", "not finite"],
)
def test_without_five_points_there_is_no_pose(points: object) -> None:
    assert np.isnan(head_pose(points)).all()  # type: ignore[arg-type]


def test_points_at_one_place_have_no_pose() -> None:
    assert np.isnan(head_pose(np.full((5, 2), 7.0))).all()
