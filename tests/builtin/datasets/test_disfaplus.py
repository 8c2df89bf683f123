"""DISFA+ as it lies on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import trees

from aukit.builtin.datasets.disfaplus import DisfaPlus
from aukit.builtin.schemas import DISFA, DISFAPLUS
from aukit.errors import DataError
from aukit.testing.component import check_component


def test_a_trial_is_a_recording(tmp_path: Path) -> None:
    data = DisfaPlus()
    found = data.recordings(trees.disfaplus(tmp_path))
    assert [one.video for one in found] == ["SN001_A1_AU1_TrailNo_1", "SN001_Y_happy", "SN003_Y_happy"]
    assert [(one.subject, one.session) for one in found][1:] == [("SN001", "Y_happy"), ("SN003", "Y_happy")]
    for one in found:
        labels = one.labels()
        assert [number for number, _ in one.pictures] == labels.frame.tolist() == [0, 1, 2, 3]
        assert one.pictures[1][1] == tmp_path / "Images" / one.subject / one.session / "001.jpg"
        assert np.array_equal(labels.intensity, trees.levels(int(one.subject[2:]), 4, 12))
        assert labels.notes == ()
    assert data.notes == ()


def test_its_contract(tmp_path: Path) -> None:
    check_component("dataset/disfaplus", options={"root": trees.disfaplus(tmp_path)}, aus=["AU26", "AU01"])


def test_its_people_are_people_of_disfa() -> None:
    schema = DisfaPlus().schema
    assert schema.people_of == "disfa"
    assert set(schema.subjects) < set(DISFA.subjects)
    assert [len(fold.test) for fold in schema.splits["leave-one-out"]] == [1] * 9
    assert schema == DISFAPLUS


@pytest.mark.parametrize("inside", ["..", "Images", "Labels/SN001", "Images/SN003"])
def test_a_root_one_too_deep_or_too_shallow_is_understood(tmp_path: Path, inside: str) -> None:
    root = trees.disfaplus(tmp_path / "DISFAPlusDataset")
    assert [len(one.labels().frame) for one in DisfaPlus().recordings(root / inside)] == [4, 4, 4]


def test_other_spellings_and_the_aligned_copy(tmp_path: Path) -> None:
    root = trees.disfaplus(tmp_path)
    shutil.copytree(root / "Images", root / "Aligned")
    (root / "Labels" / "SN003").rename(root / "Labels" / "sn3")
    for file in list((root / "Labels" / "sn3" / "Y_happy").iterdir()):
        file.rename(file.with_name(file.name.lower().replace("au", "au0")))
    (root / "Labels").rename(root / "labels")
    found = DisfaPlus().recordings(root)
    assert len(found) == 3
    assert all("Images" in one.path.parts for one in found)
    assert np.array_equal(found[2].labels().intensity, trees.levels(3, 4, 12))


def test_labels_that_are_absent_or_have_no_pictures_are_told(tmp_path: Path) -> None:
    root = trees.disfaplus(tmp_path)
    shutil.rmtree(root / "Images" / "SN003")
    shutil.rmtree(root / "Labels" / "SN001" / "Y_happy")
    data = DisfaPlus()
    first, second = data.recordings(root)
    assert data.notes == ("labels without pictures: SN003/y_happy",)
    assert first.labels().notes == ()
    assert second.labels().notes == ("no label files of SN001/Y_happy: nothing is labelled",)


def test_disfa_is_not_disfaplus(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no pictures of DISFA\+ found") as caught:
        DisfaPlus().recordings(trees.disfa(tmp_path))
    assert "Images/SN001/<trial>/*.jpg" in caught.value.hint
