"""The plot: every AU, gaps as gaps, verdicts, and a mark where something is not real."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aukit.errors import DataError, UsageError
from aukit.tracks.plot import FACES, write_plot
from aukit.tracks.read import read_tracks

AUS = ("AU01", "AU12", "AU25")


def table(path: Path, *, frames: int = 200, faces: int = 1, gap: range = range(0), origin: str = "") -> Path:
    """A CSV with sines; frames in `gap` have no face."""
    extra = ",model_origin" if origin else ""
    lines = ["frame,face_id,timestamp,confidence,success," + ",".join(f"{au}_r" for au in AUS) + extra]
    for frame in range(frames):
        for face in range(faces):
            there = frame not in gap
            values = [f"{2.5 + 2.4 * np.sin(frame / 15 + au + face):.4f}" if there else "" for au in range(3)]
            row = [frame + 1, face if there else -1, f"{frame / 25:.4f}", 0.9, int(there), *values]
            lines.append(",".join(map(str, row)) + (f",{origin}" if origin else ""))
            if not there:
                break
    path.write_text("\n".join(lines) + "\n")
    return path


def colours(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def near(picture: np.ndarray, colour: str) -> np.ndarray:
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return np.abs(picture - wanted).max(axis=-1) < 30


def test_a_line_for_each_au_with_its_gap(tmp_path: Path) -> None:
    done = write_plot(table(tmp_path / "clip.csv", gap=range(80, 120)), tmp_path / "o.png")
    line = near(colours(done), FACES[0])
    across = np.flatnonzero(line.any(axis=0))
    steps = np.diff(across)
    # One hole, a fifth of the axis wide.
    assert (steps > 20).sum() == 1
    assert steps.max() / (across[-1] - across[0]) == pytest.approx(41 / 199, abs=0.02)
    rows = line.any(axis=1)
    assert np.count_nonzero(np.diff(rows.astype(int)) == 1) == len(AUS)


def test_each_face_has_its_colour_and_a_video_without_faces_is_no_error(tmp_path: Path) -> None:
    picture = colours(write_plot(table(tmp_path / "two.csv", faces=2), tmp_path / "o.png"))
    assert near(picture, FACES[0]).sum() > 500 and near(picture, FACES[1]).sum() > 500
    empty = table(tmp_path / "none.csv", frames=20, gap=range(20))
    assert not near(colours(write_plot(empty, tmp_path / "e.png")), FACES[0]).any()
    (tmp_path / "head.csv").write_text("frame,timestamp,success,AU12_r\n")
    write_plot(tmp_path / "head.csv", tmp_path / "h.png")


def test_a_mark_and_the_verdicts_are_in_the_picture(tmp_path: Path) -> None:
    plain = table(tmp_path / "plain.csv")
    marked = table(tmp_path / "marked.csv", origin="synthetic")
    scores = {"aus": {"AU12": {"verdict": "usable", "icc": {"value": 0.7}}}}
    (tmp_path / "marked.csv.json").write_text(
        json.dumps({"format": "aukit tracks", "version": 1, "scores": scores})
    )
    assert read_tracks(marked).mark == "synthetic model: not for real people"
    first = colours(write_plot(plain, tmp_path / "a.png"))
    second = colours(write_plot(marked, tmp_path / "b.png"))
    assert not near(first, "#8a1c1c").any() and near(second, "#8a1c1c").sum() > 200
    assert not near(first, "#18794e").any() and near(second, "#18794e").sum() > 50


def test_many_aus_stand_in_two_columns(tmp_path: Path) -> None:
    names = [f"AU{number:02d}_r" for number in range(1, 29)]
    rows = "".join(f"{n + 1},{n / 25},1," + ",".join(["1.0"] * 28) + "\n" for n in range(5))
    (tmp_path / "many.csv").write_text("frame,timestamp,success," + ",".join(names) + "\n" + rows)
    picture = colours(write_plot(tmp_path / "many.csv", tmp_path / "o.png", dpi=40))
    assert picture.shape[1] > picture.shape[0]


def test_what_cannot_be_drawn_is_an_error(tmp_path: Path) -> None:
    path = table(tmp_path / "clip.csv")
    with pytest.raises(UsageError, match="no tracks of AU04"):
        write_plot(path, tmp_path / "o.png", aus=["AU04"])
    with pytest.raises(DataError, match="no video"):
        write_plot(path, tmp_path / "o.png", name="other")
    assert not (tmp_path / "o.png").exists()
