"""Person calibration: what is subtracted is that person's own neutral value, and the raw one stays."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.tracks.baseline import Baseline, load_baseline, neutral_values, spread
from aukit.tracks.spool import Spool
from aukit.tracks.write import VideoRows, write_tracks

AUS = ("AU01", "AU12")


def rows(values: NDArray[np.float32], ids: NDArray[np.int64]) -> Tracks:
    """A row a frame with these faces and intensities; no success where an intensity is missing."""
    count = len(values)
    return Tracks(
        frame=np.arange(count),
        face_id=np.asarray(ids, np.int64),
        timestamp=np.arange(count) / 25,
        confidence=np.ones(count, np.float32),
        success=np.isfinite(values).all(axis=1),
        box=np.zeros((count, 4), np.float32),
        pose=np.full((count, 3), np.nan, np.float32),
        intensity=np.asarray(values, np.float32),
    )


def columns(path: Path) -> dict[str, NDArray[np.float64]]:
    with path.open(newline="") as file:
        header, *found = list(csv.reader(file))
    return {name: np.array([float(row[i] or "nan") for row in found]) for i, name in enumerate(header)}


def test_calibrated_columns_stand_beside_the_raw_ones(tmp_path: Path) -> None:
    values = np.array([[1, 2], [3, 2], [2, 5], [np.nan, np.nan], [9, 9]], np.float32)
    document = write_tracks(
        tmp_path / "a.csv",
        [VideoRows(rows=[rows(values, np.array([0, 0, 0, -1, 7]))])],
        aus=AUS,
        origin="real",
        model_origin="real",
        facts={},
        baseline=Baseline(),
    )
    names = list(document["columns"])
    assert names[5:9] == ["AU01_r", "AU12_r", "AU01_b", "AU12_b"]
    found = columns(tmp_path / "a.csv")
    np.testing.assert_allclose(found["AU01_b"], [-1, 1, 0, np.nan, 0])
    np.testing.assert_allclose(found["AU12_b"], [0, 0, 3, np.nan, 0])
    np.testing.assert_allclose(found["AU12_r"], values[:, 1])


@settings(max_examples=50, deadline=None)
@given(data=st.data(), count=st.integers(0, 40))
def test_the_median_is_each_face_s_own(
    data: st.DataObject, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = data.draw
    ids = np.array(draw(st.lists(st.integers(-1, 3), min_size=count, max_size=count)), np.int64)
    cell = st.one_of(st.just(np.nan), st.floats(-1, 6, width=32, allow_subnormal=False))
    flat = draw(st.lists(cell, min_size=2 * count, max_size=2 * count))
    values = np.array(flat, np.float32).reshape(count, 2)
    tracks = rows(values, ids)
    with Spool(tmp_path_factory.mktemp("spool"), 2) as spool:
        spool.begin()
        for start in range(0, count, 3):
            spool.append(tracks[start : start + 3])
        found = neutral_values(Baseline(), spool, spool.sections[0], AUS)
    for face in set(ids.tolist()):
        mine = values[(ids == face) & tracks.success].astype(np.float64)
        if len(mine):
            np.testing.assert_allclose(found[face], np.median(mine, axis=0), rtol=1e-6)
        else:
            assert face not in found
            assert np.isnan(spread(found, ids, 2)[ids == face]).all()


def test_neutral_values_of_one_row_and_of_a_predicted_clip(tmp_path: Path) -> None:
    (tmp_path / "row.csv").write_text("AU12, AU1\n0.5, 0.25\n")
    assert load_baseline(str(tmp_path / "row.csv"), AUS).values == {"AU01": 0.25, "AU12": 0.5}
    values = np.array([[0.5, 1], [1.5, 2], [np.nan, np.nan]], np.float32)
    tracks = rows(values, np.array([0, 0, -1]))
    write_tracks(
        tmp_path / "clip.csv",
        [VideoRows(rows=[tracks])],
        aus=AUS,
        origin="real",
        model_origin="real",
        facts={},
        baseline=Baseline(),
    )
    found = load_baseline(str(tmp_path / "clip.csv"), AUS)
    assert found.values == {"AU01": 1.0, "AU12": 1.5}
    assert found.facts()["name"] == "clip.csv" and len(found.facts()["sha256"]) == 64
    write_tracks(
        tmp_path / "b.csv",
        [VideoRows(rows=[tracks])],
        aus=AUS,
        origin="real",
        model_origin="real",
        facts={},
        baseline=found,
    )
    np.testing.assert_allclose(columns(tmp_path / "b.csv")["AU12_b"], [-0.5, 0.5, np.nan])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("frame,success\n1,1\n", "no column is an AU"),
        ("AU01_r,AU01\n1,1\n", "two columns are AU01"),
        ("AU01_r\n1\n", "no neutral value of AU12"),
        ("AU01_r,AU12_r\n1,x\n", "2: `x`"),
        ("AU01_r,AU12_r\n1\n", ":2"),
        ("AU01_r,AU12_r,success\n1,1,0\n", "no neutral value of AU01, AU12"),
        ("face_id,success,AU01_r,AU12_r\n0,1,1,1\n1,1,2,2\n", "2 faces"),
    ],
)
def test_a_neutral_file_that_does_not_do(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "neutral.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        load_baseline(str(tmp_path / "neutral.csv"), AUS)
    assert words in str(caught.value)
    assert "neutral.csv" in str(caught.value)


def test_a_neutral_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        load_baseline(str(tmp_path / "nowhere.csv"), AUS)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DataError, match=r"bytes\.csv"):
        load_baseline(str(tmp_path / "bytes.csv"), AUS)
