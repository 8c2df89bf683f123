"""What a store holds, counted: against a small reference, and as a user sees it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aukit.clips.clipset import Clip, ClipSet
from aukit.clips.writer import StoreWriter
from aukit.contracts.schema import Schema, Split
from aukit.errors import DataError, UsageError
from aukit.report.inspection import inspect_store, label_table
from aukit.report.levels import write_levels

AUS = ("AU01", "AU12")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three people; the second has a face in half of the frames, the third no label of AU12."""
    path = tmp_path / "s.h5"
    schema = Schema(
        name="made",
        summary="three people",
        aus=AUS,
        fps=10,
        subjects=("a", "b", "c"),
        splits={"two-one": (Split(train=("a", "b"), test=("c",)),)},
        origin="synthetic",
    )
    with StoreWriter(
        path, data_set="made", origin="synthetic", aus=AUS, size=8, schema=schema, terms="none"
    ) as out:
        for number, subject in enumerate("abc"):
            labels = np.full((20, 2), np.nan, np.float32)
            labels[:10] = [[0, 3]] if number < 2 else [[2, np.nan]]
            valid = np.ones(20, bool)
            if subject == "b":
                valid[5:15] = False
            frames = np.zeros((20, 8, 8, 3), np.uint8)
            out.add_video(subject, subject=subject, fps=10, frames=frames, intensity=labels, valid=valid)
    return path


def test_people_gaps_and_labels_are_counted(store: Path) -> None:
    facts = inspect_store(store, split="two-one")
    assert (facts["people"], facts["videos"], facts["frames"]) == (3, 3, 60)
    assert (facts["frames_without_face"], facts["gaps"], facts["seconds"]) == (10, 1, 5.0)
    assert facts["labelled_frames"] == 25
    assert facts["by_person"]["b"] == {"videos": 1, "frames": 20, "labelled_frames": 5}
    assert facts["aus"]["AU01"]["levels"] == [15, 0, 10, 0, 0, 0]
    assert facts["aus"]["AU12"] == {
        "labelled": 15,
        "positives": 15,
        "levels": [0, 0, 0, 15, 0, 0],
        "people": 2,
        "people_with_positives": 2,
    }
    assert facts["parts"]["test"]["aus"]["AU12"]["labelled"] == 0
    assert facts["parts"]["train"]["aus"]["AU12"]["people_with_positives"] == 2
    assert facts["splits"] == {"two-one": 1}


def test_an_unknown_split_is_an_error_with_the_known_ones(store: Path) -> None:
    with pytest.raises(DataError) as caught:
        inspect_store(store, split="two-won")
    assert "two-one" in caught.value.hint


cells = st.one_of(st.none(), st.integers(0, 5), st.floats(0, 5, width=32))


@given(
    videos=st.lists(st.tuples(st.sampled_from("abc"), st.lists(cells, min_size=1, max_size=12)), min_size=1)
)
def test_every_label_is_counted_once(videos: list[tuple[str, list[float | None]]]) -> None:
    clips = tuple(
        Clip(
            id=f"made/{number}",
            data_set="made",
            subject=person,
            fps=10.0,
            segments=((0, len(values)),),
            labels=np.array([[np.nan if v is None else v] for v in values], np.float32),
            timestamps=np.arange(len(values)) / 10,
            read=lambda *_: np.zeros((0, 8, 8, 3), np.uint8),
        )
        for number, (person, values) in enumerate(videos)
    )
    row = label_table(ClipSet(clips=clips, aus=("AU01",), size=(8, 8), origin="synthetic"))["AU01"]
    by_person = defaultdict(list)
    for person, values in videos:
        by_person[person] += [np.float32(v) for v in values if v is not None]
    every = [v for values in by_person.values() for v in values]
    assert row["labelled"] == len(every) == sum(row["levels"])
    assert row["positives"] == sum(v >= 1 for v in every)
    assert row["people"] == sum(bool(values) for values in by_person.values())
    assert row["people_with_positives"] == sum(any(v >= 1 for v in values) for values in by_person.values())


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    levels = {"AU01": [90, 5, 3, 1, 1, 0], "AU12": [50, 10, 10, 10, 10, 10], "AU26": [0] * 6}
    path = write_levels(tmp_path / "levels.png", levels, title="made")
    with Image.open(path) as picture:
        assert picture.size[0] > 800
    with pytest.raises(UsageError, match="cannot draw"):
        write_levels(tmp_path / "levels.gif", levels, title="made")
    with pytest.raises(UsageError, match="no labels"):
        write_levels(tmp_path / "none.png", {"AU26": [0] * 6}, title="made")
