"""`check_store`: facts of a good store, and every kind of damage by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from aukit.clips.check import check_store
from aukit.clips.reader import ClipStore
from aukit.clips.writer import StoreWriter
from aukit.contracts.data import Chunk
from aukit.errors import DataError

Write = Callable[..., Path]


def test_facts(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "a.h5", data_set="lab", origin="real", aus=("AU01", "AU12"), size=8) as store:
        with store.video("v", subject="s1", fps=20) as video:
            labels = np.full((6, 2), np.nan, np.float32)
            labels[:, 0] = [0, 0, 3, 1, 0, np.nan]
            valid = np.array([1, 1, 0, 1, 1, 1], bool)
            index = np.arange(6)
            frames = np.zeros((6, 8, 8, 3), np.uint8)
            video.append(
                Chunk(frames=frames, timestamp=index / 20, frame_index=index, intensity=labels, valid=valid)
            )
        store.add_video("w", subject="", fps=20, frames=frames)
    report = check_store(tmp_path / "a.h5")
    assert report.problems == ()
    expected = {
        "data_set": "lab",
        "origin": "real",
        "format": 1,
        "people": 1,
        "videos": 2,
        "videos_without_subject": 1,
        "frames": 12,
        "frames_without_face": 1,
        "gaps": 1,
        "size": [8, 8],
        "labels": {"AU01": 5, "AU12": 0},
        "positives": {"AU01": 2, "AU12": 0},
    }
    assert {name: report.facts[name] for name in expected} == expected
    assert json.loads(json.dumps(report.facts)) == report.facts


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_a_good_store_has_no_problems(write: Write, encoding: str) -> None:
    assert check_store(write(encoding=encoding)).problems == ()


def set_values(name: str, rows: object, value: object) -> Callable[[h5py.File], None]:
    def spoil(file: h5py.File) -> None:
        file[f"videos/v/{name}"][rows] = value

    return spoil


def replaced(name: str, values: object) -> Callable[[h5py.File], None]:
    def spoil(file: h5py.File) -> None:
        del file[f"videos/v/{name}"]
        if values is not None:
            file[f"videos/v/{name}"] = values

    return spoil


def without_attribute(file: h5py.File) -> None:
    del file["videos/v"].attrs["subject"]


def odd_rate(file: h5py.File) -> None:
    file["videos/v"].attrs["fps"] = -1.0


@pytest.mark.parametrize(
    ("encoding", "spoil", "problem"),
    [
        ("raw", replaced("timestamp", None), "lacks timestamp"),
        ("raw", without_attribute, "lacks subject"),
        ("raw", odd_rate, "a frame rate of -1.0"),
        ("raw", replaced("intensity", np.zeros((40, 3), np.float32)), "`intensity` is float32 (40, 3)"),
        ("raw", replaced("valid", np.ones(39, bool)), "`valid` is bool (39,), 40 frames were due"),
        ("raw", replaced("face_score", np.zeros(40, int)), "`face_score` is int64"),
        ("raw", set_values("timestamp", 5, 0.0), "timestamps do not rise"),
        ("raw", set_values("frame_index", 5, 0), "frame indices do not rise"),
        ("raw", set_values("intensity", 3, 6.0), "an intensity outside 0..5"),
        ("raw", set_values("intensity", 3, -1.0), "an intensity outside 0..5"),
        ("raw", replaced("frames", np.zeros((39, 8, 8, 3), np.uint8)), "`frames` is uint8 (39, 8, 8, 3)"),
        ("raw", replaced("frames", np.zeros((40, 8, 9, 3), np.uint8)), "`frames` is uint8 (40, 8, 9, 3)"),
        ("jpeg", replaced("jpeg", None), "lacks jpeg"),
        ("jpeg", set_values("offsets", 4, 0), "`offsets` do not divide"),
        ("jpeg", replaced("offsets", np.arange(40)), "`offsets` has 40 entries, 41 were due"),
        ("jpeg", set_values("jpeg", slice(0, 100), 0), "frames 0 to 39 cannot be read"),
    ],
)
def test_damage_is_named(
    write: Write, encoding: str, spoil: Callable[[h5py.File], None], problem: str
) -> None:
    path = write(encoding=encoding, videos={"v": ("s1", 40), "whole": ("s2", 10)})
    with h5py.File(path, "r+") as file:
        spoil(file)
    problems = check_store(path).problems
    assert problems
    assert any(problem in text for text in problems), problems
    assert all(text.startswith("video 'v': ") for text in problems)


def test_an_empty_store_and_an_odd_origin(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "a.h5", data_set="d", origin="real", aus=(), size=8):
        pass
    assert check_store(tmp_path / "a.h5").problems == ("no videos",)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["origin"] = np.bytes_(b"dreamt")
    assert check_store(tmp_path / "a.h5").problems == ("unknown origin 'dreamt'", "no videos")


def test_what_is_no_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        check_store(tmp_path / "none.h5")


def test_checking_changes_nothing(write: Write) -> None:
    path = write()
    before = path.read_bytes()
    check_store(path)
    ClipStore(path).close()
    assert path.read_bytes() == before
