"""Scores of tracks: identical frames, honest coverage, constants beside them; people where they are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aukit.errors import DataError, UsageError
from aukit.evaluation.predictions import VideoPrediction, write_predictions
from aukit.testing import tiny_store
from aukit.tracks.read import read_tracks
from aukit.tracks.score import Coverage, Scored, score
from aukit.tracks.truth import find_video, read_people, read_truth


def predictions(
    path: Path, values: Mapping[int, Mapping[str, float]], aus: tuple[str, ...], rate: float = 25
) -> Path:
    """An OpenFace-like table: `{frame from 1: {AU: value}}`; a frame without values has failed."""
    lines = ["frame, face_id, timestamp, confidence, success, " + ", ".join(f"{au}_r" for au in aus)]
    for frame, cells in values.items():
        row = [frame, 0, (frame - 1) / rate, 0.9, int(bool(cells)), *(cells.get(au, 0) for au in aus)]
        lines.append(", ".join(map(str, row)))
    path.write_text("\n".join(lines) + "\n")
    return path


def labels(path: Path, text: str) -> Path:
    path.write_text("video,frame,AU04,AU12\n" + text)
    return path


def icc(y: np.ndarray, p: np.ndarray) -> float:
    """ICC(3,1) from its mean squares (Shrout and Fleiss, 1979), two raters."""
    pairs = np.stack([y, p], axis=1).astype(np.float64)
    n, mean = len(pairs), pairs.mean()
    rows = 2 * ((pairs.mean(axis=1) - mean) ** 2).sum()
    columns = n * ((pairs.mean(axis=0) - mean) ** 2).sum()
    error = ((pairs - mean) ** 2).sum() - rows - columns
    between, within = rows / (n - 1), error / (n - 1)
    return float((between - within) / (between + within))


def test_the_numbers_are_those_of_the_labelled_frames(tmp_path: Path) -> None:
    y, p = np.array([0, 1, 3, 5, 2]), np.array([0.5, 1.5, 2, 4, 2.5])
    said = {3 * n + 1: {"AU04": 0.0, "AU12": float(value)} for n, value in enumerate(p)}
    said |= {n: {"AU04": 9.0, "AU12": 9.0} for n in (2, 3, 5)}  # nobody labelled these
    file = predictions(tmp_path / "talk.csv", dict(sorted(said.items())), ("AU04", "AU12"))
    truth = labels(
        tmp_path / "labels.csv", "".join(f"talk.mp4,{3 * n + 1},,{value}\n" for n, value in enumerate(y))
    )
    (one,) = score([read_tracks(file)], read_truth(truth))
    result = one.same["AU12"]
    assert [au.au for au in one.same.aus] == ["AU12"] and one.all is None
    assert one.coverage == {"AU12": Coverage(labelled=5, predicted=5)}
    assert result.scores["icc"].value == pytest.approx(icc(y, p))
    assert result.scores["mae"].value == pytest.approx(np.abs(y - p).mean())
    assert result.scores["mse"].value == pytest.approx(((y - p) ** 2).mean())
    assert result.scores["pcc"].value == pytest.approx(np.corrcoef(y, p)[0, 1])
    assert result.scores["bias"].value == pytest.approx((p - y).mean())
    assert result.baselines["predict-zero"]["mse"] == pytest.approx((y**2).mean())
    assert result.baselines["predict-mean"]["mse"] == pytest.approx(y.var())


def test_a_missing_frame_is_counted_and_scored_as_the_labels_mean(tmp_path: Path) -> None:
    said = {1: {"AU12": 1.0}, 2: {}, 3: {"AU12": 3.0}}
    file = predictions(tmp_path / "talk.csv", said, ("AU12",))
    truth = labels(tmp_path / "l.csv", "talk,1,,0\ntalk,2,,4\ntalk,3,,5\ntalk,9,,3\nother,1,,1\n")
    (one,) = score([read_tracks(file)], read_truth(truth))
    assert one.coverage["AU12"] == Coverage(labelled=5, predicted=2)
    assert one.same["AU12"].labelled == 2 and one.same["AU12"].scores["mae"].value == pytest.approx(1.5)
    assert one.all is not None
    mean = np.mean([0, 4, 5, 3, 1])
    errors = [1, abs(4 - mean), 2, abs(3 - mean), abs(1 - mean)]
    assert one.all["AU12"].scores["mae"].value == pytest.approx(np.mean(errors))
    assert one.all["AU12"].missing == 3
    assert any("other" in note for note in one.notes)


def test_several_tools_are_compared_on_the_same_frames(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    good = predictions(
        tmp_path / "good" / "talk.csv",
        {n: {"AU12": float(n)} for n in (1, 2, 3, 4)},
        ("AU12",),
    )
    libre = tmp_path / "libre.csv"
    libre.write_text(
        "frame_idx,frame_time_in_ms,au_12_intensity\n" + "".join(f"{n},{40 * n},{n}\n" for n in (0, 1, 3))
    )
    truth = read_truth(labels(tmp_path / "l.csv", "".join(f"talk,{n},,{n}\n" for n in (1, 2, 3, 4))))
    first, second = score([read_tracks(good), read_tracks(libre)], truth, video="talk")
    assert first.same["AU12"].labelled == second.same["AU12"].labelled == 3
    assert first.same["AU12"].scores["mae"].value == 0
    assert second.same["AU12"].scores["bias"].value == pytest.approx(-1)
    assert (first.coverage["AU12"].share, second.coverage["AU12"].share) == (1, 0.75)
    assert first.all is not None and first.all["AU12"].labelled == 4
    assert second.kind == "libreface"


def test_times_are_met_within_half_a_frame(tmp_path: Path) -> None:
    file = predictions(tmp_path / "talk.csv", {n + 1: {"AU12": float(n % 5)} for n in range(10)}, ("AU12",))
    path = tmp_path / "l.csv"
    path.write_text("video,time,AU12\ntalk,0.04,1\ntalk,0.095,2\ntalk,0.36,4\ntalk,0.385,4\ntalk,3.0,5\n")
    (one,) = score([read_tracks(file)], read_truth(path))
    assert one.coverage["AU12"] == Coverage(labelled=5, predicted=3)
    assert one.same["AU12"].scores["mae"].value == 0


@pytest.mark.parametrize("first", [0, 1])
def test_labels_may_count_from_zero_or_one(tmp_path: Path, first: int) -> None:
    file = predictions(tmp_path / "talk.csv", {n + 1: {"AU12": float(n)} for n in range(5)}, ("AU12",))
    truth = labels(tmp_path / "l.csv", "".join(f"talk,{n + first},,{n}\n" for n in range(5)))
    (one,) = score([read_tracks(file)], read_truth(truth, first_frame=first))
    assert one.same["AU12"].scores["mae"].value == 0


def people_files(folder: Path, people: int = 6) -> tuple[list[Path], Path]:
    rng, files, rows = np.random.default_rng(0), [], []
    for person in range(people):
        y = rng.integers(0, 6, 40)
        said = {n + 1: {"AU12": float(y[n] + rng.normal(0, 0.5))} for n in range(40)}
        files.append(predictions(folder / f"v{person}.csv", said, ("AU12",)))
        rows += [f"v{person},{n + 1},,{y[n]}\n" for n in range(40)]
    return files, labels(folder.parent / "labels.csv", "".join(rows))


def test_people_are_resampled_where_they_are_known(tmp_path: Path) -> None:
    (tmp_path / "tracks").mkdir()
    _, path = people_files(tmp_path / "tracks")
    files, truth = [read_tracks(tmp_path / "tracks")], read_truth(path)
    (unknown,) = score(files, truth, resamples=100)
    assert unknown.same.interval == "bootstrap-t over videos" and unknown.same.people == 6
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("video,subject\n" + "".join(f"v{n}.mp4,P{n // 2}\n" for n in range(6)))
    (known,) = score(files, truth, people=read_people(manifest), resamples=100)
    assert known.same.interval == "bootstrap-t over people" and known.same.people == 3
    assert known.same["AU12"].verdict == "not shown"  # three people are too few


def test_the_face_that_is_there_longest_is_scored_unless_another_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "talk.csv"
    rows = [f"{n},0,{n / 25},1,1\n{n},7,{n / 25},1,4\n" for n in range(1, 5)] + ["5,7,0.2,1,4\n"]
    path.write_text("frame,face_id,timestamp,success,AU12_r\n" + "".join(rows))
    truth = read_truth(labels(tmp_path / "l.csv", "talk,1,,4\ntalk,2,,3\n"))
    (one,) = score([read_tracks(path)], truth)
    assert one.same["AU12"].scores["mae"].value == 0.5
    assert any("face 7" in note for note in one.notes)
    (other,) = score([read_tracks(path)], truth, face=0)
    assert other.same["AU12"].scores["mae"].value == 2.5
    with pytest.raises(UsageError, match="no face 3"):
        score([read_tracks(path)], truth, face=3)


def test_a_store_s_labels_are_met_by_time(tmp_path: Path) -> None:
    store = tiny_store(tmp_path / "faces.h5")
    truth = read_truth(store)
    video, rows = next(iter(truth.videos.items()))
    said = np.nan_to_num(rows.intensity, nan=0.5)
    path = tmp_path / "p.h5"
    one = VideoPrediction(
        id=video, subject="P1", timestamps=rows.seconds, predictions=said, labels=np.full_like(said, np.nan)
    )
    write_predictions(path, [one], aus=truth.aus, origin="synthetic", model="m")
    (found,) = score([read_tracks(path)], truth, resamples=20)
    assert all(result.scores["mae"].value == 0 for result in found.same.aus)
    assert found.same.origin == "synthetic"


def test_a_data_set_s_folder_is_read_by_its_own_component(tmp_path: Path) -> None:
    (tmp_path / "Videos_LeftCamera").mkdir()
    (tmp_path / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi").write_bytes(b"not opened")
    folder = tmp_path / "ActionUnit_Labels" / "SN001"
    folder.mkdir(parents=True)
    (folder / "SN001_au12.txt").write_text("1,0\n2,3\n3,5\n")
    truth = read_truth(tmp_path, dataset="disfa", options={"origin": "rendered"})
    assert truth.origin == "rendered"
    file = predictions(
        tmp_path / "LeftVideoSN001_comp.csv", {n: {"AU12": float(n)} for n in (1, 2, 3)}, ("AU12",)
    )
    (one,) = score([read_tracks(file)], truth)
    assert one.same["AU12"].scores["mae"].value == pytest.approx((1 + 1 + 2) / 3)
    assert one.same.interval == "bootstrap-t over people"
    with pytest.raises(UsageError, match="which data set"):
        read_truth(tmp_path)
    with pytest.raises(UsageError, match="no recordings"):
        read_truth(tmp_path, dataset="synthetic")


@pytest.mark.parametrize(
    ("text", "aus", "message"),
    [
        ("talk,1,1,\n", ("AU45",), "no AU in common"),
        ("walk,1,,1\n", ("AU12",), "no video of these tracks is labelled"),
        ("talk,8,,1\n", ("AU12",), "no labelled frame has a prediction"),
        ("talk,1,,\n", ("AU12",), "nothing is labelled"),
    ],
)
def test_what_does_not_belong_together_is_said(
    tmp_path: Path, text: str, aus: tuple[str, ...], message: str
) -> None:
    file = predictions(tmp_path / "talk.csv", {1: dict.fromkeys(aus, 1.0)}, aus)
    with pytest.raises(DataError, match=message):
        score([read_tracks(file)], read_truth(labels(tmp_path / "l.csv", text)))


def test_names_meet_with_or_without_folders_and_endings() -> None:
    assert find_video("talk", ["a/Talk.MP4", "b/walk.mp4"]) == "a/Talk.MP4"
    assert find_video("a/talk", ["a/talk", "b/talk"]) == "a/talk"
    assert find_video("talk", ["a/talk", "b/talk"]) is None
    assert find_video("talk.v2", ["talk.mp4"]) is None


@pytest.mark.parametrize(
    ("text", "where"),
    [("video,subject\na,P1\na,P2\n", ":3"), ("video,subject\na,\n", ":2"), ("video,who\na,P1\n", ":1")],
)
def test_a_manifest_s_faults_are_named(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(DataError) as error:
        read_people(path)
    assert error.value.where.startswith(f"{path}{where}")


CELLS = st.dictionaries(st.integers(1, 12), st.floats(0, 5, width=32), min_size=3, max_size=12)


@settings(max_examples=60, deadline=None)
@given(truth=CELLS, said=CELLS)
def test_scores_are_those_of_the_frames_in_common(
    tmp_path_factory: pytest.TempPathFactory, truth: dict[int, float], said: dict[int, float]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    file = predictions(
        folder / "talk.csv", {n: {"AU12": value} for n, value in sorted(said.items())}, ("AU12",)
    )
    path = labels(folder / "l.csv", "".join(f"talk,{n},,{value}\n" for n, value in truth.items()))
    both = sorted(truth.keys() & said.keys())

    def found() -> Scored:
        return score([read_tracks(file)], read_truth(path), resamples=2)[0]

    if not both:
        with pytest.raises(DataError):
            found()
        return
    one = found()
    y = np.array([truth[n] for n in both], np.float32).astype(float)
    p = np.array([said[n] for n in both], np.float32).astype(float)
    assert one.coverage["AU12"] == Coverage(labelled=len(truth), predicted=len(both))
    _agree(one.same["AU12"].scores["mae"].value, lambda: np.abs(y - p).mean())
    _agree(one.same["AU12"].scores["mse"].value, lambda: ((y - p) ** 2).mean())


def _agree(found: float, reference: Callable[[], float]) -> None:
    assert math.isclose(found, float(reference()), rel_tol=1e-5, abs_tol=1e-6)
