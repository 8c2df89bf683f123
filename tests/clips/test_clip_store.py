"""What is written into a store comes back, in whatever way frames are kept."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aukit.clips import format as layout
from aukit.clips.check import check_store
from aukit.clips.reader import ClipStore
from aukit.clips.writer import StoreWriter
from aukit.contracts.data import Chunk
from aukit.contracts.schema import Schema, Split, SplitSizes

Write = Callable[..., Path]

SCHEMA = Schema(
    name="tiny",
    summary="a test",
    aus=("AU01", "AU12"),
    fps=20.0,
    subjects=("s1", "s2"),
    splits={"named": (Split(train=("s1",), test=("s2",)),), "sized": (SplitSizes(train=3, validation=1),)},
    origin="synthetic",
    terms="none",
)


def chunk(frames: np.ndarray, start: int = 0, **changes: object) -> Chunk:
    index = np.arange(start, start + len(frames))
    columns = {
        "timestamp": index / 20,
        "frame_index": index,
        "intensity": np.zeros((len(frames), 2), np.float32),
        **changes,
    }
    return Chunk(frames=frames, **columns)


def noise(length: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (length, size, size, 3), dtype=np.uint8)


def open_writer(path: Path, **options: object) -> StoreWriter:
    facts = {"data_set": "tiny", "origin": "synthetic", "aus": ("AU01", "AU12"), "size": 8, **options}
    return StoreWriter(path, **facts)


def test_facts_of_a_store_come_back(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.h5"
    with open_writer(path, crop={"enlarge": 0.1}, locator="yunet", schema=SCHEMA, size=(6, 8)) as store:
        store.add_video("b/2.mp4", subject="s2", session="t1", digest="ab", fps=25, frames=noise(3)[:, :6])
        store.add_video("a", subject="s1", fps=20, frames=noise(5)[:, :6])
    read = ClipStore(path)
    assert (read.data_set, read.origin, read.aus, read.size) == (
        "tiny",
        "synthetic",
        ("AU01", "AU12"),
        (6, 8),
    )
    assert (read.crop, read.locator, read.terms, read.schema) == ({"enlarge": 0.1}, "yunet", "none", SCHEMA)
    first, second = read.videos
    assert (first.id, first.subject, first.session, first.digest) == ("b/2.mp4", "s2", "t1", "ab")
    assert (first.fps, first.length, first.segments) == (25.0, 3, ((0, 3),))
    assert second.id == "a"
    assert sorted(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("promised", [0, 40, 60], ids=["unknown", "exact", "ended early"])
@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_frames_come_back_whatever_is_known_of_the_length(
    tmp_path: Path, encoding: str, promised: int
) -> None:
    frames = noise(40)
    with (
        open_writer(tmp_path / "a.h5", encoding=encoding, quality=95) as store,
        store.video("v", subject="s", fps=20, length=promised) as video,
    ):
        for start in range(0, 40, 13):
            video.append(chunk(frames[start : start + 13], start))
    read = ClipStore(tmp_path / "a.h5")
    assert read.videos[0].length == 40
    whole = read.frames("v", 0, 40)
    assert np.array_equal(read.frames("v", 3, 30, 4), whole[3:30:4])
    assert whole.dtype == np.uint8
    if encoding == "raw":
        assert np.array_equal(whole, frames)
    with h5py.File(tmp_path / "a.h5") as file:
        stored = file["videos/v/frames" if encoding == "raw" else "videos/v/offsets"]
        assert len(stored) == (40 if encoding == "raw" else 41)
        assert (stored.chunks is None) == (encoding == "jpeg" or promised > 0)


def test_jpeg_differs_from_raw_by_little_on_smooth_pictures(write: Write) -> None:
    raw = ClipStore(write("raw.h5", size=32)).frames("v", 0, 40)
    jpeg = ClipStore(write("jpeg.h5", size=32, encoding="jpeg", quality=95)).frames("v", 0, 40)
    difference = np.abs(raw.astype(int) - jpeg)
    assert difference.mean() < 2
    assert difference.max() < 24
    assert (tmp := raw.mean(axis=(1, 2)) - jpeg.mean(axis=(1, 2))).shape == (40, 3)
    assert np.abs(tmp).max() < 1  # no channel is swapped or shifted


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_span_is_numpys_slice(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp()
    frames = noise(50, 4)
    path = folder / "any.h5"
    if not path.exists():
        with open_writer(path, size=4) as store:
            store.add_video("v", subject="s", fps=20, frames=frames)
    start = data.draw(st.integers(0, 49))
    stop = data.draw(st.integers(start + 1, 50))
    stride = data.draw(st.integers(1, 60))
    assert np.array_equal(ClipStore(path).frames("v", start, stop, stride), frames[start:stop:stride])


def test_a_span_outside_the_video_is_an_error_of_the_caller(write: Write) -> None:
    store = ClipStore(write())
    for start, stop, stride in [(-1, 5, 1), (0, 41, 1), (5, 5, 1), (0, 5, 0)]:
        with pytest.raises(IndexError, match="of 'v', which has 40"):
            store.frames("v", start, stop, stride)


def test_labels_times_and_boxes_come_back(tmp_path: Path) -> None:
    labels = np.array([[0, 5], [np.nan, 2.5], [1, np.nan]], np.float32)
    with open_writer(tmp_path / "a.h5") as store, store.video("v", subject="s", fps=20) as video:
        boxes = np.arange(12, dtype=np.float32).reshape(3, 4)
        scores = np.array([0.5, 0.6, 0.7], np.float32)
        valid = np.array([True, False, True])
        video.append(chunk(noise(3), 7, intensity=labels, face_box=boxes, face_score=scores, valid=valid))
    read = ClipStore(tmp_path / "a.h5")
    assert np.array_equal(read.labels("v"), labels, equal_nan=True)
    assert np.array_equal(read.timestamps("v"), np.arange(7, 10) / 20)
    assert np.array_equal(read.column("v", "frame_index"), [7, 8, 9])
    assert np.array_equal(read.column("v", "face_box"), boxes)
    assert np.array_equal(read.column("v", "face_score"), scores)
    assert read.videos[0].segments == ((0, 1), (2, 3))


@pytest.mark.parametrize(
    ("time", "index", "valid", "expected"),
    [
        ([0, 0.05, 0.1], [0, 1, 2], [1, 1, 1], ((0, 3),)),
        ([0, 0.05, 0.2], [0, 1, 2], [1, 1, 1], ((0, 2), (2, 3))),  # time jumps
        ([0, 0.05, 0.1], [0, 1, 3], [1, 1, 1], ((0, 2), (2, 3))),  # a frame is missing
        ([0, 0.05, 0.1], [0, 1, 2], [1, 0, 1], ((0, 1), (2, 3))),  # no face
        ([0, 0.05, 0.1], [0, 1, 2], [0, 0, 0], ()),
        ([0, 0.07, 0.1], [0, 1, 2], [1, 1, 1], ((0, 3),)),  # within 1.5 intervals
        ([0, 0.08, 0.1], [0, 1, 2], [1, 1, 1], ((0, 1), (1, 3))),  # beyond
        ([], [], [], ()),
    ],
)
def test_segments(
    time: list[float], index: list[int], valid: list[int], expected: tuple[object, ...]
) -> None:
    found = layout.segments(np.array(time), np.array(index, np.int64), np.array(valid, bool), fps=20)
    assert found == expected


@given(st.text(min_size=1))
def test_any_video_name_is_a_link_and_comes_back(name: str) -> None:
    if any(0xD800 <= ord(letter) < 0xE000 for letter in name):
        return
    link = layout.group_name(name)
    assert "/" not in link
    assert link.strip(".")
    assert layout.video_name(link) == name


def test_a_store_survives_pickling_and_opens_in_another_process(write: Write) -> None:
    store = ClipStore(write())
    expected = store.frames("v", 5, 20, 3)
    copy = pickle.loads(pickle.dumps(store))  # noqa: S301
    assert copy._handle is None
    assert np.array_equal(copy.frames("v", 5, 20, 3), expected)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert np.array_equal(pool.apply(store.frames, ("v", 5, 20, 3)), expected)


def test_threads_read_one_store_at_once(write: Write) -> None:
    for encoding in ("raw", "jpeg"):
        store = ClipStore(write(f"{encoding}.h5", encoding=encoding))
        expected = [store.frames("v", start, start + 9, 2) for start in range(30)]
        store.close()
        wrong: list[int] = []

        def read(
            store: ClipStore = store, expected: list[np.ndarray] = expected, wrong: list[int] = wrong
        ) -> None:
            for start in [*range(30)] * 5:
                if not np.array_equal(store.frames("v", start, start + 9, 2), expected[start]):
                    wrong.append(start)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_the_same_videos_make_the_same_bytes(write: Write) -> None:
    videos = {"a": ("s1", 30), "b": ("s2", 20)}
    one = write("one.h5", videos)
    time.sleep(1.1)  # HDF5 can note times, in whole seconds
    assert write("two.h5", videos).read_bytes() == one.read_bytes()


def test_videos_lie_in_order_whoever_is_written_first(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.h5") as store:
        names = ("a", "b", "c")
        writers = [store.video(name, subject="s", fps=20, length=4) for name in names]
        for writer in reversed(writers):
            writer.append(chunk(noise(4)))
        for writer in writers:
            writer.close()
    with h5py.File(tmp_path / "a.h5") as file:
        places = [file[f"videos/{name}/frames"].id.get_offset() for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_a_store_without_labels(tmp_path: Path, encoding: str) -> None:
    with open_writer(tmp_path / "a.h5", aus=(), encoding=encoding) as store:
        store.add_video("v", subject="s", fps=20, frames=noise(4))
    read = ClipStore(tmp_path / "a.h5")
    assert read.aus == ()
    assert read.labels("v").shape == (4, 0)
    assert check_store(tmp_path / "a.h5").problems == ()


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    store = open_writer(tmp_path / "a.h5")
    with pytest.raises(IndexError), store:
        store.add_video("v", subject="s", fps=20, frames=noise(3)[[7]])
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_store_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    code = f"""
import numpy as np, os, signal
from aukit.clips.writer import StoreWriter
with StoreWriter({str(path)!r}, data_set="d", origin="real", aus=(), size=8) as store:
    store.add_video("v", subject="s", fps=20, frames=np.zeros((9, 8, 8, 3), np.uint8))
    store._file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert [left.suffix for left in tmp_path.iterdir()] == [".partial"]
    with open_writer(path) as store:
        store.add_video("v", subject="s", fps=20, frames=noise(3))
    assert list(tmp_path.iterdir()) == [path]


def test_importing_the_store_does_not_import_torch() -> None:
    modules = (
        "aukit.clips.clipset, aukit.clips.loader, aukit.clips.splits, aukit.clips.masks, aukit.ingest.make"
    )
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
