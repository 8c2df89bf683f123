"""From a data set to a store: whole, the same by one process or several, and nothing where it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flat_data import Flat

from aukit.builtin.datasets.synthetic import SyntheticFaces
from aukit.clips.check import check_store
from aukit.clips.reader import ClipStore
from aukit.contracts.data import Chunk
from aukit.contracts.run import Event, Progress
from aukit.errors import AukitError, DataError, StorageError
from aukit.ingest.make import make_store


def faces(**changes: object) -> SyntheticFaces:
    facts = {"train": 2, "validation": 1, "test": 1, "frames": 70, "size": 32, **changes}
    return SyntheticFaces(**facts)


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_a_store_holds_what_the_data_set_gives(tmp_path: Path, encoding: str) -> None:
    data = faces()
    path = make_store(data, tmp_path / "a.h5", encoding=encoding, processes=1)
    assert check_store(path).problems == ()
    store = ClipStore(path)
    assert (store.data_set, store.origin, store.schema) == ("synthetic", "synthetic", data.schema)
    assert (store.size, store.aus, store.terms) == ((32, 32), data.schema.aus, data.schema.terms)
    for source, video in zip(data.videos(), store.videos, strict=True):
        chunks = list(source.read())
        assert (video.id, video.subject, video.session) == (source.video, source.subject, source.session)
        assert (video.length, video.segments) == (70, ((0, 70),))
        labels = np.concatenate([chunk.intensity for chunk in chunks])
        assert np.array_equal(store.labels(video.id), labels, equal_nan=True)
        if encoding == "raw":
            assert np.array_equal(store.frames(video.id, 0, 70), np.concatenate([c.frames for c in chunks]))


def test_several_processes_make_the_same_file(tmp_path: Path) -> None:
    one = make_store(faces(), tmp_path / "one.h5", processes=1)
    several = make_store(faces(), tmp_path / "several.h5", processes=3)
    assert one.read_bytes() == several.read_bytes()


def test_the_work_is_shared(tmp_path: Path) -> None:
    here = os.getpid()

    class Local(Flat):  # a class that no other process can import: it is read here
        def read(self, number: int) -> Iterator[Chunk]:
            assert os.getpid() == here
            return super().read(number)

    make_store(Local(), tmp_path / "local.h5", processes=2)
    program = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from flat_data import Flat
class Main(Flat):
    pass
from aukit.ingest.workers import read_in_processes
from aukit.ingest.make import make_store
assert read_in_processes(Main(), None, 3, 2) is None
items = list(read_in_processes(Flat(), None, 3, 2))
assert len(items) == 9 and sorted(number for number, chunk in items if chunk is None) == [0, 1, 2]
print("once")
"""
    script = tmp_path / "script.py"  # without a __main__ guard, and yet it runs once
    script.write_text(program)
    done = subprocess.run([sys.executable, script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "once\n", "")


def test_progress_is_told_in_frames(tmp_path: Path) -> None:
    events: list[Event] = []
    make_store(Flat(), tmp_path / "a.h5", processes=1, on_event=events.append)
    assert [(event.done, event.total) for event in events if isinstance(event, Progress)] == [
        (done, 30) for done in range(5, 31, 5)
    ]
    last = events[-1]
    assert isinstance(last, Progress)
    assert last.task == "make a.h5"
    assert last.frames_per_second > 0
    assert last.seconds_left == 0


@pytest.mark.parametrize("length", [0, 12])
def test_a_length_that_is_unknown_or_too_long(tmp_path: Path, length: int) -> None:
    path = make_store(Flat(length=length), tmp_path / "a.h5", processes=1)
    assert [video.length for video in ClipStore(path).videos] == [10, 10, 10]
    assert check_store(path).problems == ()


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (
            DataError("no such frame", where="film.avi", hint="look again"),
            DataError,
            "film.avi: no such frame",
        ),
        (ZeroDivisionError("odd"), ZeroDivisionError, "odd"),
        ("large", DataError, r"video 'v\d': frames are uint8"),
    ],
)
def test_an_error_while_reading_leaves_nothing(
    tmp_path: Path, processes: int, fault: object, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        make_store(Flat(v1=fault), tmp_path / "a.h5", processes=processes)
    if isinstance(fault, DataError):
        assert isinstance(caught.value, DataError)
        assert (caught.value.where, caught.value.hint) == ("film.avi", "look again")
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_cannot_travel_still_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(AukitError, match="Strange: strange"):
        make_store(Flat(v1="strange"), tmp_path / "a.h5", processes=2)


def test_a_process_that_dies_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AukitError, match=r"a process that made frames ended \(exit code 9\)"):
        make_store(Flat(v1="die"), tmp_path / "a.h5", processes=2)
    assert list(tmp_path.iterdir()) == []


def test_no_videos_and_no_frames(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no videos of `flat` found"):
        make_store(Flat(videos=0), tmp_path / "a.h5")

    class Empty(Flat):
        def read(self, number: int) -> Iterator[Chunk]:
            return iter(())

    with pytest.raises(DataError, match="no video of `flat` has a frame"):
        make_store(Empty(), tmp_path / "a.h5", processes=1)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_store_stays(tmp_path: Path) -> None:
    path = make_store(Flat(), tmp_path / "a.h5", processes=1)
    before = path.read_bytes()
    with pytest.raises(DataError, match="exists already"):
        make_store(Flat(videos=2), path, processes=1)
    assert path.read_bytes() == before
    make_store(Flat(videos=2), path, processes=1, overwrite=True)
    assert len(ClipStore(path).videos) == 2


def test_a_disk_that_is_too_small_is_known_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the disk is too small: \d+\.\d GB are needed") as caught:
        make_store(Flat(length=10**13), tmp_path / "a.h5", processes=1)
    assert "encoding jpeg" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_all_processes_and_leaves_nothing(tmp_path: Path) -> None:
    code = f"""
from aukit.builtin.datasets.synthetic import SyntheticFaces
from aukit.ingest.make import make_store
said = []
def tell(event):
    if not said:
        print("ready", flush=True)
        said.append(event)
try:
    make_store(SyntheticFaces(frames=5000, size=32), {str(tmp_path / "a.h5")!r}, processes=2, on_event=tell)
except KeyboardInterrupt:
    print("stopped")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    children = children_of(process.pid)
    assert len(children) == 2
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
    assert process.communicate(timeout=30) == ("stopped\n", "")
    assert list(tmp_path.iterdir()) == []
    assert not any(map(alive, children))


def test_killed_the_processes_end_too(tmp_path: Path) -> None:
    code = f"""
from aukit.builtin.datasets.synthetic import SyntheticFaces
from aukit.ingest.make import make_store
make_store(SyntheticFaces(frames=5000, size=32), {str(tmp_path / "a.h5")!r}, processes=2,
           on_event=lambda event: print("ready", flush=True))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    children = children_of(process.pid)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while any(map(alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, children))
    assert not (tmp_path / "a.h5").exists()


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
