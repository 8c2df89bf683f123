"""Commands that make data, train and predict, in processes of their own, from nothing to a cited run."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from aukit.testing import run_cli

pytestmark = pytest.mark.slow

RECIPE = """\
name = "small"
summary = "a few steps on a few rendered people"
[data.faces]
path = "faces.h5"
[model]
aus = ["AU04", "AU12"]
backbone = { name = "resnet18-256", width = 8, channels = 8, blocks = [1, 1, 1, 1] }
[stages.pretrain]
name = "contrastive"
data = "faces"
steps = 4
batch = 2
validate_every = 0
augmentation = { name = "fast" }
objective = { name = "dpc-nce", frames = 5, context = 3 }
[stages.finetune]
name = "regression"
data = "faces"
steps = 4
batch = 4
window = 5
evaluate_every = 2
augmentation = { name = "fast" }
sampler = { name = "random", fraction = 0.5 }
[evaluation]
resamples = 50
[compute]
device = "cpu"
threads = 1
checkpoint_every = 1
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that `aukit data make` wrote, a recipe, and its run `out`."""
    folder = tmp_path_factory.mktemp("heavy")
    people = ("train=6", "validation=2", "test=4", "frames=60", 'aus=["AU04", "AU12", "AU25"]')
    settings = [word for value in people for word in ("--set", value)]
    done = run_cli("data", "make", "synthetic", "--out", "faces.h5", "--size", "32", *settings, cwd=folder)
    assert (done.code, done.stdout) == (0, "faces.h5\n"), done.stderr
    assert "make faces.h5: 720/720" in done.stderr
    (folder / "small.toml").write_text(RECIPE, encoding="utf-8")
    done = run_cli("run", "small.toml", "--out", "out", cwd=folder, env={"COLUMNS": "80"})
    assert done.code == 0, done.stderr
    (folder / "run.stdout").write_text(done.stdout, encoding="utf-8")
    (folder / "run.stderr").write_text(done.stderr, encoding="utf-8")
    return folder


def test_run_ends_with_a_table_and_the_report(here: Path) -> None:
    lines = (here / "run.stdout").read_text("utf-8").splitlines()
    assert max(map(len, lines[:5])) <= 80
    assert lines[0].split()[:2] == ["AU", "ICC"]
    assert lines[0].split()[-1] == "verdict"
    assert [line.split()[0] for line in lines[2:5]] == ["AU04", "AU12", "mean"]
    assert lines[-2].startswith("4 test people, 240 frames, data: synthetic")
    assert lines[-1] == "report: out/report.html"
    assert (here / "out" / "report.html").exists()


def test_the_table_holds_what_the_summary_holds(here: Path) -> None:
    summary = json.loads((here / "out" / "summary.json").read_text("utf-8"))
    lines = (here / "run.stdout").read_text("utf-8").splitlines()
    for au, line in zip(("AU04", "AU12"), lines[2:4], strict=True):
        assert line.split()[1] == f"{summary['icc'][au]['value']:.2f}"
        assert summary["verdicts"][au] in line
    assert lines[4].split()[1] == f"{summary['icc_mean']:.2f}"


def test_progress_is_plain_lines_on_stderr(here: Path) -> None:
    said = (here / "run.stderr").read_text("utf-8")
    assert "\x1b" not in said
    assert said.startswith("running small in out\n")
    assert "the data are synthetic" in said
    for task, total in (("pretrain", 4), ("finetune", 4), ("evaluate", 240)):
        assert re.search(rf"^{task}: {total}/{total}", said, re.M), said
    assert re.search(r"^finetune: finished in ", said, re.M)


def test_run_as_json_is_one_document(here: Path) -> None:
    done = run_cli("run", "small.toml", "--out", "json", "--json", cwd=here)
    assert done.code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] == "finished"
    assert found["folder"] == "json"
    assert found["icc"].keys() == {"AU04", "AU12"}


def test_dry_run_writes_nothing_and_says_what_would_be(here: Path) -> None:
    before = sorted(path.name for path in here.iterdir())
    done = run_cli("run", "small.toml", "--dry-run", "--out", "dry", cwd=here)
    assert (done.code, done.stderr) == (0, "")
    for words in ("clips B,T,H,W,C", "seconds a window", "labelled frames", "seconds estimated", "disk mb"):
        assert words in done.stdout
    facts = json.loads(run_cli("run", "small.toml", "--dry-run", "--json", cwd=here).stdout)
    assert facts["stages"]["pretrain"]["clips_bthwc"] == [2, 5, 32, 32, 3]
    assert sorted(path.name for path in here.iterdir()) == before


def test_check_says_what_a_store_holds(here: Path) -> None:
    done = run_cli("data", "check", "faces.h5", cwd=here)
    assert (done.code, done.stderr) == (0, "")
    facts = json.loads(run_cli("data", "check", "faces.h5", "--json", cwd=here).stdout)
    assert facts["problems"] == []
    assert facts["facts"]["people"] == 12
    assert facts["facts"]["origin"] == "synthetic"


def test_sheet_is_a_picture(here: Path) -> None:
    done = run_cli("data", "sheet", "--out", "sheet.png", "--size", "32", cwd=here)
    assert (done.code, done.stdout) == (0, "sheet.png\n")
    assert (here / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_predictions_as_csv_and_hdf5_agree_with_each_other_and_the_run(here: Path) -> None:
    for name in ("tracks.csv", "tracks.h5"):
        done = run_cli("predict", "faces.h5", "--run", "out", "--out", name, cwd=here)
        assert (done.code, done.stdout) == (0, f"{name}\n"), done.stderr
        assert "predict: 720/720" in done.stderr
    with (here / "tracks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert ",".join(rows[0]) == (
        "video,subject,frame,face_id,timestamp,confidence,success,AU04_r,AU12_r,origin,model_origin"
    )
    assert len(rows) == 720
    assert {row["success"] for row in rows} == {"1"}
    video = rows[-1]["video"]
    mine = [row for row in rows if row["video"] == video]
    assert [int(row["frame"]) for row in mine] == list(range(1, 61))
    table = np.array([[float(row["AU04_r"]), float(row["AU12_r"])] for row in mine])
    with h5py.File(here / "tracks.h5") as file:
        assert file.attrs["model_origin"] == "synthetic"
        stored = file[video]["prediction"][:]
        assert np.isfinite(file[video]["labels"][:]).all()
    assert np.abs(stored - table).max() < 1e-3
    with h5py.File(here / "out" / "predictions.h5") as file:
        np.testing.assert_allclose(file[video]["prediction"][:], stored, atol=1e-4)


def test_cite_names_the_sources(here: Path) -> None:
    done = run_cli("cite", "out", cwd=here)
    assert (done.code, done.stderr) == (0, "")
    assert "Sanchez et al." in done.stdout
    assert "stage contrastive" in done.stdout
    texts = {entry["text"] for entry in json.loads(run_cli("cite", "out", "--json", cwd=here).stdout)}
    assert any("Dense Predictive Coding" in text for text in texts)


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(here: Path) -> None:
    arguments = ["run", "small.toml", "--out", "stopped", "--set", "stages.pretrain.steps=100000"]
    program = [sys.executable, "-m", "aukit", *arguments]
    process = subprocess.Popen(program, cwd=here, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    checkpoints = here / "stopped" / "stages" / "pretrain" / "checkpoints"
    for _ in range(600):
        if checkpoints.is_dir() and any(checkpoints.iterdir()):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    last = err.rstrip().splitlines()[-2:]
    assert last[0].startswith("error: stopped at step ")
    assert "--resume" in last[1]
    assert not (here / "stopped" / "summary.json").exists()


def test_resume_goes_on_where_a_kill_left_off(here: Path) -> None:
    changed = ("--set", "stages.finetune.steps=60", "--set", "stages.finetune.evaluate_every=60")
    program = [sys.executable, "-m", "aukit", "run", "small.toml", "--out", "killed", *changed]
    process = subprocess.Popen(program, cwd=here, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    checkpoints = here / "killed" / "stages" / "finetune" / "checkpoints"
    for _ in range(600):
        if checkpoints.is_dir() and any(checkpoints.iterdir()):
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    done = run_cli("run", "small.toml", "--out", "killed", *changed, "--resume", cwd=here)
    assert done.code == 0, done.stderr
    assert done.stderr.startswith("resuming small in killed\n")
    assert "the stage `pretrain` is finished" in done.stderr
    whole = run_cli("run", "small.toml", "--out", "whole", *changed, cwd=here)
    assert whole.code == 0
    for name in ("model/model.safetensors", "metrics.jsonl"):
        assert (here / "killed" / name).read_bytes() == (here / "whole" / name).read_bytes()


def test_python_m_aukit_and_the_script_are_the_same(here: Path) -> None:
    script = Path(sys.executable).with_name("aukit")
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        [script, "data", "check", "faces.h5"], cwd=here, capture_output=True, text=True, env=environment
    )
    assert done.stdout == run_cli("data", "check", "faces.h5", cwd=here).stdout
    assert subprocess.run([script, "validate", "nowhere"], capture_output=True).returncode == 2
