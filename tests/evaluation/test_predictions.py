"""predictions.h5: what is written comes back, and what is no predictions file says so."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from aukit.errors import DataError, StorageError
from aukit.evaluation.predictions import VideoPrediction, read_predictions, write_predictions

AUS = ("AU01", "AU12")


def video(id: str, frames: int = 5, fold: int = 1) -> VideoPrediction:
    rng = np.random.default_rng(len(id))
    labels = rng.integers(0, 6, (frames, 2)).astype(np.float32)
    labels[0, 0] = np.nan
    return VideoPrediction(
        id=id,
        subject=id.split("/")[-1],
        fold=fold,
        timestamps=np.arange(frames) / 20,
        predictions=rng.normal(size=(frames, 2)).astype(np.float32),
        labels=labels,
    )


def test_round_trip(tmp_path: Path) -> None:
    videos = [video("set/P1"), video("set/P2", 3, fold=2), video("alone")]
    path = tmp_path / "predictions.h5"
    facts = {"mode": "windowed", "window": 15, "seconds_per_frame": 0.1, "clipped": False}
    write_predictions(path, iter(videos), aus=AUS, origin="stand-in", model="run 7", facts=facts)
    found = read_predictions(path)
    assert (found.aus, found.origin, found.model, found.facts) == (AUS, "stand-in", "run 7", facts)
    assert sorted(v.id for v in found.videos) == ["alone", "set/P1", "set/P2"]
    for wanted in videos:
        got = found.video(wanted.id)
        assert (got.subject, got.fold) == (wanted.subject, wanted.fold)
        for name in ("timestamps", "predictions", "labels"):
            np.testing.assert_array_equal(getattr(got, name), getattr(wanted, name))
    assert [file.name for file in tmp_path.iterdir()] == ["predictions.h5"]
    with pytest.raises(KeyError):
        found.video("nobody")


def test_a_writer_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    def stopped():
        yield video("set/P1")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_predictions(tmp_path / "predictions.h5", stopped(), aus=AUS, origin="real", model="")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write predictions"):
        write_predictions(tmp_path / "no" / "predictions.h5", [], aus=AUS, origin="real", model="")


def test_files_that_are_no_predictions(tmp_path: Path) -> None:
    path = tmp_path / "predictions.h5"
    with pytest.raises(DataError, match="there is no predictions file"):
        read_predictions(path)
    path.write_bytes(b"\x89HDF nonsense")
    with pytest.raises(DataError, match="cannot read predictions"):
        read_predictions(path)
    with h5py.File(path, "w") as file:
        file.attrs["format"] = "something else"
    with pytest.raises(DataError, match="not a file of aukit's predictions"):
        read_predictions(path)
    write_predictions(path, [video("set/P1")], aus=AUS, origin="real", model="")
    with h5py.File(path, "a") as file:
        file.attrs["version"] = 2
    with pytest.raises(DataError, match="version 2, this aukit reads 1"):
        read_predictions(path)
    write_predictions(path, [video("set/P1", 400)], aus=AUS, origin="real", model="")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="cannot read predictions"):
        read_predictions(path)
