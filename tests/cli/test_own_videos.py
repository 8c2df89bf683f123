"""The guide's walk with real videos: from a folder and two tables to a CSV, by person and with the same people."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.testing.cli import run_cli
from aukit.testing.video import face_chunk, face_video

pytestmark = pytest.mark.slow

PEOPLE = 5
FRAMES = 150
AUS = ("AU04", "AU12")
COLUMNS = (2, 6)
"""Where these AUs stand among the twelve that a synthetic face is labelled with."""
SMALL = ("--set", "model.backbone.width=4", "--set", "model.backbone.channels=8")
SHORT = (
    *("--set", "stages.pretrain.objective.frames=5", "--set", "stages.pretrain.objective.context=3"),
    *("--set", "data.own.split.blocks=5", "--set", "data.own.split.gap=0.8"),
)
"""Videos of six seconds have room for blocks of 1.2 s and gaps of 0.8."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `videos/`, and `own.h5` that `aukit prepare` made of it: every fifth frame is labelled."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "videos").mkdir()
    people, labels = [["video", "subject"]], [["video", "frame", *AUS]]
    for number in range(1, PEOPLE + 1):
        subject, name = f"P{number:03}", f"visit-{number}.mp4"
        face_video(folder / "videos" / name, subjects=(subject,), frames=FRAMES, size=(160, 120), face=96)
        truth = face_chunk(subject, frames=FRAMES, size=32).intensity[:, COLUMNS]
        people.append([name, f"person {number}"])
        labels += [[name, str(frame + 1), *(f"{y:g}" for y in truth[frame])] for frame in range(0, FRAMES, 5)]
    for name, rows in (("manifest.csv", people), ("labels.csv", labels)):
        with (folder / "videos" / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    run(folder, "prepare", "videos", "videos", "--out", "own.h5", "--size", "32", "--set", "origin=synthetic")
    return folder


def run(folder: Path, *words: str) -> str:
    done = run_cli(*words, cwd=folder)
    assert done.code == 0, done.stderr
    assert "Traceback" not in done.stderr
    return str(done.stdout)


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def test_by_person_from_the_folder_to_a_csv(lab: Path) -> None:
    run(lab, "run", "own_videos", "--smoke", "--out", "runs/own", "--device", "cpu", *SMALL)
    summary, data = read(lab, "runs/own/summary.json"), read(lab, "runs/own/data.json")
    assert (summary["protocol"], summary["origin"], summary["aus"]) == ("by person", "synthetic", list(AUS))
    split = data["tables"]["own"]["split"]
    assert [len(split[part]) for part in ("train", "validation", "test")] == [2, 1, 2]
    assert not any(data["overlap_with_test"].values())
    # every label of the (at most two) videos that a smoke run reads of each part: thirty a video
    assert summary["label_counts"]["finetune"]["train"]["frames"] == 60
    video = "videos/visit-2.mp4"
    run(lab, "predict", video, "--run", "runs/own", "--out", "visit-2.csv", "--allow-synthetic")
    rows = list(csv.DictReader((lab / "visit-2.csv").read_text("utf-8").splitlines()))
    assert len(rows) == FRAMES
    assert all(row["success"] == "1" and np.isfinite(float(row["AU12_r"])) for row in rows)
    assert read(lab, "visit-2.csv.json")["scores"]["protocol"] == "by person"


def test_the_same_people_from_the_same_store(lab: Path) -> None:
    recipe = ("own_videos_same_people", *SMALL, *SHORT)
    shown = run(lab, "run", *recipe, "--smoke", "--out", "runs/same", "--device", "cpu", "--set", "seed=2")
    assert shown.startswith("SAME PEOPLE") and "(lines)" in shown
    summary = read(lab, "runs/same/summary.json")
    assert summary["protocol"] == "same people"
    assert {"interpolate-labels", "interpolate-left-out"} < set(summary["baselines"])
    assert summary["people"] == 2 and summary["blocks"] == 2  # a smoke run reads two videos
    assert all(summary["overlap_with_test"].values()) and not any(summary["test_frames_seen"].values())
    run(lab, "predict", "videos/visit-1.mp4", "--run", "runs/same", "--out", "same.csv", "--allow-synthetic")
    assert read(lab, "same.csv.json")["scores"]["protocol"] == "same people"


def test_without_a_manifest_nobody_is_judged_by_person(lab: Path) -> None:
    (lab / "alone").mkdir()
    (lab / "alone" / "clip.mp4").symlink_to(lab / "videos" / "visit-1.mp4")
    run(lab, "prepare", "videos", "alone", "--out", "alone.h5", "--size", "32", "--set", "origin=synthetic")
    refused = run_cli("run", "own_videos", "--set", "data.own.path=alone.h5", "--out", "runs/alone", cwd=lab)
    assert refused.code == 2
    assert "no subject is known for 1 of 1 videos" in refused.stderr
    assert "manifest" in refused.stderr and "blocks" in refused.stderr
