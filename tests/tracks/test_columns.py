"""The columns: their order is OpenFace's, and each has a meaning."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from aukit.contracts.tracks import Tracks
from aukit.tracks.columns import Layout

AUS = ("AU04", "AU12")


def one(success: bool = True) -> Tracks:
    return Tracks(
        frame=np.array([9]),
        face_id=np.array([2]),
        timestamp=np.array([0.3]),
        confidence=np.array([0.9], np.float32),
        success=np.array([success]),
        box=np.array([[1, 2, 3, 4]], np.float32),
        pose=np.array([[0.1, 0.2, 0.3]], np.float32),
        intensity=np.array([[1.5, -0.5]], np.float32),
    )


def test_the_order_is_that_of_openface() -> None:
    layout = Layout(aus=AUS, pose=True, baseline=True, store=True, model_origin="synthetic")
    assert list(layout.names) == [
        *("video", "subject", "frame", "face_id", "timestamp", "confidence", "success"),
        *("pose_Rx", "pose_Ry", "pose_Rz", "AU04_r", "AU12_r", "AU04_b", "AU12_b"),
        *("box_x0", "box_y0", "box_x1", "box_y1", "origin", "model_origin"),
    ]


@pytest.mark.parametrize(
    ("pose", "box", "baseline", "store", "origin"), [*product(*[[False, True]] * 4, ["real", "rendered"])]
)
def test_every_column_has_a_meaning_and_values(
    pose: bool, box: bool, baseline: bool, store: bool, origin: str
) -> None:
    layout = Layout(aus=AUS, pose=pose, box=box, baseline=baseline, store=store, origin=origin)
    neutral = np.ones((1, 2), np.float32) if baseline else None
    values = layout.values(one(), neutral=neutral)
    assert tuple(values) == layout.names == tuple(column.name for column in layout.columns)
    assert len(set(layout.names)) == len(layout.names)
    for column in layout.columns:
        assert len(column.meaning) > 10 and " " not in column.name
        assert (column.type == "text") == isinstance(values[column.name], str)
    assert ("origin" in values) == (origin != "real")


def test_frames_count_from_one_and_failures_have_no_intensity() -> None:
    layout = Layout(aus=AUS, baseline=True)
    neutral = np.array([[0.5, 0.5]], np.float32)
    good, bad = (layout.values(one(success), neutral=neutral) for success in (True, False))
    assert good["frame"].tolist() == [10]
    assert (good["AU04_r"], good["AU04_b"], good["AU12_b"]) == (1.5, 1.0, -1.0)
    assert np.isnan([bad["AU04_r"], bad["AU12_r"], bad["AU04_b"]]).all()
