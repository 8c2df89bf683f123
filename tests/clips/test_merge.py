"""Several stores as one: the same frames, labels and people, or a reason why not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aukit.clips.check import check_store
from aukit.clips.clipset import open_clips
from aukit.clips.merge import merge_stores
from aukit.clips.reader import ClipStore
from aukit.clips.writer import StoreWriter
from aukit.contracts.data import Chunk
from aukit.contracts.run import Event, Note, Progress
from aukit.contracts.schema import Schema, Split
from aukit.errors import DataError, StorageError

Write = Callable[..., Path]

ONE: Mapping[str, tuple[str, int]] = {"a": ("s1", 30), "b/c": ("s2", 20)}
TWO: Mapping[str, tuple[str, int]] = {"d": ("s1", 40), "e": ("", 10)}


def schema(**changes: Any) -> Schema:
    facts: dict[str, Any] = {
        "name": "tiny",
        "summary": "",
        "aus": ("AU01", "AU12"),
        "fps": 20,
        "subjects": ("s1",),
    }
    return Schema(**{**facts, **changes})


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_videos_come_out_as_they_went_in(write: Write, tmp_path: Path, encoding: str) -> None:
    parts = [write(f"{number}.h5", videos, encoding=encoding) for number, videos in enumerate((ONE, TWO))]
    events: list[Event] = []
    merged = ClipStore(merge_stores(parts, tmp_path / "all.h5", on_event=events.append))
    assert check_store(merged.path).problems == ()
    assert [video.id for video in merged.videos] == ["a", "b/c", "d", "e"]
    assert (merged.data_set, merged.origin, merged.aus) == ("tiny", "synthetic", ("AU01", "AU12"))
    for part in map(ClipStore, parts):
        for video in part.videos:
            assert video in merged.videos
            for name in part.file[f"videos/{video.id.replace('/', '%2F')}"]:
                if name not in ("frames", "jpeg"):
                    before, after = part.column(video.id, name), merged.column(video.id, name)
                    assert before.dtype == after.dtype
                    assert np.array_equal(before, after, equal_nan=True)
            assert np.array_equal(
                part.frames(video.id, 0, video.length), merged.frames(video.id, 0, video.length)
            )
    # One person: s1 is in both stores. A video without a subject is nobody else.
    assert open_clips([merged]).people == frozenset({("tiny", "s1"), ("tiny", "s2"), ("tiny", "tiny/e")})
    told = [event for event in events if isinstance(event, Progress)]
    assert [(event.done, event.total) for event in told] == [(30, 100), (50, 100), (90, 100), (100, 100)]


@pytest.mark.parametrize("encoding", ["raw", "jpeg"])
def test_chunks_become_one_block(tmp_path: Path, encoding: str) -> None:
    facts: dict[str, Any] = {"data_set": "d", "origin": "real", "aus": (), "size": 8, "encoding": encoding}
    rng = np.random.default_rng(0)
    with StoreWriter(tmp_path / "a.h5", **facts) as writer, writer.video("v", subject="s", fps=20) as video:
        for start in range(0, 50, 10):
            index = np.arange(start, start + 10)
            frames = rng.integers(0, 256, (10, 8, 8, 3), np.uint8)
            blank = np.empty((10, 0), np.float32)
            video.append(Chunk(frames=frames, timestamp=index / 20, frame_index=index, intensity=blank))
    merge_stores([tmp_path / "a.h5"], tmp_path / "b.h5")
    data = "frames" if encoding == "raw" else "jpeg"
    with h5py.File(tmp_path / "a.h5") as chunked, h5py.File(tmp_path / "b.h5") as block:
        assert chunked[f"videos/v/{data}"].chunks is not None
        assert block[f"videos/v/{data}"].chunks is None
        assert np.array_equal(chunked[f"videos/v/{data}"], block[f"videos/v/{data}"])
    assert check_store(tmp_path / "b.h5").problems == ()


def test_each_video_keeps_its_data_set(write: Write, tmp_path: Path) -> None:
    one, two = write("1.h5", ONE), write("2.h5", TWO, data_set="other", terms="for tests")
    merge_stores([one, two], tmp_path / "all.h5")
    store = ClipStore(tmp_path / "all.h5")
    assert (store.data_set, store.terms) == ("tiny+other", "for tests")
    assert [video.data_set for video in store.videos] == ["tiny", "tiny", "other", "other"]
    apart, together = open_clips([one]).people | open_clips([two]).people, open_clips([store]).people
    assert together == apart
    assert ("tiny", "s1") in together and ("other", "s1") in together
    # And so when merged again.
    merge_stores([tmp_path / "all.h5", write("3.h5", {"f": ("s3", 5)})], tmp_path / "more.h5")
    assert [video.data_set for video in ClipStore(tmp_path / "more.h5").videos][2:] == [
        "other",
        "other",
        "tiny",
    ]


def test_aus_that_one_store_lacks_are_not_labelled_there(write: Write, tmp_path: Path) -> None:
    one, two = write("1.h5", ONE), write("2.h5", TWO, aus=("AU12", "AU25", "AU01"))
    with pytest.raises(DataError, match="has no column for AU25") as caught:
        merge_stores([one, two], tmp_path / "all.h5")
    assert caught.value.where == str(one)
    store = ClipStore(merge_stores([one, two], tmp_path / "all.h5", union=True))
    assert store.aus == ("AU01", "AU12", "AU25")
    labels = {video.id: store.labels(video.id) for video in store.videos}
    assert np.array_equal(labels["a"][:, 0], np.arange(30) % 6)
    assert np.array_equal(labels["d"][:, 1], np.arange(40) % 6)  # its first column is AU12
    assert np.isnan(labels["a"][:, 1:]).all() and np.isnan(labels["d"][:, [0, 2]]).all()


def test_the_least_real_origin_holds_for_all(write: Write, tmp_path: Path) -> None:
    parts = [write("1.h5", ONE, origin="real"), write("2.h5", TWO, origin="rendered")]
    with pytest.raises(DataError, match=r"its origin is rendered; that of .* is real") as caught:
        merge_stores(parts, tmp_path / "all.h5")
    assert "--mix-origins" in caught.value.hint
    assert ClipStore(merge_stores(parts, tmp_path / "all.h5", mix_origins=True)).origin == "rendered"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 9}, "its frame size is 9x9; that of .* is 8x8"),
        ({"encoding": "jpeg"}, "its encoding is jpeg"),
        ({"crop": {"rule": "tight"}}, "its crop rule is .*tight.*; that of .* is not known"),
        ({"locator": "yunet"}, "its locator is yunet"),
    ],
)
def test_stores_that_differ_are_refused(
    write: Write, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        merge_stores([write("1.h5", ONE), write("2.h5", TWO, **changes)], tmp_path / "all.h5")
    assert not (tmp_path / "all.h5").exists()


def test_one_name_is_one_video(write: Write, tmp_path: Path) -> None:
    one, two = write("1.h5", ONE), write("2.h5", {"a": ("s9", 5)})
    with pytest.raises(DataError, match="two videos are called 'a'"):
        merge_stores([one, two], tmp_path / "all.h5")
    with pytest.raises(DataError, match="two videos are called 'a'"):
        merge_stores([one, one], tmp_path / "all.h5")
    private = [write(f"{n}.h5", {"V001": ("P01", 5)}, schema=schema(private=True)) for n in (3, 4)]
    with pytest.raises(DataError) as caught:
        merge_stores(private, tmp_path / "all.h5")
    assert "--people" in caught.value.hint


def test_protocols_stay_where_they_are_the_same(write: Write, tmp_path: Path) -> None:
    split = {"own": (Split(train=("s1",)),)}
    notes: list[Event] = []

    def merged(*schemas: Schema | None) -> Schema | None:
        parts = [
            write(f"{name}.h5", {name: ("s1", 5)}, schema=one, overwrite=True)
            for name, one in zip("ab", schemas, strict=True)
        ]
        notes.clear()
        store = merge_stores(
            parts,
            tmp_path / "all.h5",
            overwrite=True,
            on_event=lambda event: notes.append(event) if isinstance(event, Note) else None,
        )
        return ClipStore(store).schema

    assert merged(schema(splits=split), schema(splits=split)) == schema(splits=split)
    assert not notes
    both = merged(schema(splits=split), schema(subjects=("s2",), private=True))
    assert both == schema(subjects=("s1", "s2"), private=True)
    assert "protocols" in str(notes[0])
    assert merged(schema(), schema(name="other")) is None
    assert merged(schema(), None) is None
    assert "no schema in common" in str(notes[0])


def test_what_exists_stays(write: Write, tmp_path: Path) -> None:
    one = write("1.h5", ONE)
    with pytest.raises(DataError, match="exists already"):
        merge_stores([one], one)
    with pytest.raises(DataError, match="no store to merge"):
        merge_stores([], tmp_path / "all.h5")
    with pytest.raises(DataError, match="there is no such file"):
        merge_stores([one, tmp_path / "none.h5"], tmp_path / "all.h5")
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(StorageError):
        merge_stores([one], tmp_path / "folder" / "all.h5")


def test_memory_stays_flat(tmp_path: Path) -> None:
    facts: dict[str, Any] = {"data_set": "d", "origin": "real", "aus": (), "size": 128}
    frames = np.zeros((2000, 128, 128, 3), np.uint8)  # 98 MB
    with StoreWriter(tmp_path / "a.h5", **facts) as writer:
        writer.add_video("v", subject="s", fps=20, frames=frames)
        writer.add_video("w", subject="s", fps=20, frames=frames)
    program = (
        "import resource, sys\n"
        "from aukit.clips.merge import merge_stores\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "merge_stores(['a.h5'], 'b.h5')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert int(done.stdout) < 60_000  # kilobytes: less than one of the videos
