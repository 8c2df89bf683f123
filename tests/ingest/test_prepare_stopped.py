"""Ctrl-C and a full disk in the middle: what is done stays, and is not done again. Real signals, real limits."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filmed import Filmed

from aukit.clips.check import check_store
from aukit.clips.space import require_space
from aukit.contracts.faces import CropRule, Framing
from aukit.errors import StorageError
from aukit.ingest.prepare import prepare
from aukit.testing.video import face_video

FRAMING = Framing(crop=CropRule(size=32))
PROGRAM = """
import resource, sys
sys.path.insert(0, {tests!r})
from filmed import Filmed
from aukit.contracts.faces import CropRule, Framing
from aukit.errors import AukitError
from aukit.ingest.prepare import prepare
if {limit}:
    resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    prepare(
        Filmed(**{faults}), "a.h5", root="films", framing=Framing(crop=CropRule(size=32)), processes={processes}
    )
except AukitError as error:
    print(type(error).__name__, error, error.hint, sep=" | ")
    sys.exit(error.exit_code)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with three films, to prepare there."""
    (tmp_path / "films").mkdir()
    for name in ("anna", "ben", "carl"):
        face_video(tmp_path / "films" / f"{name}.mp4", frames=20, size=(160, 160))
    return tmp_path


def start(home: Path, *, limit: int = 0, processes: int = 1, **faults: str) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parent)
    program = PROGRAM.format(tests=tests, limit=limit, processes=processes, faults=faults)
    return subprocess.Popen([sys.executable, "-c", program], cwd=home, stdout=subprocess.PIPE, text=True)


def parts(home: Path) -> list[Path]:
    return sorted((home / "a.h5.parts").glob("*.h5"))


@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_keeps_what_is_done(home: Path, processes: int) -> None:
    running = start(home, processes=processes, carl="wait")
    while len(parts(home)) < 2:
        assert running.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    told, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Interrupted" in told
    assert "2 of 3 videos are prepared and stay" in told
    assert "run the same command again" in told
    assert sorted((home / "a.h5.parts").iterdir()) == parts(home)  # nothing half-written
    assert not (home / "a.h5").exists()
    report = prepare(Filmed(), home / "a.h5", root=home / "films", framing=FRAMING)
    assert [one.again for one in report.done] == [True, True, False]
    assert check_store(home / "a.h5").problems == ()
    assert not (home / "a.h5.parts").exists()


def test_a_disk_that_fills_up_keeps_what_is_done(home: Path) -> None:
    running = start(home, limit=120_000)  # each part fits, the whole store does not
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "StorageError" in told
    assert "the disk is full" in told
    assert "what is prepared stays" in told
    assert len(parts(home)) == 3
    assert not list(home.glob("*.h5")) + list(home.glob(".*"))
    report = prepare(Filmed(), home / "a.h5", root=home / "films", framing=FRAMING)
    assert all(one.again for one in report.done)


def test_a_disk_too_small_for_one_part_stops_the_work(home: Path) -> None:
    running = start(home, limit=30_000)
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "the disk is full" in told
    assert not (home / "a.h5.parts").exists()  # nothing was in it


def test_a_disk_that_is_too_small_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the disk is too small: 1000000000\.0 GB are needed"):
        require_space(tmp_path / "deep" / "a.h5", 10**18)
