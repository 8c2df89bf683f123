"""Clips of one or several stores: selected, masked, put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aukit.clips.clipset import ClipSet, join, open_clips
from aukit.errors import DataError

Write = Callable[..., Path]
Make = Callable[..., ClipSet]

VIDEOS = {"a": ("s1", 10), "b": ("s2", 12), "c": ("s1", 14)}


def test_a_stored_set(write: Write) -> None:
    clips = open_clips([write(videos=VIDEOS)])
    assert [clip.id for clip in clips.clips] == ["tiny/a", "tiny/b", "tiny/c"]
    assert (len(clips), clips.frames, clips.subjects) == (3, 36, ("s1", "s2"))
    assert (clips.aus, clips.size, clips.origin) == (("AU01", "AU12"), (8, 8), "synthetic")
    second = clips.clips[1]
    assert (second.subject, second.length, second.fps, second.segments) == ("s2", 12, 20.0, ((0, 12),))
    frames = second.read(3, 9, 2)
    assert frames[:, 0, 0, 0].tolist() == [3, 5, 7]
    assert (frames[..., 1] == 1).all()
    assert np.array_equal(second.labels[:, 0], np.arange(12) % 6)
    assert np.isnan(second.labels[:, 1]).all()


def test_selecting_people_takes_all_their_videos(write: Write) -> None:
    clips = open_clips([write(videos=VIDEOS)])
    assert [clip.id for clip in clips.select(["s1"]).clips] == ["tiny/a", "tiny/c"]
    assert clips.select(["s9"]).clips == ()
    assert len(clips.first(2)) == 2


def test_a_video_without_subject_is_a_person_of_its_own(write: Write) -> None:
    clips = open_clips([write(videos={"a": ("", 3), "b": ("", 3)})])
    assert clips.subjects == ()
    assert len(clips.people) == 2
    assert [clip.id for clip in clips.select(["tiny/a"]).clips] == ["tiny/a"]


def test_a_mask_hides_labels_and_keeps_frames(write: Write) -> None:
    clips = open_clips([write(videos=VIDEOS)])
    mask = np.zeros((10, 2), bool)
    mask[[2, 5], 0] = True
    masked = clips.masked({"tiny/a": mask})
    assert masked.frames == clips.frames
    assert np.flatnonzero(~np.isnan(masked.clips[0].labels[:, 0])).tolist() == [2, 5]
    assert masked.clips[0].labels[5, 0] == 5
    assert np.isnan(masked.clips[1].labels).all()
    assert not np.isnan(clips.clips[0].labels[:, 0]).any()  # the set itself is unchanged
    assert all(np.isnan(clip.labels).all() for clip in clips.unlabelled().clips)


def test_other_labels_take_the_place_of_the_own_ones(write: Write) -> None:
    clips = open_clips([write(videos=VIDEOS)])
    made = np.full((10, 2), 1.5, np.float32)
    found = clips.relabelled({"tiny/a": made})
    assert (found.clips[0].labels == 1.5).all()
    assert all(np.isnan(clip.labels).all() for clip in found.clips[1:])
    assert found.frames == clips.frames
    assert not (clips.clips[0].labels == 1.5).any()


def test_aus_are_chosen_by_name_and_in_order(write: Write) -> None:
    clips = open_clips([write()]).for_aus(["AU12", "AU01"])
    assert clips.aus == ("AU12", "AU01")
    assert np.array_equal(clips.clips[0].labels[:, 1], np.arange(40) % 6)
    with pytest.raises(DataError, match="the data has no labels of AU02") as caught:
        clips.for_aus(["AU02"])
    assert "`AU01`" in caught.value.hint or "`AU12`" in caught.value.hint


def test_labels_that_training_needs(write: Write) -> None:
    clips = open_clips([write()])
    clips.for_aus(["AU01"]).require_labels()
    with pytest.raises(DataError, match="no labelled frame for AU12") as caught:
        clips.require_labels()
    assert caught.value.data["aus"] == ("AU12",)
    with pytest.raises(DataError, match="no frame is labelled"):
        clips.unlabelled().require_labels()
    with pytest.raises(DataError, match="there are no clips"):
        clips.select([]).require_labels()


def test_several_stores_are_one_set(write: Write) -> None:
    one = write("one.h5", {"a": ("s1", 5)})
    two = write("two.h5", {"b": ("s2", 6)}, aus=("AU12", "AU25", "AU01"), origin="stand-in")
    clips = open_clips([one, two])
    assert clips.aus == ("AU01", "AU12", "AU25")
    assert clips.origin == "stand-in"
    assert np.array_equal(clips.clips[0].labels[:, 0], np.arange(5))
    assert np.isnan(clips.clips[0].labels[:, 1:]).all()
    assert np.array_equal(clips.clips[1].labels[:, 1], np.arange(6))
    assert np.isnan(clips.clips[1].labels[:, [0, 2]]).all()


def test_sets_that_do_not_fit(write: Write) -> None:
    small, large = write("small.h5"), write("large.h5", {"w": ("s", 3)}, size=16)
    with pytest.raises(DataError, match="frames of 16x16 beside frames of 8x8") as caught:
        open_clips([small, large])
    assert caught.value.where == str(large)
    with pytest.raises(DataError, match="two videos are called 'tiny/v'"):
        open_clips([small, small])
    with pytest.raises(DataError, match="no data is named"):
        join([])
