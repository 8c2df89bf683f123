"""`aukit evaluate` as a user has it: its table, its JSON, and what it says of what it does not know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aukit.testing import run_cli


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people with a video each; tracks of aukit and of OpenFace, which fails on half a second of one video."""
    folder, rng = tmp_path_factory.mktemp("lab"), np.random.default_rng(1)
    rows, people = ["video,frame,AU04,AU12"], ["video,subject"]
    for name in ("ours", "openface"):
        (folder / name).mkdir()
    for person in range(6):
        truth = np.clip(np.rint(2 + 2 * np.sin(np.arange(60) / 7 + person)), 0, 5)
        rows += [f"v{person}.mp4,{n + 1},,{truth[n]:.0f}" for n in range(0, 60, 3)]
        people.append(f"v{person}.mp4,P{person}")
        for name, noise, extra in (("ours", 0.4, ""), ("openface", 1.0, ",AU12_c")):
            lines = [f"frame,face_id,timestamp,confidence,success,AU12_r{extra}"]
            for n in range(60):
                ok = name == "ours" or person != 2 or n >= 12
                value = (truth[n] + rng.normal(0, noise)) * ok
                lines.append(f"{n + 1},0,{n / 25:.3f},0.9,{int(ok)},{value:.3f}" + (",1" if extra else ""))
            (folder / name / f"v{person}.csv").write_text("\n".join(lines) + "\n")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    (folder / "manifest.csv").write_text("\n".join(people) + "\n")
    return folder


def test_one_file_is_a_table_with_the_constants_beside_it(lab: Path) -> None:
    done = run_cli("evaluate", "ours", "labels.csv", "--manifest", "manifest.csv", cwd=lab)
    assert done.code == 0, done.stderr
    header, line, row, mean, zero, *_ = done.stdout.splitlines()
    assert header.split() == [
        *("AU", "frames", "ICC", "95%", "interval", "MAE", "(mean)"),
        *("MSE", "(mean)", "PCC", "bias", "verdict"),
    ]
    assert set(line) == {"─"} and len(line) <= 100
    assert row.split()[:2] == ["AU12", "120"] and row.split()[-1] == "usable"
    assert mean.startswith("mean") and zero.startswith("always 0")
    assert "people: 6; data: real; bootstrap-t over people" in done.stdout
    assert "not checked here: whether a model was trained on these people" in done.stderr


def test_several_are_compared_on_the_same_frames(lab: Path) -> None:
    done = run_cli("evaluate", "ours", "openface", "labels.csv", cwd=lab, env={"COLUMNS": "130"})
    assert done.code == 0, done.stderr
    assert "ours (aukit)" in done.stdout and "openface (openface2)" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("AU12")]
    assert rows[0][1] == rows[1][1] == "116" and rows[1][2] == "97%"
    assert "always mean" in done.stdout and "always zero" in done.stdout
    assert "all 120 labels, the mean said where a prediction is missing" in done.stdout
    assert "whose video it is, is not known" in done.stderr and "verdict" not in done.stdout


def test_a_narrow_terminal_cuts_no_number_off(lab: Path) -> None:
    wide = run_cli("evaluate", "ours", "labels.csv", cwd=lab, env={"COLUMNS": "200"})
    narrow = run_cli("evaluate", "ours", "labels.csv", cwd=lab, env={"COLUMNS": "40"})
    for one, other in zip(narrow.stdout.splitlines()[:3], wide.stdout.splitlines()[:3], strict=True):
        assert one.split() == other.split() or set(one) == {"─"}


def test_json_is_one_document(lab: Path) -> None:
    done = run_cli("evaluate", "ours", "openface", "labels.csv", "--json", cwd=lab)
    assert done.code == 0, done.stderr
    found = json.loads(done.stdout)
    first, second = found["predictions"]
    assert (first["kind"], second["kind"]) == ("aukit", "openface2")
    assert second["coverage"]["AU12"] == {"labelled": 120, "predicted": 116, "share": 116 / 120}
    same = [one["same_frames"]["aus"][0] for one in (first, second)]
    assert same[0]["labelled"] == same[1]["labelled"] == 116
    assert set(same[0]["scores"]) >= {"icc", "mae", "mse", "pcc", "bias"}
    assert second["all_labelled_frames"]["aus"][0]["missing"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ours"], "Missing argument"),
        (["gone.csv", "labels.csv"], "gone.csv: there is no such file"),
        (["ours", "gone.csv"], "gone.csv"),
        (["ours", "openface"], "a folder of labels, but of which data set?"),
        (["labels.csv", "labels.csv"], "labels.csv:1: no table of AU intensities"),
        (["ours/v0.csv", "ours/v0.csv"], "v0.csv:1"),
        (["ours/v0.csv", "labels.csv", "--video", "v9"], "no video `v9` is labelled"),
        (["ours", "labels.csv", "--calibrated"], "no column of calibrated intensities"),
        (["ours", "labels.csv", "--first-frame", "5"], "there is no frame 1"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(lab: Path, arguments: list[str], message: str) -> None:
    done = run_cli("evaluate", *arguments, cwd=lab)
    assert done.code == 2 and message in done.stderr
    assert "Traceback" not in done.stderr
