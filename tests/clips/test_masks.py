"""Label masks: drawn, kept, shared, counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aukit.builtin.samplers.key_frame import KeyFrameSampler
from aukit.builtin.samplers.random import RandomSampler
from aukit.clips.clipset import Clip, ClipSet, replace
from aukit.clips.masks import (
    count_labels,
    draw_facts,
    draw_mask,
    load_mask,
    mask_from_table,
    mask_to_table,
    shortfall,
)
from aukit.contracts.data import Draw, KeyFrames
from aukit.errors import ComponentError, DataError

MakeClip = Callable[..., Clip]
MakeSet = Callable[..., ClipSet]
AUS = ("AU01", "AU02", "AU04")


@pytest.fixture(scope="session")
def labelled(clip: MakeClip, clipset: MakeSet) -> ClipSet:
    first = np.full((10, 3), np.nan, np.float32)
    first[:8, :2] = np.arange(16).reshape(8, 2) % 3
    second = np.zeros((6, 3), np.float32)
    second[:, 2] = np.nan
    return clipset(
        clip("a", "s1", ((0, 5), (6, 10)), labels=first), clip("b", "s2", ((0, 6),), labels=second), aus=AUS
    )


def test_counts(labelled: ClipSet) -> None:
    counts = count_labels(labelled)
    assert (counts.frames, counts.cells) == (14, 28)
    assert counts.labels == {"AU01": 14, "AU02": 14, "AU04": 0}
    first = np.arange(16).reshape(8, 2) % 3
    assert counts.positives == {
        "AU01": int((first[:, 0] > 0).sum()),
        "AU02": int((first[:, 1] > 0).sum()),
        "AU04": 0,
    }
    at = [int((first[:, 0] == level).sum()) for level in range(6)]
    assert counts.levels == {"AU01": (at[0] + 6, *at[1:]), "AU02": counts.levels["AU02"], "AU04": (0,) * 6}
    assert sum(counts.levels["AU02"]) == 14
    assert json.loads(json.dumps(counts.table()))["frames"] == 14
    assert count_labels(labelled.first(0)).frames == 0


def test_a_draw_takes_no_frame_without_a_face(labelled: ClipSet) -> None:
    mask = draw_mask(labelled, RandomSampler(fraction=1), np.random.default_rng(0))
    assert mask["tiny/a"].any(axis=1).nonzero()[0].tolist() == [0, 1, 2, 3, 4, 6, 7]  # 5 lies in no segment
    assert mask["tiny/b"].sum() == 12
    assert count_labels(labelled.masked(mask)).frames == 13


@given(data=st.data())
def test_a_list_comes_back_as_the_mask_it_was(labelled: ClipSet, data: st.DataObject) -> None:
    mask = {
        clip.id: data.draw(arrays.arrays(bool, clip.labels.shape)) & ~np.isnan(clip.labels)
        for clip in labelled.clips
    }
    table = json.loads(json.dumps(mask_to_table(mask, AUS)))
    back = mask_from_table(table, labelled)
    assert back.keys() == mask.keys()
    assert all(np.array_equal(back[video], mask[video]) for video in mask)


def test_a_list_is_shared_by_file_and_by_au_name(labelled: ClipSet, tmp_path: Path) -> None:
    mask = draw_mask(labelled, RandomSampler(count=4), np.random.default_rng(1))
    (tmp_path / "labels.json").write_text(json.dumps(mask_to_table(mask, AUS)))
    again = load_mask(tmp_path / "labels.json", labelled)
    assert all(np.array_equal(again[video], mask[video]) for video in mask)
    turned = load_mask(tmp_path / "labels.json", labelled.for_aus(["AU02", "AU01"]))
    assert all(np.array_equal(turned[video], mask[video][:, [1, 0]]) for video in mask)


def test_lists_that_do_not_fit(labelled: ClipSet, tmp_path: Path) -> None:
    mask = draw_mask(labelled, RandomSampler(count=4), np.random.default_rng(1))
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(mask_to_table(mask, AUS)))
    for clips, message in [
        (labelled.first(1), "'tiny/b', which is not among the training videos"),
        (labelled.for_aus(["AU01"]), "names AU02"),
        (labelled.unlabelled(), "that have no label"),
        (shorter(labelled), "'tiny/a' had 10 frames and has 9"),
    ]:
        with pytest.raises(DataError, match=message) as caught:
            load_mask(path, clips)
        assert caught.value.where == str(path)
    for content in ("{", "[]", "{}"):
        path.write_text(content)
        with pytest.raises(DataError, match="not a list of labels"):
            load_mask(path, labelled)
    with pytest.raises(DataError, match="cannot be read"):
        load_mask(tmp_path / "none.json", labelled)


def shorter(clips: ClipSet) -> ClipSet:
    first = clips.clips[0]
    cut = replace(first, labels=first.labels[:-1], timestamps=first.timestamps[:-1])
    return replace(clips, clips=(cut, *clips.clips[1:]))


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (lambda labels, rng: {video: np.ones(2, bool) for video in labels}, "bool \\(10, 3\\) was due"),
        (lambda labels, rng: {video: np.ones(known.shape) for video, known in labels.items()}, "float64"),
        (
            lambda labels, rng: {video: np.ones(known.shape, bool) for video, known in labels.items()},
            "does not exist",
        ),
    ],
)
def test_a_sampler_that_breaks_its_contract_is_named(
    labelled: ClipSet, sampler: object, message: str
) -> None:
    with pytest.raises(ComponentError, match=message):
        draw_mask(labelled, sampler, np.random.default_rng(0))


def test_a_video_that_a_sampler_leaves_out_has_no_labels(labelled: ClipSet) -> None:
    mask = draw_mask(labelled, lambda labels, rng: {}, np.random.default_rng(0))
    assert sorted(mask) == ["tiny/a", "tiny/b"]
    assert not any(chosen.any() for chosen in mask.values())


def test_what_a_sampler_says_is_kept_with_the_names_of_the_aus(labelled: ClipSet) -> None:
    def sampler(labels: dict[str, np.ndarray], rng: np.random.Generator) -> Draw:
        mask = {video: ~np.isnan(known) for video, known in labels.items()}
        says = [{"peaks": number} for number in range(3)]
        return Draw(mask, facts={"reads": "tracks"}, by_au=says, asked=(13, 20, 4))

    draw = draw_mask(labelled, sampler, np.random.default_rng(0))
    assert draw_facts(draw, AUS) == {
        "reads": "tracks",
        "aus": {
            "AU01": {"asked": 13, "drawn": 13, "short": 0, "peaks": 0},
            "AU02": {"asked": 20, "drawn": 13, "short": 7, "peaks": 1},
            "AU04": {"asked": 4, "drawn": 0, "short": 4, "peaks": 2},
        },
    }
    assert shortfall(draw, AUS) == "AU02 13 of 20, AU04 0 of 4"
    plain = draw_mask(labelled, RandomSampler(count=4), np.random.default_rng(0))
    assert draw_facts(plain, AUS) == {}
    assert shortfall(plain, AUS) == ""


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=6), st.integers(0, 99))
def test_no_key_frame_segment_crosses_a_jump_in_time(
    clip: MakeClip, clipset: MakeSet, runs: list[tuple[int, bool]], seed: int
) -> None:
    """Runs of a clip may touch, row by row, though time jumps between them."""
    segments, start = [], 0
    for length, touching in runs:
        start += not touching
        segments.append((start, start + length))
        start += length
    labels = np.random.default_rng(seed).integers(0, 4, (start, 2)).astype(np.float32)
    one = clip("a", "s1", tuple(segments), labels=labels)
    sampler = KeyFrameSampler(fraction=1, of="key-frames", min_length=1)
    draw = draw_mask(clipset(one, aus=AUS[:2]), sampler, np.random.default_rng(0))
    for au, found in enumerate(draw.key_frames[one.id]):
        rows = sorted([*found.peaks, *found.valleys])
        assert rows == np.flatnonzero(draw[one.id][:, au]).tolist()
        alone = [
            [row for row in rows if begin <= row < stop] for begin, stop in segments
        ]  # each run has its own key frames, and they are those of the run by itself
        assert sum(map(len, alone)) == len(rows)
        assert sorted(found.segments) == [pair for own in alone for pair in pairwise(own)]
        for own, (begin, stop) in zip(alone, segments, strict=True):
            only = clip("b", "s1", ((0, stop - begin),), labels=labels[begin:stop])
            again = draw_mask(clipset(only, aus=AUS[:2]), sampler, np.random.default_rng(0))
            assert np.flatnonzero(again[only.id][:, au]).tolist() == [row - begin for row in own]


def test_key_frames_are_kept_beside_the_list_and_do_not_disturb_it(clip: MakeClip, clipset: MakeSet) -> None:
    labels = np.repeat([0, 3, 0, 2], 5).astype(np.float32)[:, None]
    one = clipset(clip("a", "s1", ((0, 20),), labels=labels))
    draw = draw_mask(one, KeyFrameSampler(count=3), np.random.default_rng(0))
    table = json.loads(json.dumps(mask_to_table(draw, one.aus)))
    kept = table["key_frames"]["tiny/a"]["AU01"]
    own = draw.key_frames["tiny/a"][0]
    assert own == KeyFrames(
        peaks=tuple(kept["peaks"]),
        valleys=tuple(kept["valleys"]),
        segments=tuple((first, last) for first, last in kept["segments"]),
    )
    assert sorted([*own.peaks, *own.valleys]) in ([2, 7, 12], [7, 12, 17])
    back = mask_from_table(table, one)
    assert np.array_equal(back["tiny/a"], draw["tiny/a"])
