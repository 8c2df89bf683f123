"""The same people in every part: what is cut, what lies between, and what is never in two parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aukit.clips.blocks import Blocks, cut_blocks, same_frames
from aukit.clips.clipset import Clip, ClipSet
from aukit.errors import DataError

MakeClip = Callable[..., Clip]
MakeSet = Callable[..., ClipSet]
Videos = Callable[..., ClipSet]

FPS = 10.0


@pytest.fixture(scope="session")
def videos(clip: MakeClip, clipset: MakeSet) -> Videos:
    """`videos(2, seconds=60)`: one video each of p1 and p2, every `every`-th frame labelled with its number."""

    def make(people: int, seconds: float = 60, every: int = 1, first: int = 1, takes: str = "a") -> ClipSet:
        length = round(seconds * FPS)
        labels = np.full((length, 1), np.nan, np.float32)
        labels[::every, 0] = np.arange(length)[::every]
        names = [f"p{number}" for number in range(first, first + people)]
        return clipset(
            *(
                clip(f"{name}{take}", name, ((0, length),), labels=labels, fps=FPS)
                for name in names
                for take in takes
            )
        )

    return make


def rows(clip: Clip) -> set[tuple[str, int]]:
    """The frames of a stretch, as frames of its video."""
    return {(clip.video, clip.first + row) for row in range(clip.length)}


def all_rows(clips: ClipSet) -> set[tuple[str, int]]:
    return set().union(*map(rows, clips.clips))


def labelled(clip: Clip) -> list[int]:
    return [clip.first + int(row) for row in np.flatnonzero(~np.isnan(clip.labels[:, 0]))]


SHARES = st.sampled_from([(0.2, 0.3), (0.0, 0.25), (0.25, 0.0), (0.4, 0.4)])


@given(
    people=st.integers(1, 3),
    seconds=st.floats(5, 90),
    blocks=st.integers(1, 12),
    shares=SHARES,
    gap=st.floats(0.05, 5),
    every=st.sampled_from([1, 7, 40]),
    seed=st.integers(0, 2**31),
    takes=st.sampled_from(["a", "abc"]),
)
def test_what_holds_of_every_cut(
    videos: Videos,
    people: int,
    seconds: float,
    blocks: int,
    shares: tuple[float, float],
    gap: float,
    every: int,
    seed: int,
    takes: str,
) -> None:
    whole = videos(people, seconds, every, takes=takes)
    table: dict[str, Any] = {"blocks": blocks, "validation": shares[0], "test": shares[1], "gap": gap}
    try:
        found = cut_blocks(whole, **table, seed=seed)
    except DataError as error:
        assert "leaves nothing" in error.message
        assume(False)
    parts = {part: all_rows(clips) for part, clips in found.parts.items()}
    # no frame is in two parts, not even one without a label
    assert not parts["train"] & parts["validation"]
    assert not parts["train"] & parts["test"]
    assert not parts["validation"] & parts["test"]
    # a training frame is a gap away from every label that selects or tests, and validation from test
    for near, far in (("train", "validation"), ("train", "test"), ("validation", "test")):
        for judged in found.parts[far].clips:
            seen = np.array([row for video, row in parts[near] if video == judged.video])
            for frame in labelled(judged) if len(seen) else ():
                assert np.abs(seen - frame).min() / FPS >= gap - 1e-6
    # labels of test blocks are all kept; elsewhere each is kept once or given up
    drawn = {video: np.array(parts) for video, parts in found.drawn.items()}
    for video, own in drawn.items():
        length = next(clip.length for clip in whole.clips if clip.id == video)
        part_of = np.repeat(own, np.diff(np.unique(np.linspace(0, length, blocks + 1).round().astype(int))))
        for part, clips in found.parts.items():
            kept = [frame for clip in clips.clips if clip.video == video for frame in labelled(clip)]
            assert len(kept) == len(set(kept))
            assert set(kept) <= {int(row) for row in np.flatnonzero(part_of == part)} & set(
                range(0, length, every)
            )
            if part == "test":
                assert set(kept) == {int(row) for row in np.flatnonzero(part_of == part)} & set(
                    range(0, length, every)
                )
    # frames are those of the video, and times its own
    for clips in found.parts.values():
        for clip in clips.clips:
            assert clip.read(0, clip.length)[:, 0, 0, 0].tolist() == [
                (clip.first + row) % 256 for row in range(clip.length)
            ]
            assert clip.timestamps[0] == pytest.approx(clip.first / FPS)
            assert clip.person[1].startswith("p")


@given(blocks=st.integers(3, 12), shares=SHARES, seed=st.integers(0, 2**31))
def test_everybody_is_in_every_part_that_is_wanted(
    videos: Videos, blocks: int, shares: tuple[float, float], seed: int
) -> None:
    found = cut_blocks(
        videos(3, 120), blocks=blocks, validation=shares[0], test=shares[1], gap=0.2, seed=seed
    )
    for parts in found.drawn.values():
        for part, share in (("train", 1.0), ("validation", shares[0]), ("test", shares[1])):
            assert (part in parts) == (share > 0)
        assert parts.count("test") == (max(1, round(shares[1] * blocks)) if shares[1] else 0)


def test_few_blocks_train_first_then_test(videos: Videos) -> None:
    def drawn(blocks: int) -> list[str]:
        found = cut_blocks(videos(1), blocks=blocks, validation=0.3, test=0.3, gap=0.5)
        return sorted(found.drawn["tiny/p1a"])

    assert drawn(1) == ["train"]
    assert drawn(2) == ["test", "train"]
    assert drawn(3) == ["test", "train", "validation"]


def test_a_block_without_labels_trains(videos: Videos, clipset: MakeSet) -> None:
    whole = videos(1, seconds=100)
    whole.clips[0].labels[200:] = np.nan
    for seed in range(10):
        found = cut_blocks(whole, blocks=10, test=0.5, gap=1, seed=seed)
        assert sorted(found.drawn["tiny/p1a"][:2]) == ["test", "train"]
        assert set(found.drawn["tiny/p1a"][2:]) == {"train"}
    unlabelled = cut_blocks(whole.unlabelled(), blocks=10, test=0.5, gap=1)
    assert all_rows(unlabelled.parts["train"]) == {("tiny/p1a", row) for row in range(1000)}
    assert not unlabelled.parts["test"].clips


def test_a_test_block_has_a_lead_in_without_labels(videos: Videos) -> None:
    found = cut_blocks(videos(1), blocks=6, test=0.2, gap=2, seed=3)
    (block,) = found.parts["test"].clips
    number = found.drawn["tiny/p1a"].index("test")
    assert number > 0
    assert block.id == f"tiny/p1a#{number + 1}"
    # frames less than the gap before the block: 19 of them at ten a second
    assert (block.first, block.length) == (100 * number - 19, 119)
    assert np.isnan(block.labels[:19]).all() and not np.isnan(block.labels[19:]).any()
    before, *_ = found.parts["train"].clips
    assert before.id == f"tiny/p1a#1-{number}" if number > 1 else "tiny/p1a#1"
    assert (before.first, before.first + before.length) == (0, 100 * number - 19)


def test_one_block_a_video_shares_out_whole_videos(videos: Videos) -> None:
    found = cut_blocks(videos(2, takes="abcd"), blocks=1, test=0.25, gap=2)
    assert {part: len(clips) for part, clips in found.parts.items()} == {
        "train": 6,
        "validation": 0,
        "test": 2,
    }
    assert found.parts["test"].subjects == ("p1", "p2")
    assert all(clip.length == 600 for clips in found.parts.values() for clip in clips.clips)


def test_another_person_changes_nobody_else_s_blocks(videos: Videos) -> None:
    def drawn(people: int) -> Blocks:
        return cut_blocks(videos(people), blocks=10, validation=0.2, test=0.3, gap=1, seed=4)

    few, more = drawn(2).drawn, drawn(5).drawn
    assert {video: more[video] for video in few} == few
    assert len(set(more.values())) > 1
    other = cut_blocks(videos(2), blocks=10, validation=0.2, test=0.3, gap=1, seed=5).drawn
    assert other != few


def test_gaps_between_faces_stay_gaps(clip: MakeClip, clipset: MakeSet) -> None:
    labels = np.zeros((400, 1), np.float32)
    whole = clipset(clip("v", "p", ((0, 150), (160, 400)), labels=labels, fps=FPS))
    found = cut_blocks(whole, blocks=4, test=0.25, gap=1, seed=0)
    segments = [
        (one.video, one.first + a, one.first + b)
        for clips in found.parts.values()
        for one in clips.clips
        for a, b in one.segments
    ]
    assert not any(a < 160 and b > 150 for _, a, b in segments)
    assert all(b > a for _, a, b in segments)


def test_a_gap_that_leaves_nothing_is_refused(videos: Videos) -> None:
    with pytest.raises(
        DataError, match=r"a gap of 40 s leaves nothing for train: 6 blocks a video"
    ) as caught:
        cut_blocks(videos(1), blocks=6, test=0.3, gap=40, where="own.toml:3")
    assert "10.0 s long" in caught.value.message
    assert "fewer blocks" in caught.value.hint
    assert caught.value.where == "own.toml:3"


def test_frames_that_are_seen_are_found_in_whole_videos_and_in_stretches(videos: Videos) -> None:
    whole = videos(2)
    found = cut_blocks(whole, blocks=6, test=0.3, gap=1, seed=1)
    test = found.parts["test"]
    assert same_frames(found.parts["train"], test) == ()
    assert same_frames(whole, test) == tuple(clip.id for clip in test.clips)
    assert same_frames(whole.select(["p1"]), test) == tuple(
        clip.id for clip in test.clips if clip.subject == "p1"
    )
    assert same_frames(videos(2, first=7), test) == ()


def test_what_data_json_keeps(videos: Videos) -> None:
    facts = cut_blocks(videos(1), blocks=3, test=0.3, gap=1.5).facts()
    assert facts["gap_seconds"] == 1.5
    assert sorted(facts["blocks"]["tiny/p1a"]) == ["test", "train", "train"]
