"""The contact sheet of a store: some faces of each video, never too large, honest about where they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aukit.clips.writer import StoreWriter
from aukit.errors import DataError, StorageError
from aukit.report import mosaic
from aukit.report.mosaic import write_mosaic
from aukit.testing import tiny_store


def test_each_video_shows_faces_from_all_of_its_time(tmp_path: Path) -> None:
    store = tmp_path / "a.h5"
    facts = {"data_set": "d", "origin": "real", "aus": (), "size": 16}
    valid = np.arange(40) >= 20
    frames = np.zeros((40, 16, 16, 3), np.uint8)
    frames[:, ..., 0] = (np.arange(40) * 5)[:, None, None]
    with StoreWriter(store, **facts) as writer:  # type: ignore[arg-type]
        writer.add_video("v", subject="s", fps=20, frames=frames, valid=valid)
        writer.add_video("w", subject="s", fps=20, frames=frames[:2], valid=np.array([True, False]))
    sheet = np.asarray(Image.open(write_mosaic(store, tmp_path / "a.png", per_video=2)))
    # Of v: the frames in the middle of both halves of what is valid; of w: the only one.
    colours = {tuple(map(int, colour)) for colour in sheet.reshape(-1, 3)}
    assert {(125, 0, 0), (175, 0, 0), (0, 0, 0)} <= colours
    assert not {(red * 5, 0, 0) for red in range(1, 20)} & colours


def test_the_sheet_of_many_videos_stays_of_a_size(tmp_path: Path) -> None:
    store = tiny_store(tmp_path / "a.h5", people=20, videos=15, frames=2, size=16)
    with Image.open(write_mosaic(store, tmp_path / "sub" / "a.png")) as sheet:
        assert max(sheet.size) < 3000
        assert min(sheet.size) > 1500
    with Image.open(write_mosaic(store, tmp_path / "b.png", most=3)) as sheet:
        assert max(sheet.size) < 800


@pytest.mark.parametrize(
    ("origin", "line"),
    [("real", "a.h5  ·  tiny  ·  2 videos"), ("rendered", "2 videos  ·  rendered people, not real ones")],
)
def test_the_headline_says_what_is_shown(tmp_path: Path, origin: str, line: str) -> None:
    store = mosaic.ClipStore(tiny_store(tmp_path / "a.h5", people=2, frames=2, origin=origin))
    assert line in mosaic._headline(store, 2)


def test_long_names_are_cut(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "a.h5", data_set="d", origin="real", aus=(), size=16) as writer:
        writer.add_video("x" * 200, subject="s", fps=20, frames=np.zeros((1, 16, 16, 3), np.uint8))
    assert write_mosaic(tmp_path / "a.h5", tmp_path / "a.png").exists()


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    store = tiny_store(tmp_path / "a.h5", people=2, frames=2)
    with pytest.raises(DataError, match="no picture can be called"):
        write_mosaic(store, tmp_path / "a.h5")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_mosaic(store, tmp_path / "file" / "a.png")
