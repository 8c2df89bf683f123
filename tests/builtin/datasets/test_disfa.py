"""DISFA as it lies on disk: every spelling, every number, every mistake."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import trees
from hypothesis import given
from hypothesis import strategies as st

from aukit.builtin.datasets.disfa import BAD_FRAMES, Disfa
from aukit.builtin.schemas import DISFA
from aukit.contracts.data import RecordedDataset
from aukit.errors import DataError
from aukit.testing.component import check_component

SHARED = Path(os.environ.get("AUKIT_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
RENDERED = SHARED / "rendered-disfa"


def test_videos_and_labels_are_found_and_fit(tmp_path: Path) -> None:
    data = Disfa()
    assert isinstance(data, RecordedDataset)
    first, second = data.recordings(trees.disfa(tmp_path))
    assert (first.video, first.subject, first.session) == ("SN001_left", "SN001", "")
    assert first.path == tmp_path / "Videos_LeftCamera" / "LeftVideoSN001_comp.avi"
    assert (first.first_frame, first.skip, len(first.pictures)) == (1, (), 0)
    assert data.notes == ()
    for recording, seed in ((first, 1), (second, 2)):
        labels = recording.labels()
        assert labels.frame.tolist() == [1, 2, 3, 4, 5]
        assert np.array_equal(labels.intensity, trees.levels(seed, 5, 12))
        assert labels.notes == ()


def test_its_contract(tmp_path: Path) -> None:
    check_component("dataset/disfa", options={"root": trees.disfa(tmp_path)}, drop_bad_frames=True)


def test_the_schema_is_that_of_the_protocols() -> None:
    assert Disfa().schema == DISFA
    narrow = Disfa(aus=["AU12", "AU01"], origin="rendered").schema
    assert (narrow.aus, narrow.origin, narrow.splits) == (("AU12", "AU01"), "rendered", DISFA.splits)


def test_chosen_aus_come_in_the_order_asked_for(tmp_path: Path) -> None:
    (recording, _) = Disfa(aus=["AU12", "AU01"]).recordings(trees.disfa(tmp_path))
    assert np.array_equal(recording.labels().intensity, trees.levels(1, 5, 12)[:, [6, 0]])


@pytest.mark.skipif(not RENDERED.is_dir(), reason="no rendered set beside the checkout")
def test_rendered_people_frame_by_frame() -> None:
    recordings = Disfa(origin="rendered").recordings(RENDERED)
    assert [one.subject for one in recordings] == list(DISFA.subjects)
    for one in recordings:
        folder = RENDERED / "ActionUnit_Labels" / one.subject
        labels = one.labels()
        columns = []
        for au in trees.DISFA_AUS:
            file = folder / f"{one.subject}_au{au}.txt"
            told = np.array([line.split(",") for line in file.read_text().split()], int)
            assert np.array_equal(told[:, 0], labels.frame)
            columns.append(told[:, 1])
        assert np.array_equal(labels.intensity, np.stack(columns, axis=1))


SPELLINGS = st.fixed_dictionaries(
    {
        "videos": st.sampled_from(["Video_LeftCamera", "Videos_LeftCamera", "videos_leftcamera", "."]),
        "video": st.sampled_from(["LeftVideo{}_comp.avi", "LeftVideo{}_Comp.avi", "LEFTVIDEO{}.AVI"]),
        "labels": st.sampled_from(["ActionUnit_Labels", "ActionUnits_Labels", "actionunit_labels"]),
        "person": st.sampled_from(["SN001", "sn001", "SN1", "Sn01"]),
        "au": st.sampled_from(["_au{}.txt", "_AU{:02d}.TXT", "_Au{}.txt"]),
        "line": st.sampled_from(["{},{}\n", "{}, {}\r\n", " {} ,{} \n\n", "{}\t{}\n", "{};{}\r\n", "# note\n{},{}\n"]),
        "mark": st.sampled_from(["", "\ufeff"]),
        "nested": st.sampled_from(["", "DISFA", "copy/DISFA"]),
    }
)  # fmt: skip


@given(SPELLINGS, st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(0, 3))
def test_any_spelling_gives_the_same_numbers(tmp_path_factory, spelling, values, first) -> None:
    root = tmp_path_factory.mktemp("disfa")
    top = root / spelling["nested"]
    trees.write(top / spelling["videos"] / spelling["video"].format(spelling["person"]))
    for au in trees.DISFA_AUS:
        turned = [(value + au) % 6 for value in values]
        text = "".join(
            spelling["line"].format(frame, value) for frame, value in enumerate(turned, start=first)
        )
        name = spelling["person"] + spelling["au"].format(au)
        trees.write(top / spelling["labels"] / spelling["person"] / name, spelling["mark"] + text)
    (recording,) = Disfa().recordings(root)
    labels = recording.labels()
    assert (recording.subject, labels.notes) == ("SN001", ())
    assert labels.frame.tolist() == list(range(first, first + len(values)))
    expected = [[(value + au) % 6 for au in trees.DISFA_AUS] for value in values]
    assert labels.intensity.tolist() == expected


@pytest.mark.parametrize(
    "inside", ["", "..", "Videos_LeftCamera", "ActionUnit_Labels", "ActionUnit_Labels/SN002"]
)
def test_a_root_one_too_deep_or_too_shallow_is_understood(tmp_path: Path, inside: str) -> None:
    root = trees.disfa(tmp_path / "data")
    recordings = Disfa().recordings(root / inside)
    assert [len(one.labels().frame) for one in recordings] == [5, 5]


def test_the_right_camera_has_the_same_labels(tmp_path: Path) -> None:
    trees.disfa(tmp_path)
    trees.write(tmp_path / "Video_RightCamera" / "RightVideoSN002_Comp.avi")
    data = Disfa(camera="right")
    (recording,) = data.recordings(tmp_path)
    assert (recording.video, recording.subject) == ("SN002_right", "SN002")
    assert np.array_equal(recording.labels().intensity, trees.levels(2, 5, 12))
    assert data.notes == ("labels without a video: SN001",)


def test_the_known_bad_frames_are_those_that_jaa_net_leaves_out(tmp_path: Path) -> None:
    count = sum(last - first + 1 for spans in BAD_FRAMES.values() for first, last in spans)
    assert count == 4670
    first, second = Disfa(drop_bad_frames=True).recordings(trees.disfa(tmp_path, people=(2, 3)))
    assert (first.skip, second.skip) == (((800, 826),), ())
    assert [one.skip for one in Disfa().recordings(tmp_path)] == [(), ()]


def test_an_absent_label_file_is_not_labelled_and_told(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    trees.disfa(tmp_path)
    (tmp_path / "ActionUnit_Labels" / "SN001" / "SN001_au4.txt").unlink()
    shutil.rmtree(tmp_path / "ActionUnit_Labels" / "SN002")
    first, second = (one.labels() for one in Disfa().recordings(tmp_path))
    assert first.notes == ("no label file of AU04: not labelled",)
    assert np.isnan(first.intensity[:, 2]).all()
    assert not np.isnan(np.delete(first.intensity, 2, axis=1)).any()
    assert second.notes == ("no label files of SN002: nothing is labelled",)
    assert second.intensity.shape == (0, 12)


def test_files_of_different_length_are_not_labelled_where_one_ends(tmp_path: Path) -> None:
    trees.disfa(tmp_path, people=(1,))
    trees.write(tmp_path / "ActionUnit_Labels" / "SN001" / "SN001_au26.txt", "1,0\n2,1\n3,2\n4,3\n")
    labels = Disfa().recordings(tmp_path)[0].labels()
    assert labels.intensity[:4, 11].tolist() == [0, 1, 2, 3]
    assert np.isnan(labels.intensity[4, 11])
    assert np.isnan(labels.intensity).sum() == 1
    assert labels.notes == ("frames that other AUs have and this one lacks: AU26 1: not labelled",)


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    trees.disfa(tmp_path, people=(1,))
    file = trees.write(tmp_path / "ActionUnit_Labels" / "SN001" / "SN001_au5.txt", "1,0\n2,9\n")
    with pytest.raises(DataError, match="9 is no intensity") as caught:
        Disfa().recordings(tmp_path)[0].labels()
    assert caught.value.where == f"{file}:2"


def test_another_folder_is_told_from_disfa(tmp_path: Path) -> None:
    trees.write(tmp_path / "holiday.mp4")
    trees.write(tmp_path / "letters" / "mother.txt")
    with pytest.raises(DataError, match="no DISFA videos of the left camera found") as caught:
        Disfa().recordings(tmp_path)
    assert "Videos_LeftCamera/LeftVideoSN001_comp.avi" in caught.value.hint
    assert "found: holiday.mp4, letters/" in caught.value.hint
    with pytest.raises(DataError, match="no such folder"):
        Disfa().recordings(tmp_path / "nowhere")


def test_two_copies_are_not_chosen_between(tmp_path: Path) -> None:
    trees.disfa(tmp_path / "one")
    trees.disfa(tmp_path / "two")
    with pytest.raises(DataError, match=r"SN001 .*is there twice"):
        Disfa().recordings(tmp_path)


def test_what_computers_leave_behind_and_links_in_circles_are_no_data(tmp_path: Path) -> None:
    trees.disfa(tmp_path / "data", people=(1,))
    for name in (
        "._LeftVideoSN001_comp.avi",
        ".Trash/LeftVideoSN001_comp.avi",
        "__MACOSX/LeftVideoSN001_comp.avi",
    ):
        trees.write(tmp_path / "data" / name)
    (tmp_path / "data" / "Videos_LeftCamera" / "round").symlink_to(
        tmp_path / "data", target_is_directory=True
    )
    (recording,) = Disfa().recordings(tmp_path)
    assert recording.labels().frame.tolist() == [1, 2, 3, 4, 5]


def test_people_who_are_not_in_disfa_are_left_out(tmp_path: Path) -> None:
    data = Disfa()
    assert [one.subject for one in data.recordings(trees.disfa(tmp_path, people=(1, 14)))] == ["SN001"]
    assert data.notes[0] == "not among the people of `disfa`, left out: SN014"


@pytest.mark.parametrize(("first", "name"), [(1, "{:05d}.png"), (0, "{}.png"), (0, "frame_{:04d}.JPG")])
def test_extracted_frames_count_as_the_labels_do(tmp_path: Path, first: int, name: str) -> None:
    trees.disfa(tmp_path / "disfa", people=(1,))
    for number in range(first, first + 5):
        trees.write(tmp_path / "frames" / "SN001" / name.format(number))
    data = Disfa(frames=str(tmp_path / "frames"), frames_from=first)
    (recording,) = data.recordings(tmp_path / "disfa")
    assert (
        [number for number, _ in recording.pictures] == recording.labels().frame.tolist() == [1, 2, 3, 4, 5]
    )
    assert recording.pictures[0][1].name == name.format(first)
    assert recording.fps == 20
    wrong = Disfa(frames=str(tmp_path / "frames"), frames_from=1 - first)
    with pytest.raises(DataError, match=f"the first picture is {first}, expected {1 - first}"):
        list(wrong.recordings(tmp_path / "disfa")[0].pictures)
