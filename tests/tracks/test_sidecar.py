"""The sidecar: what a tracks file's numbers are, and whether another prediction would give the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.tracks.columns import MEANINGS
from aukit.tracks.sidecar import (
    differences,
    read_sidecar,
    scale,
    scores,
    sidecar_path,
    versions,
    video_facts,
)
from aukit.tracks.write import VideoRows, write_tracks


def request(**changes: object) -> dict[str, object]:
    return {
        "format": "aukit tracks",
        "version": 1,
        "origin": "real",
        "video": {"name": "a.mp4", "bytes": 3, "sha256": "x"},
        "model": {"weights_sha256": "1" * 64},
        "framing": {"crop": {"rule": "tight", "margin": 0.1}},
        "prediction": {"window": 15},
        "baseline": None,
        **changes,
    }


def tracks() -> Tracks:
    """Two frames of faces 0 and 3, then a frame of none."""
    return Tracks(
        frame=np.array([0, 0, 1, 1, 2]),
        face_id=np.array([0, 3, 0, 3, -1]),
        timestamp=np.array([0, 0, 0.04, 0.04, 0.08]),
        confidence=np.array([0.9, 0.8, 0.9, 0.8, 0], np.float32),
        success=np.array([True, True, True, False, False]),
        box=np.zeros((5, 4), np.float32),
        pose=np.full((5, 3), np.nan, np.float32),
        intensity=np.where([[True], [True], [True], [False], [False]], 1, np.nan).astype(np.float32),
    )


def test_it_counts_rows_faces_and_frames_and_explains_columns(tmp_path: Path) -> None:
    out, notes = tmp_path / "a.csv", ["one"]

    def rows():  # type: ignore[no-untyped-def]
        yield tracks()
        notes.append("two")

    said = write_tracks(
        out,
        [VideoRows(rows=rows())],
        aus=("AU12",),
        origin="real",
        model_origin="real",
        facts={**request(), "notes": notes},
    )
    assert sidecar_path(out) == tmp_path / "a.csv.json"
    assert json.loads(sidecar_path(out).read_text()) == said == read_sidecar(out)
    assert said["counts"] == {
        "rows": 5,
        "frames": 3,
        "success": 3,
        "faces": {"0": {"rows": 2, "success": 2}, "3": {"rows": 2, "success": 1}},
    }
    assert said["notes"] == ["one", "two"]
    assert said["columns"]["confidence"] == MEANINGS["confidence"]
    assert list(said["columns"]) == out.read_text().splitlines()[0].split(",")
    assert said["seconds_taken"] >= 0


def test_the_same_request_fits_and_another_is_named() -> None:
    assert differences(request(), request()) == ()
    assert differences({**request(), "counts": {"rows": 3}, "seconds_taken": 1.0}, request()) == ()
    changed = request(model={"weights_sha256": "2" * 64}, framing={"crop": {"rule": "tight", "margin": 0.2}})
    assert differences(request(), changed) == (
        "model.weights_sha256 was 111111111111111111111..., is 222222222222222222222...",
        "framing.crop.margin was 0.1, is 0.2",
    )
    assert differences(request(), request(baseline={"method": "median"})) != ()
    assert differences(request(framing={}), request()) != ()


def test_a_sidecar_that_is_none(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    assert read_sidecar(out) is None
    for text in ("{", "[]", '{"format": "other"}', '{"format": "aukit tracks", "version": 99}'):
        sidecar_path(out).write_text(text)
        with pytest.raises(DataError, match=r"a\.csv\.json"):
            read_sidecar(out)


def test_facts_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"abc")
    assert video_facts(tmp_path / "v.mp4") == {
        "name": "v.mp4",
        "bytes": 3,
        "sha256": hashlib.sha256(b"abc").hexdigest(),
    }
    with pytest.raises(DataError, match="none"):
        video_facts(tmp_path / "none")


def test_a_run_that_was_not_judged_has_no_scores(tmp_path: Path) -> None:
    assert scores(tmp_path) is None
    (tmp_path / "results.json").write_text("{}")
    with pytest.raises(DataError, match=r"results\.json"):
        scores(tmp_path)


def test_scale_and_versions() -> None:
    assert (scale(False), scale(True)) == ("FACS 0-5, unclipped", "FACS 0-5, clipped")
    assert {"aukit", "torch", "numpy"} <= set(versions())
