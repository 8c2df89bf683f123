"""Label masks: drawn, kept, shared, counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aukit.builtin.samplers.random import RandomSampler
from aukit.clips.clipset import Clip, ClipSet, replace
from aukit.clips.masks import count_labels, draw_mask, load_mask, mask_from_table, mask_to_table
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
