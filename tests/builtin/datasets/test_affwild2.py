"""Aff-Wild2 as it lies on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import trees

from aukit.builtin.datasets.affwild2 import AffWild2
from aukit.contracts.schema import Split, SplitSizes
from aukit.errors import DataError


def test_a_face_track_is_a_recording_without_labels(tmp_path: Path) -> None:
    data = AffWild2()
    found = data.recordings(trees.affwild2(tmp_path))
    assert [one.video for one in found] == ["48-30-720x1280", "7-60_left", "7-60_right", "9"]
    assert [one.subject for one in found] == ["48-30-720x1280", "7-60", "7-60", "9"]
    assert all(one.labels is None for one in found)
    assert [number for number, _ in found[0].pictures] == [1, 2, 5]
    assert data.schema.aus == ()
    assert data.schema.subjects == ("48-30-720x1280", "7-60", "9")


def test_pictures_that_are_cropped_already_are_not_cropped_again() -> None:
    framing = AffWild2().framing
    assert framing is not None
    assert (framing.locator, framing.crop.rule) == ("none", "none")
    assert AffWild2(use="videos").framing is None


def test_the_official_partition_comes_from_the_names_of_its_files(tmp_path: Path) -> None:
    root = trees.affwild2(tmp_path)
    trees.write(root / "annotations" / "VA_Estimation_Challenge" / "Train_Set" / "9.txt")
    trees.write(root / "annotations" / "EXPR_Set" / "Training_Set" / "9.txt")
    trees.write(root / "annotations" / "EXPR_Set" / "Validation_Set" / "9.txt")
    data = AffWild2()
    data.recordings(root)
    splits = data.schema.splits
    assert splits["official"] == (Split(train=("48-30-720x1280",), validation=("7-60",)),)
    assert splits["official-VA"] == (Split(train=("9",)),)
    assert splits["official-EXPR"] == (Split(train=()),)
    assert splits["351-71"] == (SplitSizes(train=351, validation=71),)
    assert data.notes == (
        "official: videos of the partition that are not there: 1",
        "official-EXPR: in both parts, left out of it: 9",
    )


@pytest.mark.parametrize("inside", ["..", "cropped_aligned", "annotations"])
def test_a_root_one_too_deep_or_too_shallow_is_understood(tmp_path: Path, inside: str) -> None:
    data = AffWild2()
    assert len(data.recordings(trees.affwild2(tmp_path / "data") / inside)) == 4
    assert "official" in data.schema.splits


@pytest.mark.parametrize(
    "folder", ["Cropped_Aligned/batch1", "batch1/cropped_aligned", "cropped_aligned/cropped_aligned"]
)
def test_the_two_batches(tmp_path: Path, folder: str) -> None:
    trees.write(tmp_path / folder / "1-30-1280x720" / "00001.jpg")
    assert [one.video for one in AffWild2().recordings(tmp_path)] == ["1-30-1280x720"]


def test_raw_videos(tmp_path: Path) -> None:
    trees.affwild2(tmp_path)
    trees.write(tmp_path / "batch1" / "48-30-720x1280.mp4")
    trees.write(tmp_path / "batch2" / "7-60.avi")
    data = AffWild2(use="videos")
    found = data.recordings(tmp_path)
    assert [one.path.name for one in found] == ["48-30-720x1280.mp4", "7-60.avi"]
    assert data.schema.splits["official"] == (Split(train=("48-30-720x1280",), validation=("7-60",)),)


def test_videos_in_the_place_of_cropped_faces_are_told(tmp_path: Path) -> None:
    trees.write(tmp_path / "batch1" / "a.mp4")
    with pytest.raises(DataError, match="no cropped_aligned of Aff-Wild2 found") as caught:
        AffWild2().recordings(tmp_path)
    assert '`use = "videos"`' in caught.value.hint
