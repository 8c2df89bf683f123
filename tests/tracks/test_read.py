"""Reading tracks of every kind: right rows, or an error with file and line; never a traceback, never a wrong number."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.evaluation.predictions import VideoPrediction, write_predictions
from aukit.tracks.columns import Layout
from aukit.tracks.read import read_tracks
from aukit.tracks.writers import open_writer

AUS = ("AU04", "AU12")


def made(rows: int = 5) -> Tracks:
    """One face, lost in frame 2."""
    there = np.arange(rows) != 2
    nan = np.float32(np.nan)
    return Tracks(
        frame=np.arange(rows),
        face_id=np.where(there, 0, -1),
        timestamp=np.arange(rows) / 25,
        confidence=np.where(there, 0.9, 0).astype(np.float32),
        success=there,
        box=np.where(there[:, None], np.float32([10, 20, 30, 40]), nan),
        pose=np.where(there[:, None], np.float32([0.1, -0.2, 0.0]), nan),
        intensity=np.where(there[:, None], np.float32([[0.5, 2.25]]), nan),
    )


def saved(path: Path, tracks: Tracks, **layout: object) -> Path:
    columns = Layout(aus=AUS, pose=True, **layout)  # type: ignore[arg-type]
    with open_writer(path, columns, {"format": "aukit tracks", "version": 1}, rows=len(tracks)) as append:
        append(columns.values(tracks, neutral=np.ones((len(tracks), 2), np.float32)))
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet", "h5"])
def test_what_was_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    tracks = made()
    found = read_tracks(saved(tmp_path / f"clip.{suffix}", tracks, model_origin="synthetic", baseline=True))
    assert (found.kind, found.aus, list(found.videos)) == ("aukit", AUS, ["clip"])
    assert (found.origin, found.model_origin) == ("real", "synthetic")
    assert found.mark == "synthetic model: not for real people"
    for name in ("frame", "face_id", "timestamp", "success", "confidence", "box", "pose", "intensity"):
        np.testing.assert_allclose(
            getattr(found.video(), name), getattr(tracks, name), atol=1e-4, err_msg=name
        )
    calibrated = read_tracks(found.path, calibrated=True).video()
    np.testing.assert_allclose(calibrated.intensity, tracks.intensity - 1, atol=1e-4)


def test_a_run_s_predictions_are_tracks_too(tmp_path: Path) -> None:
    said = np.float32([[1.0, 2.0], [np.nan, np.nan], [0.0, 0.5]])
    video = VideoPrediction(
        id="a/b",
        subject="P1",
        timestamps=np.arange(3) / 10,
        predictions=said,
        labels=np.full_like(said, np.nan),
    )
    path = tmp_path / "predictions.h5"
    write_predictions(path, [video], aus=AUS, origin="rendered", model="quickstart")
    found = read_tracks(path)
    assert (found.kind, found.origin, dict(found.subjects)) == ("predictions", "rendered", {"a/b": "P1"})
    np.testing.assert_array_equal(found.video("a/b").intensity, said)
    assert found.video("a/b").success.tolist() == [True, False, True]


OPENFACE = """frame, face_id, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, AU01_r, AU12_r, AU12_c
1, 0, 0.000, 0.98, 1, 0.01, -0.02, 0.03, 0.00, 1.25, 1.00
2, 0, 0.033, 0.02, 0, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00
3, 0, 0.067, 0.97, 1, 0.01, -0.02, 0.03, 0.40, 3.00, 1.00
"""


def test_openface_has_spaces_counts_from_one_and_writes_zeros_where_it_failed(tmp_path: Path) -> None:
    path = tmp_path / "talk.csv"
    path.write_text(OPENFACE)
    found = read_tracks(path)
    tracks = found.video("talk")
    assert (found.kind, found.aus) == ("openface2", ("AU01", "AU12"))
    assert (found.origin, found.mark) == ("", "")
    assert tracks.frame.tolist() == [0, 1, 2] and tracks.success.tolist() == [True, False, True]
    assert np.isnan(tracks.intensity[1]).all()
    np.testing.assert_allclose(tracks.intensity[[0, 2]], [[0, 1.25], [0.4, 3]])
    np.testing.assert_allclose(tracks.pose[0], [0.01, -0.02, 0.03], atol=1e-7)


def test_the_landmarks_of_openface_give_a_box(tmp_path: Path) -> None:
    points = [f"x_{i}" for i in range(68)] + [f"y_{i}" for i in range(68)]
    names = ["frame", "timestamp", "confidence", "success", "AU12_r", "AU12_c", *points]
    values = [1, 0, 0.9, 1, 2, 1, *range(100, 168), *range(50, 118)]
    path = tmp_path / "a.csv"
    path.write_text(", ".join(names) + "\n" + ", ".join(map(str, values)) + "\n")
    np.testing.assert_array_equal(read_tracks(path).video().box, [[100, 50, 167, 117]])


def test_openface_s_table_of_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "group.csv"
    path.write_text("face, confidence, AU01_r, AU12_r\n0, 0.9, 0.5, 1\n1, 0.8, 0, 2\n")
    tracks = read_tracks(path).video()
    assert tracks.frame.tolist() == [0, 0] and tracks.face_id.tolist() == [0, 1]


def test_ports_that_count_from_zero(tmp_path: Path) -> None:
    path = tmp_path / "port.csv"
    path.write_text("frame,timestamp,success,AU12_r\n0,0.0,True,1.5\n1,0.04,False,0.0\n")
    tracks = read_tracks(path).video()
    assert tracks.frame.tolist() == [0, 1] and tracks.success.tolist() == [True, False]


def test_libreface_counts_from_zero_in_milliseconds(tmp_path: Path) -> None:
    path = tmp_path / "talk.csv"
    path.write_text(
        ",frame_idx,frame_time_in_ms,path_to_frame,au_1,au_12,au_12_intensity,au_1_intensity\n"
        '0,0,0.0,"a,b.png",0,1,2.5,0.1\n1,1,40.0,c.png,0,1,2.0,\n'
    )
    found = read_tracks(path)
    tracks = found.video()
    assert (found.kind, found.aus) == ("libreface", ("AU01", "AU12"))
    assert tracks.frame.tolist() == [0, 1]
    np.testing.assert_allclose(tracks.timestamp, [0, 0.04])
    np.testing.assert_allclose(tracks.intensity, [[0.1, 2.5], [np.nan, 2]])
    assert tracks.success.tolist() == [True, False]


def test_rows_may_come_in_any_order_and_of_several_videos(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text(
        "video,subject,frame,face_id,timestamp,success,AU12_r\n"
        "b,P2,2,0,0.1,1,4\nb,P2,1,1,0.0,1,3\nb,P2,1,0,0.0,1,2\na,P1,1,,0.0,0,\n"
    )
    found = read_tracks(path)
    assert list(found.videos) == ["b", "a"] and found.subjects == {"b": "P2", "a": "P1"}
    assert found.videos["b"].intensity[:, 0].tolist() == [2, 3, 4]
    assert found.videos["a"].face_id.tolist() == [-1]
    with pytest.raises(DataError, match="2 videos"):
        found.video()
    with pytest.raises(DataError, match="no video 'c'"):
        found.video("c")


def test_a_folder_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(OPENFACE)
    (tmp_path / "two.csv").write_text(OPENFACE)
    (tmp_path / "one_of_details.txt").write_text("not read")
    assert list(read_tracks(tmp_path).videos) == ["one", "two"]
    (tmp_path / "two.csv").write_text(OPENFACE.replace("AU01", "AU02"))
    with pytest.raises(DataError, match=r"two.csv: other AUs than one.csv"):
        read_tracks(tmp_path)


HEAD = "frame,timestamp,success,AU12_r"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "", "empty"),
        ("a,b\n1,2\n", ":1", "no table of AU intensities"),
        (f"{HEAD}\n1,0,1\n", ":2", "3 cells, the header has 4"),
        (f"{HEAD}\n1,0,1,0.5\n\n2,0.1,1,high\n", ":4", "`high` is no number"),
        (f"{HEAD}\n1,0,1,inf\n", ":2", "`inf` is no number"),
        (f"{HEAD}\n1,0,1,1_0\n", ":2", "`1_0` is no number"),
        (f"{HEAD}\n1,0,1,١\n", ":2", "is no number"),
        (f"{HEAD}\n1,0,maybe,1\n", ":2", "neither 0 nor 1"),
        (f"{HEAD}\n1.5,0,1,1\n", ":2", "not a whole number"),
        (f"{HEAD}\n-3,0,1,1\n", ":2", "no frame has this number"),
        (f"{HEAD}\n,0,1,1\n", ":2", "not a whole number"),
        (f"{HEAD}\n1,,1,1\n", ":2", "without its time"),
        (f"{HEAD}\n1,0,1,1\n2,0.1,1,1\n1,0,1,2\n", ":4", "two rows of one face"),
        (f"{HEAD},AU12_r\n1,0,1,1,2\n", ":1", "two columns are called `AU12_r`"),
        (f"{HEAD},AU012_r,AU1_r,AU01_r\n", ":1", "are one AU"),
        ("timestamp,image_path,frame_index,face_id,action_units\n", ":1", "no table of AU intensities"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, where: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_tracks(path)
    assert message in error.value.message
    assert error.value.where == f"{path}{where}"


def test_what_other_tools_do_not_give_is_said(tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text("timestamp,image_path,face_id,action_units\n")
    with pytest.raises(DataError) as error:
        read_tracks(path)
    assert "OpenFace 3" in error.value.hint


@pytest.mark.parametrize("name", ["no.csv", "no.h5", "no.parquet"])
def test_a_file_that_is_not_there_and_one_that_is_something_else(tmp_path: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="no such file"):
        read_tracks(tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00nonsense")
    with pytest.raises(DataError):
        read_tracks(tmp_path / name)


def test_an_hdf5_file_of_something_else(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["format"] = "something"
    with pytest.raises(DataError, match="no AU tracks"):
        read_tracks(tmp_path / "other.h5")


CELL = st.one_of(
    st.sampled_from(["", "0", "1", "2", "0.5", "nan", "inf", "-1", "1e400", "1e38", "True", "x", "1_0", "٣"]),
    st.text(max_size=6),
)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=3, max_size=6), max_size=6))
@example(rows=[["1", "0", "1", "1e38"]])
def test_any_rows_are_right_or_an_error_with_a_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "t.csv"
    text = HEAD + "\n" + "".join(",".join(row) + "\n" for row in rows)
    path.write_text(text, "utf-8", errors="replace")
    try:
        tracks = read_tracks(path).video()
    except DataError as error:
        assert error.where.startswith(str(path))
        return
    assert len(tracks) <= len(text.splitlines())
    written = {cell.strip() for row in rows for cell in row}
    for value, fine in zip(tracks.intensity[:, 0], tracks.success, strict=True):
        assert not fine or any(_same(cell, value) for cell in written)
    assert (tracks.frame >= 0).all() and np.isfinite(tracks.timestamp).all()


def _same(cell: str, value: np.float32) -> bool:
    try:
        return bool(np.float32(float(cell.strip('"'))) == value)
    except (ValueError, OverflowError):
        return False


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "t.csv"
    path.write_bytes(data)
    with pytest.raises(DataError):
        read_tracks(path)
