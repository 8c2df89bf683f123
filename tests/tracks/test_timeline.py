"""The timeline: one page that needs nothing else, holds every value, and does what its keys say."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.tracks import Tracks
from aukit.errors import UsageError
from aukit.tracks import timeline
from aukit.tracks.timeline import write_timeline
from aukit.tracks.tracks_file import TracksFile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AUS = ("AU04", "AU12")


def tracks(frames: int = 100, faces: int = 1) -> TracksFile:
    """25 frames a second; AU12 has peaks at frames 20 and 60 of 3 and 4.5; frame 45 is lost."""
    number = np.repeat(np.arange(frames), faces)
    face = np.tile(np.arange(faces), frames)
    values = np.zeros((len(number), 2), np.float32)
    values[:, 1] = np.maximum(3 - 0.2 * np.abs(number - 20), 4.5 - 0.3 * np.abs(number - 60)).clip(0) - face
    values[:, 0] = 0.1234
    values[number == 45] = np.nan
    one = Tracks(
        frame=number,
        face_id=face,
        timestamp=number / 25,
        confidence=np.full(len(number), 0.9, np.float32),
        success=np.isfinite(values[:, 0]),
        box=np.full((len(number), 4), np.nan, np.float32),
        pose=np.full((len(number), 3), np.nan, np.float32),
        intensity=values,
    )
    scores = {"aus": {"AU12": {"verdict": "usable", "reason": "so", "icc": {"value": 0.7}}}}
    return TracksFile(
        path=Path("clip.csv"),
        kind="aukit",
        aus=AUS,
        videos={"</script><b>clip": one},
        facts={"scores": scores},
        model_origin="synthetic",
    )


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    return dict(json.loads(found[1]))


def unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_every_value_is_on_the_page(tmp_path: Path) -> None:
    file = tracks(faces=2)
    done = write_timeline(file, tmp_path / "t.html")
    page = done.path.read_text("utf-8")
    data, one = data_of(page), file.video()
    assert done.bytes == len(page.encode()) == done.path.stat().st_size
    assert (data["title"], data["mark"]) == ("</script><b>clip", "synthetic model: not for real people")
    assert data["aus"][1] == {
        "au": "AU12",
        "name": "lip corner puller",
        "verdict": "usable",
        "reason": "so",
        "icc": 0.7,
    }
    for face in data["faces"]:
        own = one[one.face_id == face["id"]]
        np.testing.assert_array_equal(unpacked(face["frames"], "<u4"), own.frame)
        np.testing.assert_allclose(unpacked(face["times"], "<u4") / data["ticks"], own.timestamp, atol=1e-4)
        np.testing.assert_array_equal(unpacked(face["values"], "<f4").reshape(2, -1).T, own.intensity)


def test_the_page_asks_nothing_of_a_network(tmp_path: Path) -> None:
    page = write_timeline(tracks(), tmp_path / "t.html").path.read_text("utf-8")
    assert not re.search(r"https?://|@import|url\(|<link|src=", page)
    assert html.escape("</script><b>clip") in page and "<b>clip" not in page


def test_the_video_is_named_as_the_page_sees_it(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "out").mkdir()
    video = tmp_path / "films" / "a #1.mp4"
    page = write_timeline(tracks(), tmp_path / "out" / "t.html", video=video).path.read_text("utf-8")
    assert data_of(page)["video"] == "../films/a%20%231.mp4"


def test_a_page_of_too_many_values_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST_VALUES", 100)
    with pytest.raises(UsageError, match="200 values are too many"):
        write_timeline(tracks(), tmp_path / "t.html")
    assert not list(tmp_path.iterdir())


def test_an_hour_takes_what_is_said(tmp_path: Path) -> None:
    frames = 3600
    done = write_timeline(tracks(frames), tmp_path / "t.html")
    data = data_of(done.path.read_text("utf-8"))
    packed = (
        len(data["faces"][0]["values"]) + len(data["faces"][0]["times"]) + len(data["faces"][0]["frames"])
    )
    assert packed == pytest.approx(frames * (4 * len(AUS) + 8) * 4 / 3, rel=0.01)


def state(page: Path, keys: list[str]) -> dict[str, str]:
    """What the page says after these keys, in a browser."""
    assert CHROMIUM
    events = "".join(
        f"window.dispatchEvent(new KeyboardEvent('keydown', {json.dumps(_key(key))}));" for key in keys
    )
    driven = page.with_name("driven.html")
    script = f"<script>{events} document.title = 'done';</script></body>"
    driven.write_text(page.read_text("utf-8").replace("</body>", script), "utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=2000"]
    profile = f"--user-data-dir={page.parent / 'profile'}"
    done = subprocess.run(
        [CHROMIUM, *options, profile, driven.as_uri()], capture_output=True, text=True, timeout=120
    )
    dom = done.stdout
    assert "<title>done</title>" in dom, done.stderr
    found = {name: _text(dom, rf'id="{name}"[^>]*>(.*?)</') for name in ("time", "frame", "peaks", "mark")}
    found["values"] = " ".join(re.findall(r"<span style=[^>]*>([^<]*)</span>", dom))
    return found


def _key(key: str) -> dict[str, Any]:
    return {"key": key.removeprefix("shift-"), "shiftKey": key.startswith("shift-"), "cancelable": True}


def _text(dom: str, pattern: str) -> str:
    found = re.search(pattern, dom, re.S)
    return html.unescape(found[1]) if found else ""


@pytest.mark.skipif(not CHROMIUM, reason="no browser here")
@pytest.mark.parametrize(
    ("keys", "time", "frame", "values"),
    [
        ([], "0:00.00", "frame 1 of 100", "0.12 0.00"),
        (["ArrowRight", "ArrowRight"], "0:00.08", "frame 3 of 100", "0.12 0.00"),
        (["shift-ArrowRight"], "0:01.00", "frame 26 of 100", "0.12 2.00"),
        (["End", "ArrowRight", "ArrowLeft"], "0:03.92", "frame 99 of 100", "0.12 0.00"),
        (["shift-ArrowRight", "shift-ArrowRight", *["ArrowLeft"] * 5], "0:01.80", "frame 46 of 100", "– –"),
        (["+", "+", "+", "End"], "0:03.96", "frame 100 of 100", "0.12 0.00"),
    ],
)
def test_keys_move_the_cursor(tmp_path: Path, keys: list[str], time: str, frame: str, values: str) -> None:
    found = state(write_timeline(tracks(), tmp_path / "t.html").path, keys)
    assert (found["time"], found["frame"], found["values"]) == (time, frame, values)
    assert found["mark"] == "synthetic model: not for real people"


@pytest.mark.skipif(not CHROMIUM, reason="no browser here")
def test_peaks_are_jumped_to(tmp_path: Path) -> None:
    page = write_timeline(tracks(), tmp_path / "t.html", aus=["AU12"]).path
    found = state(page, ["ArrowDown"])
    assert (found["frame"], found["values"]) == ("frame 21 of 100", "3.00")
    assert found["peaks"].startswith("AU12: 2 peaks")
    assert state(page, ["ArrowDown", "ArrowDown", "ArrowDown"])["frame"] == "frame 61 of 100"
    assert state(page, ["End", "ArrowUp", "ArrowUp"])["frame"] == "frame 21 of 100"
