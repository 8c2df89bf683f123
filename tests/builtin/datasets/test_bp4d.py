"""BP4D, BP4D+ and FERA 2015 as they lie on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trees
from hypothesis import given
from hypothesis import strategies as st

from aukit.builtin.datasets.bp4d import Bp4d
from aukit.builtin.datasets.fera2015 import Fera2015
from aukit.builtin.schemas import BP4D
from aukit.errors import DataError
from aukit.testing.component import check_component


def expected(seed: int) -> np.ndarray:
    values = trees.levels(seed, 3, 5).astype(np.float32)
    values[1, 1] = np.nan  # the 9 in the file of AU10
    return values


def test_a_task_is_a_recording_and_nine_is_no_number(tmp_path: Path) -> None:
    data = Bp4d()
    found = data.recordings(trees.bp4d(tmp_path))
    assert [one.video for one in found] == ["F001_T1", "F001_T2", "M002_T1", "M002_T2"]
    assert [(one.subject, one.session) for one in found[:2]] == [("F001", "T1"), ("F001", "T2")]
    for one in found:
        labels = one.labels()
        assert [number for number, _ in one.pictures] == [1, 2, 3, 4, 5, 6]
        assert labels.frame.tolist() == [3, 4, 5]
        assert np.array_equal(labels.intensity, expected(0 if one.subject == "F001" else 1), equal_nan=True)
    assert data.notes == ()


@pytest.mark.parametrize("name", ["bp4d", "fera2015"])
def test_their_contract(tmp_path: Path, name: str) -> None:
    check_component(f"dataset/{name}", options={"root": trees.bp4d(tmp_path)}, aus=["AU12"])


@given(
    folder=st.sampled_from(["AU Intensity Codes3.0", "AU-Intensity-Codes3.0", "AUCoding/AU_INT", "aucoding/au_int"]),
    pictures=st.sampled_from(["", "BP4D-training", "2D+3D", "Sequences(2D+3D)"]),
    au=st.sampled_from(["AU{:02d}/F001_T1_AU{:02d}.csv", "AU{:02d}/f001_t1_au{:02d}.CSV", "AU{0}/F001_T1_AU{0}.csv"]),
    padding=st.lists(st.integers(1, 6), min_size=1),
    values=st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 9]), min_size=1, max_size=12),
    first=st.integers(0, 2440),
)  # fmt: skip
def test_any_spelling_gives_the_same_numbers(
    tmp_path_factory, folder, pictures, au, padding, values, first
) -> None:
    root = tmp_path_factory.mktemp("bp4d")
    frames = range(first, first + len(values))
    for place, frame in enumerate(frames):
        width = padding[place % len(padding)]
        trees.write(root / pictures / "F001" / "T1" / f"{frame:0{width}d}.jpg")
    for number in trees.BP4D_AUS:
        trees.write(root / folder / au.format(number, number), trees.rows(values, first=first))
    (recording,) = Bp4d().recordings(root)
    labels = recording.labels()
    assert labels.frame.tolist() == [number for number, _ in recording.pictures] == list(frames)
    column = np.array([np.nan if value == 9 else value for value in values], np.float32)
    assert np.array_equal(labels.intensity, np.stack([column] * 5, axis=1), equal_nan=True)


@pytest.mark.parametrize("name", ["F001_T5.avi", "2F01_T5.avi", "f001t5.MP4", "2F01_09.avi", "F001/T5.avi"])
def test_videos_in_the_place_of_pictures(tmp_path: Path, name: str) -> None:
    file = trees.write(tmp_path / "videos" / name)
    trees.write(tmp_path / "AUCoding" / "AU_INT" / "AU06" / "F001_T5_AU06.csv", "1,2\n2,3\n")
    (recording,) = Bp4d(aus=["AU06"], first_frame=0).recordings(tmp_path)
    assert (recording.video, recording.path, recording.first_frame) == ("F001_T5", file, 0)
    assert recording.labels().intensity.tolist() == [[2], [3]]


def test_pictures_go_before_videos_of_the_same_task(tmp_path: Path) -> None:
    trees.bp4d(tmp_path, people=("F001",), tasks=("T1",))
    trees.write(tmp_path / "F001_T1.avi")
    data = Bp4d()
    (recording,) = data.recordings(tmp_path)
    assert recording.path.is_dir()
    assert data.notes == ("there as pictures and as video, the pictures are taken: F001/T1",)


def test_pictures_that_count_from_zero_are_shifted_where_it_is_said(tmp_path: Path) -> None:
    trees.bp4d(tmp_path)
    assert [number for number, _ in Bp4d(shift=1).recordings(tmp_path)[0].pictures] == [2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("inside", ["..", "F001", "F001/T1", "AU Intensity Codes3.0/AU06"])
def test_a_root_one_too_deep_or_too_shallow_is_understood(tmp_path: Path, inside: str) -> None:
    root = trees.bp4d(tmp_path / "data")
    assert [len(one.labels().frame) for one in Bp4d().recordings(root / inside)] == [3] * 4


def test_two_pictures_of_one_number_are_an_error(tmp_path: Path) -> None:
    trees.bp4d(tmp_path)
    trees.write(tmp_path / "F001" / "T1" / "3.jpg")
    with pytest.raises(DataError, match=r"picture 3 is there twice: 0003.jpg and 3.jpg"):
        list(Bp4d().recordings(tmp_path)[0].pictures)


def test_people_of_the_later_set_do_not_pass_for_those_of_the_first(tmp_path: Path) -> None:
    trees.bp4d(tmp_path, people=("F001", "F042"), tasks=("T1", "T11"))
    with pytest.raises(DataError, match="task T11 is there, and BP4D has 8 tasks") as caught:
        Bp4d().recordings(tmp_path)
    assert 'edition = "bp4d+"' in caught.value.hint
    data = Bp4d(edition="bp4d+")
    assert [one.video for one in data.recordings(tmp_path)] == ["F001_T1", "F001_T11", "F042_T1"]
    assert data.notes == ("known to be wrong, left out: F042/T11",)
    assert (data.schema.name, data.schema.subjects) == ("bp4dplus", ("F001", "F042"))
    assert data.schema.splits == {}


def test_fera_2015_is_bp4d_under_its_own_name(tmp_path: Path) -> None:
    data = Fera2015()
    assert len(data.recordings(trees.bp4d(tmp_path))) == 4
    schema = data.schema
    assert (schema.name, schema.people_of, schema.aus) == ("fera2015", "bp4d", BP4D.aus)
    assert schema.splits["official"] == BP4D.splits["FERA2015"]


def test_occurrence_codes_are_not_read_as_intensities(tmp_path: Path) -> None:
    trees.bp4d(tmp_path, people=("F001",), tasks=("T1",))
    trees.write(tmp_path / "AUCoding" / "AU_OCC" / "F001_T1.csv", "0,1,2\n1,0,1\n")
    trees.write(tmp_path / "AUCoding" / "F001_T1.csv", "0,1,2\n1,0,1\n")
    labels = Bp4d().recordings(tmp_path)[0].labels()
    assert np.array_equal(labels.intensity, expected(0), equal_nan=True)


def test_another_folder_is_told_from_bp4d(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures or videos of `bp4d` found") as caught:
        Bp4d().recordings(trees.unbc(tmp_path))
    assert "F001/T1/2440.jpg" in caught.value.hint
