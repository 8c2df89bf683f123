"""Tracks files in three formats: what is written is what was there, in all of them alike, and whole or not at all."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aukit.contracts.tracks import Tracks
from aukit.errors import MissingExtraError, StorageError, UsageError
from aukit.tracks.columns import Layout
from aukit.tracks.spool import BLOCK, Spool
from aukit.tracks.write import VideoRows, write_tracks
from aukit.tracks.writers import format_of, open_writer

AUS = ("AU01", "AU12")
NAN = np.nan


def rows(count: int, *, seed: int = 0, faces: int = 1, pose: bool = False) -> Tracks:
    """`count` frames at 30 a second, each with `faces` faces; every fifth row has no success."""
    rng = np.random.default_rng(seed)
    total = count * faces
    success = np.arange(total) % 5 != 4
    good = success[:, None]
    return Tracks(
        frame=np.repeat(np.arange(count), faces),
        face_id=np.where(success, np.tile(np.arange(faces), count), -1),
        timestamp=np.repeat(np.arange(count) / 30, faces),
        confidence=np.where(success, rng.uniform(0.5, 1, total), 0).astype(np.float32),
        success=success,
        box=np.where(good, rng.uniform(0, 100, (total, 4)), NAN).astype(np.float32),
        pose=np.where(good & pose, rng.normal(size=(total, 3)), NAN).astype(np.float32),
        intensity=np.where(good, rng.normal(1, 2, (total, 2)), NAN).astype(np.float32),
    )


def write(out: Path, tracks: Tracks, **more: object) -> dict[str, object]:
    facts = {"format": "aukit tracks", "version": 1}
    options = {"aus": AUS, "origin": "real", "model_origin": "real", "facts": facts} | more
    blocks = [tracks[start : start + 7] for start in range(0, len(tracks), 7)]
    return write_tracks(out, [VideoRows(rows=blocks)], **options)  # type: ignore[arg-type]


def table(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="") as file:
        header, *found = list(csv.reader(file))
    return header, found


def test_csv_is_what_scripts_for_openface_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", rows(6))
    data = (tmp_path / "a.csv").read_bytes()
    assert data.count(b"\n") == 7 and b"\r" not in data and b" " not in data
    header, found = table(tmp_path / "a.csv")
    assert header[:7] == ["frame", "face_id", "timestamp", "confidence", "success", "AU01_r", "AU12_r"]
    assert [row[0] for row in found] == ["1", "2", "3", "4", "5", "6"]
    assert [row[4] for row in found] == ["1", "1", "1", "1", "0", "1"]
    assert found[4][1:7] == ["-1", "0.133333", "0.0000", "0", "", ""]
    assert set(found[4][7:]) == {""}


def test_values_of_a_csv(tmp_path: Path) -> None:
    tracks = rows(20)
    write(tmp_path / "a.csv", tracks)
    header, found = table(tmp_path / "a.csv")
    columns = {name: [row[place] for row in found] for place, name in enumerate(header)}
    good = tracks.success
    said = np.array([[float(columns[f"{au}_r"][row]) for au in AUS] for row in np.flatnonzero(good)])
    np.testing.assert_allclose(said, tracks.intensity[good], atol=5.01e-5)
    np.testing.assert_allclose(np.array(columns["timestamp"], float), tracks.timestamp, atol=5.01e-7)
    np.testing.assert_allclose(np.array(columns["confidence"], float), tracks.confidence, atol=5.01e-5)
    assert np.diff(np.array(columns["timestamp"], float)).min() > 0


@pytest.mark.parametrize(("pose", "names"), [(True, ["pose_Rx", "pose_Ry", "pose_Rz"]), (False, [])])
def test_pose_has_columns_where_there_is_any(tmp_path: Path, pose: bool, names: list[str]) -> None:
    write(tmp_path / "a.csv", rows(6, pose=pose))
    header, _ = table(tmp_path / "a.csv")
    assert header[5 : 5 + len(names)] == names
    assert ("pose_Rx" in header) == pose


@pytest.mark.parametrize(
    ("origin", "model_origin"), [("real", "synthetic"), ("rendered", "real"), ("synthetic", "synthetic")]
)
def test_every_row_is_marked_where_not_all_is_real(tmp_path: Path, origin: str, model_origin: str) -> None:
    write(tmp_path / "a.csv", rows(6), origin=origin, model_origin=model_origin)
    header, found = table(tmp_path / "a.csv")
    assert header[-2:] == ["origin", "model_origin"]
    assert {tuple(row[-2:]) for row in found} == {(origin, model_origin)}


def test_all_formats_hold_the_same(tmp_path: Path) -> None:
    tracks, mark = rows(50, faces=2, pose=True), {"model_origin": "rendered"}
    for name in ("a.csv", "a.parquet", "a.h5"):
        write(tmp_path / name, tracks, **mark)
    header, found = table(tmp_path / "a.csv")
    parquet = pq.read_table(tmp_path / "a.parquet")
    assert parquet.column_names == header
    frame = parquet.to_pydict()
    with h5py.File(tmp_path / "a.h5") as file:
        assert set(file) == {*header, "facts"} - {"origin", "model_origin"}
        assert (file.attrs["origin"], file.attrs["model_origin"]) == ("real", "rendered")
        for place, name in enumerate(header):
            texts = [row[place] for row in found]
            if name in ("origin", "model_origin"):
                assert frame[name] == texts
                continue
            stored = file[name][:]
            exact = [NAN if value is None else value for value in frame[name]]
            np.testing.assert_array_equal(stored, np.array(exact, stored.dtype))
            shown = np.array([float(text) if text else NAN for text in texts])
            np.testing.assert_allclose(shown, stored.astype(float), atol=5.1e-3 if "box" in name else 5.1e-5)


def test_missing_is_null_in_parquet_and_facts_travel_inside(tmp_path: Path) -> None:
    said = write(tmp_path / "a.parquet", rows(10))
    write(tmp_path / "a.h5", rows(10))
    found = pq.read_table(tmp_path / "a.parquet")
    assert found["AU01_r"].null_count == 2 and found["success"].null_count == 0
    assert json.loads(found.schema.metadata[b"aukit"])["counts"] == said["counts"]
    with h5py.File(tmp_path / "a.h5") as file:
        assert json.loads(bytes(file["facts"][:]))["counts"] == said["counts"]
        assert file["AU12_r"].attrs["meaning"].startswith("intensity of AU12")


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.floats(width=32, allow_infinity=False), min_size=1, max_size=30),
    cut=st.integers(1, 9),
)
def test_any_value_comes_back(
    values: list[float], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    count = len(values)
    tracks = rows(count)
    intensity = np.stack([values, values], axis=1).astype(np.float32)
    tracks = Tracks(**{**vars(tracks), "intensity": intensity, "success": np.isfinite(intensity).all(axis=1)})
    blocks = [tracks[start : start + cut] for start in range(0, count, cut)]
    facts = {"format": "aukit tracks"}
    for name in ("a.csv", "a.parquet", "a.h5"):
        document = write_tracks(
            folder / name,
            [VideoRows(rows=blocks)],
            aus=AUS,
            origin="real",
            model_origin="real",
            facts=facts,
        )
        assert document["counts"]["rows"] == count
    stored = np.array(pq.read_table(folder / "a.parquet")["AU12_r"].to_pylist(), np.float32)
    np.testing.assert_array_equal(stored, np.array(values, np.float32))
    with h5py.File(folder / "a.h5") as file:
        np.testing.assert_array_equal(file["AU12_r"][:], np.array(values, np.float32))
    _, found = table(folder / "a.csv")
    assert len(found) == count and not any(row[5] == "-0.0000" for row in found)


def test_a_word_with_a_comma_is_quoted(tmp_path: Path) -> None:
    video = VideoRows(rows=[rows(3)], video="a, b", subject='P"1')
    write_tracks(
        tmp_path / "a.csv", [video], aus=AUS, origin="real", model_origin="real", facts={}, store=True
    )
    header, found = table(tmp_path / "a.csv")
    assert header[:2] == ["video", "subject"] and found[0][:2] == ["a, b", 'P"1']


def test_no_rows_at_all_is_a_header(tmp_path: Path) -> None:
    for name in ("a.csv", "a.parquet", "a.h5"):
        write(tmp_path / name, rows(0), baseline=None)
    assert table(tmp_path / "a.csv")[1] == []
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.h5"])
def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, rows(4))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken():  # type: ignore[no-untyped-def]
        yield rows(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tracks(
            tmp_path / name, [VideoRows(rows=broken())], aus=AUS, origin="real", model_origin="real", facts={}
        )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    layout = Layout(aus=AUS)

    def stopped_while_writing() -> None:
        with open_writer(tmp_path / name, layout, {}, rows=3) as append:
            append(layout.values(rows(3)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_while_writing()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.h5"])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    program = (
        "import pathlib, resource, signal, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_writers as t\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        "try:\n"
        f"    t.write(pathlib.Path({str(tmp_path / name)!r}), t.rows(int(sys.argv[1])))\n"
        "except t.StorageError as error:\n"
        "    print(error)\n"
    )
    for count in (1500, 4000):  # too long for the file, and for the rows that wait
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, str(count)], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, ""), count
        assert "the disk is full" in done.stdout or (count == 1500 and name != "a.h5"), count
        if done.stdout:
            assert list(tmp_path.iterdir()) == []
        for path in tmp_path.iterdir():
            path.unlink()


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"\.xlsx") as caught:
        format_of(tmp_path / "a.xlsx")
    assert ".csv" in caught.value.hint
    with pytest.raises(UsageError, match="does not say"):
        format_of(tmp_path / "tracks")
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        write(tmp_path / "file" / "a.csv", rows(3))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError) as missing:
        format_of(tmp_path / "a.parquet")
    assert "pip install 'aukit[parquet]'" in missing.value.hint


def test_rows_wait_in_a_file_without_a_name(tmp_path: Path) -> None:
    tracks = rows(2 * BLOCK + 5)
    with Spool(tmp_path, 2) as spool:
        spool.begin("a")
        spool.append(tracks)
        spool.begin("b")
        spool.append(tracks[:3])
        assert list(tmp_path.iterdir()) == []
        first, second = spool.sections
        blocks = list(spool.read(first))
        assert [len(block) for block in blocks] == [BLOCK, BLOCK, 5]
        for name, values in vars(tracks).items():
            together = np.concatenate([getattr(block, name) for block in blocks])
            np.testing.assert_array_equal(together, values)
        assert [block.frame.tolist() for block in spool.read(second)] == [[0, 1, 2]]
        assert (first.success, first.frames) == (int(tracks.success.sum()), 2 * BLOCK + 5)
        ids, values = spool.column(first, 1)
        np.testing.assert_array_equal(values, tracks.intensity[tracks.success, 1])
        assert set(ids) == {0}


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Twenty times as many rows, in a process of its own, cost not even what they would take as they are."""
    program = (
        "import pathlib, resource, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_writers as t\n"
        "block = t.rows(2000)\n"
        "videos = [t.VideoRows(rows=(block for _ in range(int(sys.argv[1]))))]\n"
        "t.write_tracks(pathlib.Path(sys.argv[2]), videos, aus=t.AUS, origin='real', model_origin='real', facts={})\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = []
    for blocks in ("9", "180"):
        done = subprocess.run(
            [sys.executable, "-c", program, blocks, str(tmp_path / f"{blocks}.csv")],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] - peaks[0] < 12, peaks  # 360,000 rows are 23 MB in the spool
