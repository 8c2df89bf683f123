"""UNBC-McMaster as it lies on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import trees

from aukit.builtin.datasets.unbc import Unbc
from aukit.errors import DataError
from aukit.testing.component import check_component


def test_a_sequence_is_a_recording_and_an_au_that_is_not_listed_is_zero(tmp_path: Path) -> None:
    data = Unbc()
    found = data.recordings(trees.unbc(tmp_path))
    assert [one.video for one in found] == ["042-ll042_ll042t1aaaff", "043-jh043_jh043t1aaaff"]
    assert [one.subject for one in found] == ["042-ll042", "043-jh043"]
    for one in found:
        labels = one.labels()
        assert [number for number, _ in one.pictures] == labels.frame.tolist() == [1, 2, 3, 4]
        assert labels.intensity[:, 0].tolist() == [0, 1, 2, 3]
        assert not labels.intensity[:, 1:].any()
        assert labels.notes == ()
    assert data.notes == ()


def test_its_contract(tmp_path: Path) -> None:
    check_component("dataset/unbc", options={"root": trees.unbc(tmp_path)}, aus=["AU43", "AU04"])


def test_closed_eyes_are_no_intensity_unless_asked_for(tmp_path: Path) -> None:
    assert "AU43" not in Unbc().schema.aus
    data = Unbc(aus=["AU43"])
    (recording, _) = data.recordings(trees.unbc(tmp_path))
    assert data.schema.aus == ("AU43",)
    assert recording.labels().intensity.tolist() == [[0], [0], [0], [1]]
    file = tmp_path / "Frame_Labels" / "FACS" / "042-ll042" / "ll042t1aaaff" / "ll042t1aaaff002_facs.txt"
    trees.write(file, "43 3 0 0\n")
    with pytest.raises(DataError, match="AU43 is 3") as caught:
        recording.labels()
    assert caught.value.where == str(file)


def test_a_frame_without_a_file_is_not_labelled(tmp_path: Path) -> None:
    folder = trees.unbc(tmp_path) / "Frame_Labels" / "FACS"
    (folder / "042-ll042" / "ll042t1aaaff" / "ll042t1aaaff003_facs.txt").unlink()
    shutil.rmtree(folder / "043-jh043")
    first, second = (one.labels() for one in Unbc().recordings(tmp_path))
    assert first.frame.tolist() == [1, 2, 4]
    assert first.intensity[:, 0].tolist() == [0, 1, 3]
    assert second.intensity.shape == (0, 9)
    assert second.notes == ("no label files of 043-jh043/jh043t1aaaff: nothing is labelled",)


@pytest.mark.parametrize(
    "inside", ["..", "Images", "Images/042-ll042", "Frame_Labels/FACS", "Frame_Labels/PSPI"]
)
def test_a_root_one_too_deep_or_too_shallow_is_understood(tmp_path: Path, inside: str) -> None:
    root = trees.unbc(tmp_path / "pain")
    assert [len(one.labels().frame) for one in Unbc().recordings(root / inside)] == [4, 4]


def test_other_letter_case(tmp_path: Path) -> None:
    root = trees.unbc(tmp_path, people=("042-ll042",))
    (root / "Images").rename(root / "images")
    (root / "Frame_Labels" / "FACS" / "042-ll042").rename(root / "Frame_Labels" / "FACS" / "042-LL042")
    (recording,) = Unbc().recordings(root)
    assert len(recording.labels().frame) == 4


def test_another_folder_is_told_from_unbc(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures of UNBC-McMaster found"):
        Unbc().recordings(trees.disfa(tmp_path))


def test_a_bad_row_is_named(tmp_path: Path) -> None:
    trees.unbc(tmp_path)
    file = tmp_path / "Frame_Labels" / "FACS" / "042-ll042" / "ll042t1aaaff" / "ll042t1aaaff002_facs.txt"
    trees.write(file, "4.0e+00 7.0e+00 0 0\n")
    with pytest.raises(DataError, match="is no intensity") as caught:
        Unbc().recordings(tmp_path)[0].labels()
    assert caught.value.where == f"{file}:1"
    assert np.array_equal(Unbc().recordings(tmp_path)[1].labels().frame, [1, 2, 3, 4])
