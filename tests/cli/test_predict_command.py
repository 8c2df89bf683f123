"""`aukit predict` on real files: a model of a few steps, videos that show synthetic faces, and files that are none."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

from aukit.cli.app import main
from aukit.contracts.faces import CropRule, Framing
from aukit.testing import run_cli, tiny_store
from aukit.testing.video import face_video, write_video

RECIPE = """\
name = "tiny"
[data.tiny]
path = "tiny.h5"
split = "default"
[model]
aus = ["AU04", "AU12"]
backbone = { name = "resnet18-256", width = 8, channels = 8, blocks = [1, 1, 1, 1] }
[stages.finetune]
name = "regression"
data = "tiny"
steps = 2
batch = 4
window = 5
evaluate_every = 1
augmentation = { name = "none" }
[evaluation]
resamples = 20
[compute]
device = "cpu"
threads = 1
"""

FRAMES = 14
RUN = ("--run", "out", "--device", "cpu", "--allow-synthetic")

Predict = Callable[..., "Said"]


class Said:
    """What a command left."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny.h5`, its run `out`, whose model knows a framing, and videos."""
    folder = tmp_path_factory.mktemp("made")
    tiny_store(folder / "tiny.h5")
    (folder / "tiny.toml").write_text(RECIPE)
    done = run_cli("run", "tiny.toml", "--out", "out", cwd=folder)
    assert done.code == 0, done.stderr
    facts = folder / "out" / "model" / "model.json"
    framing = Framing(crop=CropRule(size=32))
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"crop": framing.table()}))
    videos = folder / "videos"
    (videos / "more").mkdir(parents=True)
    face_video(videos / "one.mp4", frames=FRAMES)
    face_video(videos / "more" / "two.mp4", frames=FRAMES, subjects=("P002",))
    (videos / "bad.mp4").write_text("this is no video")
    face_video(folder / "both.mp4", subjects=("P001", "P002"), frames=FRAMES)
    grey = np.full((FRAMES, 96, 128, 3), 128, np.uint8)
    write_video(folder / "nobody.mp4", grey)
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def predict(here: Path, capfd: pytest.CaptureFixture[str]) -> Predict:
    """`predict(source, out, *options, code=0)` in the test's folder."""

    def run(source: str, out: str, *options: str, code: int = 0) -> Said:
        capfd.readouterr()
        found = main(["predict", source, "--out", out, *RUN, *options])
        said = Said(found, *capfd.readouterr())
        assert said.code == code, said.err
        assert "Traceback" not in said.err and "unexpected" not in said.err
        return said

    return run


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def sidecar(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_name(path.name + ".json").read_text())
    return found


def test_a_video_becomes_a_csv_and_a_sidecar(here: Path, predict: Predict) -> None:
    said = predict("videos/one.mp4", "tracks.csv")
    assert said.out == "tracks.csv\n"
    rows = table(here / "tracks.csv")
    assert list(rows[0]) == [
        *("frame", "face_id", "timestamp", "confidence", "success", "pose_Rx", "pose_Ry", "pose_Rz"),
        *("AU04_r", "AU12_r", "box_x0", "box_y0", "box_x1", "box_y1", "origin", "model_origin"),
    ]
    assert [row["frame"] for row in rows] == [str(number) for number in range(1, FRAMES + 1)]
    np.testing.assert_allclose([float(row["timestamp"]) for row in rows], np.arange(FRAMES) / 25, atol=1e-6)
    assert {(row["success"], row["origin"], row["model_origin"]) for row in rows} == {
        ("1", "real", "synthetic")
    }
    found = sidecar(here / "tracks.csv")
    assert list(found["columns"]) == list(rows[0])
    assert found["counts"]["rows"] == found["counts"]["success"] == FRAMES
    assert found["video"]["name"] == "one.mp4" and found["stream"]["width"] == 320
    assert found["run"] == {"folder": "out", "recipe": "tiny"}
    assert found["framing"]["crop"]["size"] == 32 and found["framing"]["locator"] == "yunet"
    assert found["scale"] == "FACS 0-5, unclipped"
    aus = found["scores"]["aus"]
    assert found["scores"]["tested_on"] == "people whom the model had not seen"
    assert set(aus) == {"AU04", "AU12"} and aus["AU12"]["verdict"] in ("usable", "weak", "not shown")


def test_formats_agree(here: Path, predict: Predict) -> None:
    for name in ("a.csv", "a.parquet", "a.h5"):
        predict("videos/one.mp4", name)
    rows = table(here / "a.csv")
    found = pq.read_table(here / "a.parquet").to_pydict()
    with h5py.File(here / "a.h5") as file:
        for au in ("AU04_r", "AU12_r"):
            np.testing.assert_array_equal(file[au][:], np.array(found[au], np.float32))
            np.testing.assert_allclose([float(row[au]) for row in rows], found[au], atol=5.1e-5)
        assert file.attrs["model_origin"] == "synthetic"


def test_everybody_has_an_id_and_a_median_of_their_own(here: Path, predict: Predict) -> None:
    predict("both.mp4", "a.csv", "--faces", "all", "--baseline", "median")
    rows = table(here / "a.csv")
    assert len(rows) == 2 * FRAMES
    for face in {row["face_id"] for row in rows}:
        mine = [row for row in rows if row["face_id"] == face]
        assert len(mine) == FRAMES
        raw, calibrated = (np.array([float(row[name]) for row in mine]) for name in ("AU12_r", "AU12_b"))
        np.testing.assert_allclose(calibrated, raw - np.median(raw), atol=2e-4)
    assert sidecar(here / "a.csv")["baseline"]["method"] == "median"
    assert sidecar(here / "a.csv")["framing"]["faces"]["follow"] == "all"


def test_a_neutral_clip_is_a_baseline(here: Path, predict: Predict) -> None:
    predict("videos/one.mp4", "neutral.csv")
    predict("videos/more/two.mp4", "a.csv", "--baseline", "neutral.csv")
    neutral = np.mean([float(row["AU12_r"]) for row in table(here / "neutral.csv")])
    for row in table(here / "a.csv"):
        assert float(row["AU12_b"]) == pytest.approx(float(row["AU12_r"]) - neutral, abs=2e-4)
    said = predict("videos/one.mp4", "b.csv", "--baseline", "nowhere.csv", code=2)
    assert "nowhere.csv" in said.err


def test_a_video_without_a_face_has_all_its_rows(here: Path, predict: Predict) -> None:
    predict("nobody.mp4", "a.csv", "--baseline", "median")
    rows = table(here / "a.csv")
    assert len(rows) == FRAMES and "pose_Rx" not in rows[0]
    assert {(row["face_id"], row["success"], row["AU12_r"], row["AU12_b"]) for row in rows} == {
        ("-1", "0", "", "")
    }
    assert sidecar(here / "a.csv")["counts"] == {"rows": FRAMES, "frames": FRAMES, "success": 0, "faces": {}}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("videos/one.mp4", "a.txt"), "`.txt`"),
        (("videos/one.mp4", "a"), "format"),
        (("videos/one.mp4", "a.csv", "--format", "h5"), "disagree"),
        (("videos/one.mp4", "a.csv", "--faces", "all", "--follow", "central"), "--follow"),
        (("videos/one.mp4", "a.csv", "--framing", "crop.rul=tight"), "did you mean `rule`"),
        (("videos/one.mp4", "a.csv", "--framing", "tight"), "--framing crop.rule=tight"),
        (("videos/one.mp4", "a.csv", "--overlay", "a.gif"), "`.gif`"),
        (("videos/one.mp4", "tiny.h5"), "exists"),
        (("nowhere.mp4", "a.csv"), "nowhere.mp4"),
        (("videos/bad.mp4", "a.csv"), "not a video"),
        (("tiny.h5", "a.csv", "--overlay", "a.mp4"), "no video"),
        (("tiny.h5", "a.h5", "--baseline", "median"), "calibrated"),
        (("out", "tracks"), "no video in this folder"),
        (("videos", "tiny.h5"), "a folder"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    here: Path, predict: Predict, options: tuple[str, ...], words: str
) -> None:
    before = sorted(path for path in here.rglob("*"))
    assert words in predict(*options, code=2).err
    assert sorted(path for path in here.rglob("*")) == before


def test_real_people_need_a_model_that_saw_some_or_a_word(here: Path, capfd: Any) -> None:
    arguments = ["predict", "videos/one.mp4", "--run", "out", "--out", "a.csv"]
    assert main(arguments) == 2
    assert "--allow-synthetic" in capfd.readouterr().err
    assert main(["predict", "videos", "--run", "out", "--out", "tracks"]) == 2
    assert "--allow-synthetic" in capfd.readouterr().err
    assert not (here / "a.csv").exists()


def test_what_exists_is_replaced_only_with_force(here: Path, predict: Predict) -> None:
    predict("videos/one.mp4", "a.csv")
    before = (here / "a.csv").read_bytes()
    assert "--force" in predict("videos/more/two.mp4", "a.csv", code=2).err
    assert (here / "a.csv").read_bytes() == before
    predict("videos/more/two.mp4", "a.csv", "--force")
    assert sidecar(here / "a.csv")["video"]["name"] == "two.mp4"


def test_a_folder_goes_on_past_a_bad_file_and_is_not_done_twice(here: Path, predict: Predict) -> None:
    said = predict("videos", "tracks", code=2)
    assert "1 of 3 videos could not be predicted" in said.err
    assert "bad.mp4: not a video" in said.err
    assert len(table(here / "tracks" / "more" / "two.csv")) == FRAMES
    report = json.loads((here / "tracks" / "report.json").read_text())
    assert report["predicted"] == ["more/two.mp4", "one.mp4"]
    assert [one["video"] for one in report["failed"]] == ["bad.mp4"]
    times = {path: path.stat().st_mtime_ns for path in (here / "tracks").rglob("*.csv")}
    (here / "videos" / "bad.mp4").unlink()
    face_video(here / "videos" / "bad.mp4", frames=5)
    said = predict("videos", "tracks")
    assert "2 of 3 videos were done already" in said.err
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert len(table(here / "tracks" / "bad.csv")) == 5
    said = predict("videos", "tracks", "--detect-every", "2", code=2)
    assert "framing.faces.every was 1, is 2" in said.err
    predict("videos", "tracks", "--detect-every", "2", "--force")
    assert sidecar(here / "tracks" / "one.csv")["framing"]["faces"]["every"] == 2


def test_a_video_that_breaks_off_keeps_what_can_be_decoded(here: Path, predict: Predict) -> None:
    face_video(here / "whole.avi", frames=40, codec="mpeg4")
    data = (here / "whole.avi").read_bytes()
    (here / "cut.avi").write_bytes(data[: len(data) * 4 // 5])
    said = predict("cut.avi", "a.csv")
    rows, found = table(here / "a.csv"), sidecar(here / "a.csv")
    assert 5 < len(rows) < 40
    assert "warning" in said.err and found["incomplete"][0] in said.err


def test_a_store_keeps_videos_and_people(here: Path, predict: Predict) -> None:
    predict("tiny.h5", "a.csv", "--baseline", "median")
    predict("tiny.h5", "a.h5")
    predict("tiny.h5", "a.parquet")
    rows = table(here / "a.csv")
    assert list(rows[0]) == [
        *("video", "subject", "frame", "face_id", "timestamp", "confidence", "success"),
        *("AU04_r", "AU12_r", "AU04_b", "AU12_b", "origin", "model_origin"),
    ]
    with h5py.File(here / "a.h5") as file:
        stored = file["tiny/P03-1/prediction"][:]
        assert np.isfinite(file["tiny/P03-1/labels"][:]).any()
    mine = [row for row in rows if row["video"] == "tiny/P03-1"]
    assert {(row["subject"], row["face_id"], row["confidence"]) for row in mine} == {("P03", "0", "1.0000")}
    said = np.array([[float(row[f"{au}_r"]) for au in ("AU04", "AU12")] for row in mine])
    np.testing.assert_allclose(said, stored, atol=1e-4)
    calibrated = np.array([float(row["AU12_b"]) for row in mine])
    np.testing.assert_allclose(calibrated, said[:, 1] - np.median(said[:, 1]), atol=2e-4)
    assert sidecar(here / "a.csv")["counts"]["videos"] == 8
    assert sidecar(here / "a.h5")["store"]["name"] == "tiny.h5"
    assert pq.read_table(here / "a.parquet").num_rows == len(rows)


def test_pictures_can_be_asked_for_at_once(here: Path, predict: Predict) -> None:
    shows = ("--overlay", "a.mp4", "--plot", "a.png", "--timeline", "a.html")
    said = predict("videos/one.mp4", "a.csv", *shows)
    assert said.out.split() == ["a.csv", "a.mp4", "a.png", "a.html"]
    assert all((here / name).stat().st_size > 1000 for name in ("a.mp4", "a.png", "a.html"))
    predict("videos", "tracks", "--plot", "plots", code=2)
    assert sorted(path.name for path in (here / "plots").rglob("*.png")) == ["one.png", "two.png"]


def test_ctrl_c_leaves_finished_files_and_nothing_half_written(here: Path) -> None:
    (here / "videos" / "bad.mp4").unlink()
    face_video(here / "videos" / "zz.mp4", frames=400)
    arguments = [sys.executable, "-m", "aukit", "predict", "videos", "--out", "tracks", *RUN]
    with subprocess.Popen(arguments, cwd=here, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        limit = time.monotonic() + 120
        while not (here / "tracks" / "one.csv.json").exists() and time.monotonic() < limit:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "2 of 3 videos are done" in said and "Traceback" not in said
    files = sorted(path.name for path in (here / "tracks").rglob("*") if path.is_file())
    assert files == ["one.csv", "one.csv.json", "report.json", "two.csv", "two.csv.json"]


def test_a_store_that_is_cut_otherwise_is_refused(here: Path, predict: Predict) -> None:
    with h5py.File(here / "tiny.h5", "r+") as file:
        other = Framing(crop=CropRule(size=32, margin=0.4))
        file.attrs["crop"] = json.dumps(other.table())
    assert "cut otherwise" in predict("tiny.h5", "a.csv", code=2).err
    assert not (here / "a.csv").exists()


def test_a_video_of_rendered_people_needs_no_permission(here: Path, capfd: Any) -> None:
    arguments = ["predict", "videos/one.mp4", "--run", "out", "--out", "a.csv", "--origin", "rendered"]
    assert main(arguments) == 0, capfd.readouterr().err
    assert {(row["origin"], row["model_origin"]) for row in table(here / "a.csv")} == {
        ("rendered", "synthetic")
    }
