"""Files that are no store, or no whole one, and what does not fit into one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from aukit.clips.clipset import open_clips
from aukit.clips.reader import ClipStore
from aukit.clips.writer import StoreWriter
from aukit.contracts.data import Chunk
from aukit.errors import DataError, StorageError

Write = Callable[..., Path]


def fails(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        ClipStore(path)
    assert caught.value.where == str(path)
    assert caught.value.exit_code == 2
    return caught.value


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    error = fails(tmp_path / "none.h5")
    assert error.message == "there is no such file"
    assert "aukit data make" in error.hint
    assert "--stand-in" in error.hint


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert fails(tmp_path).message == "a folder, not a clip store"


@pytest.mark.parametrize("content", [b"", b"not hdf5 at all" * 100])
def test_another_kind_of_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.h5").write_bytes(content)
    assert fails(tmp_path / "a.h5").message == "not an HDF5 file"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file(write: Write, share: float) -> None:
    path = write()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "truncated" in fails(path).message


def test_hdf5_of_somebody_else(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"] = np.zeros(3)
    assert fails(tmp_path / "a.h5").message == "an HDF5 file, but no clip store of aukit"


def test_a_newer_store(write: Write) -> None:
    path = write()
    with h5py.File(path, "r+") as file:
        file.attrs["version"] = 7
    error = fails(path)
    assert "newer aukit (store version 7, this one reads up to 1)" in error.message
    assert error.hint == "upgrade aukit"


def test_a_store_that_lost_something_is_damaged_not_a_crash(write: Write) -> None:
    path = write()
    with h5py.File(path, "r+") as file:
        del file["videos/v/timestamp"]
    with pytest.raises(DataError, match="damaged") as caught:
        open_clips([path])
    assert "aukit data check" in caught.value.hint


def test_a_broken_picture_is_damage(write: Write) -> None:
    path = write(encoding="jpeg")
    with h5py.File(path, "r+") as file:
        file["videos/v/jpeg"][:500] = 0
    with pytest.raises(DataError, match="damaged"):
        ClipStore(path).frames("v", 0, 10)


def test_an_unknown_video_is_named_with_its_neighbours(write: Write) -> None:
    with pytest.raises(DataError, match="no video 'video_2'") as caught:
        ClipStore(write(videos={"video_1": ("s", 3)})).frames("video_2", 0, 1)
    assert "`video_1`" in caught.value.hint


def test_an_existing_store_is_not_overwritten(write: Write) -> None:
    path = write()
    before = path.read_bytes()
    with pytest.raises(DataError, match="exists already"):
        write()
    assert path.read_bytes() == before
    write(videos={"other": ("s", 3)}, overwrite=True)
    assert path.read_bytes() != before


def test_two_videos_of_one_name(tmp_path: Path) -> None:
    frames = np.zeros((2, 8, 8, 3), np.uint8)
    with StoreWriter(tmp_path / "a.h5", data_set="d", origin="real", aus=(), size=8) as store:
        store.add_video("v", subject="s", fps=20, frames=frames)
        with pytest.raises(DataError, match="two videos are called 'v'"):
            store.add_video("v", subject="s", fps=20, frames=frames)


def good(**changes: object) -> Chunk:
    columns: dict[str, object] = {
        "frames": np.zeros((3, 8, 8, 3), np.uint8),
        "timestamp": np.arange(3) / 20,
        "frame_index": np.arange(3),
        "intensity": np.zeros((3, 1), np.float32),
    }
    return Chunk(**{**columns, **changes})


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        (good(frames=np.zeros((3, 9, 8, 3), np.uint8)), r"frames are uint8 \(9, 8, 3\)"),
        (good(frames=np.zeros((3, 8, 8, 3), np.float32)), "frames are float32"),
        (good(intensity=np.zeros((3, 2), np.float32)), r"`intensity` is \(3, 2\), \(3, 1\) was expected"),
        (good(timestamp=np.arange(2)), "`timestamp`"),
        (good(face_box=np.zeros((3, 3))), "`face_box`"),
        (good(intensity=np.full((3, 1), 9, np.float32)), r"an intensity outside 0\.\.5"),
        (good(timestamp=np.zeros(3)), "timestamps do not rise"),
        (
            good(
                frames=np.zeros((0, 8, 8, 3), np.uint8),
                timestamp=[],
                frame_index=[],
                intensity=np.zeros((0, 1)),
            ),
            "no frames",
        ),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, chunk: Chunk, message: str) -> None:
    store = StoreWriter(tmp_path / "a.h5", data_set="d", origin="real", aus=("AU01",), size=8)
    with (
        pytest.raises(DataError, match=message) as caught,
        store,
        store.video("film", subject="s", fps=20) as video,
    ):
        video.append(chunk)
    assert "video 'film'" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_more_frames_than_promised(tmp_path: Path) -> None:
    store = StoreWriter(tmp_path / "a.h5", data_set="d", origin="real", aus=("AU01",), size=8)
    with pytest.raises(DataError, match="more frames than the 2"), store:
        store.video("v", subject="s", fps=20, length=2).append(good())


@pytest.mark.parametrize("options", [{"origin": "invented"}, {"encoding": "png"}])
def test_unknown_words(tmp_path: Path, options: dict[str, str]) -> None:
    facts = {"data_set": "d", "origin": "real", "aus": (), "size": 8, **options}
    with pytest.raises(DataError, match="unknown") as caught:
        StoreWriter(tmp_path / "a.h5", **facts)
    assert caught.value.hint.startswith("one of ")


def test_an_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = StoreWriter(tmp_path / "file" / "a.h5", data_set="d", origin="real", aus=(), size=8)
    with pytest.raises(StorageError, match="cannot write") as caught, store:
        pass
    assert caught.value.exit_code == 1
    assert caught.value.where == str(tmp_path / "file" / "a.h5")


def test_a_disk_that_is_full_from_the_start(tmp_path: Path) -> None:
    code = f"""
import resource
from aukit.clips.writer import StoreWriter
from aukit.errors import StorageError
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with StoreWriter({str(tmp_path / "a.h5")!r}, data_set="d", origin="real", aus=(), size=64):
        pass
except StorageError as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the disk is full\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
@pytest.mark.parametrize("length", [0, 400])
def test_a_full_disk_is_a_storage_error_and_leaves_nothing(
    tmp_path: Path, encoding: str, length: int
) -> None:
    """A limit on the size of a file stands for the full disk: the system refuses the write in the same way."""
    path = tmp_path / "a.h5"
    code = f"""
import resource
import numpy as np
from aukit.clips.writer import StoreWriter
from aukit.contracts.data import Chunk
from aukit.errors import StorageError
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
frames = np.random.default_rng(0).integers(0, 256, (100, 64, 64, 3), dtype=np.uint8)
try:
    with StoreWriter({str(path)!r}, data_set="d", origin="real", aus=(), size=64, encoding={encoding!r}) as store:
        with store.video("v", subject="s", fps=20, length={length}) as video:
            for start in range(0, 400, 100):
                index = np.arange(start, start + 100)
                none = np.empty((100, 0), np.float32)
                video.append(Chunk(frames=frames, timestamp=index / 20, frame_index=index, intensity=none))
except StorageError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env=os.environ
    )
    assert done.stderr == ""
    assert done.stdout == f"{path}: the disk is full\n"
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
