"""Faces of a recording: every picture comes out, looked at or filled in, and what the locator gives is checked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import Scripted, at, faces_of, middles, recording, steps

from aukit.contracts.data import Face, Recording
from aukit.contracts.faces import FaceRules, Picture
from aukit.errors import ComponentError, DataError
from aukit.hosting.build import build
from aukit.ingest.faces import find_faces
from aukit.ingest.video import pictures
from aukit.testing.video import face_video


def crossing(t: int) -> list[tuple[float, float]]:
    """Two people who walk past each other, one in front of the other for a moment."""
    return [(100 + 8 * t, 120), (540 - 8 * t, 120)]


@pytest.mark.parametrize("every", [1, 5])
def test_two_people_who_cross_in_a_video_keep_their_ids(tmp_path: Path, every: int) -> None:
    pytest.importorskip("cv2")
    film = face_video(
        tmp_path / "two.mp4", subjects=("P001", "P002"), frames=56, size=(640, 240), moves=crossing
    )
    shown = pictures(Recording(video="two", subject="two", path=film))
    rules = FaceRules(every=every, follow="all", detect_size=0)
    faces = [
        {face.id: face for face in seen} for _, seen in find_faces(shown, build("locator", "yunet"), rules)
    ]
    assert len(faces) == 56
    assert {id_ for seen in faces for id_ in seen} == {0, 1}
    starts, ends = faces[0], faces[-1]
    one, two = sorted(starts, key=lambda id_: starts[id_].box)
    assert ends[one].box > ends[two].box
    for id_, person in ((one, 0), (two, 1)):
        for t, where in enumerate(middles(faces, id_)):
            assert where is None or abs(where - crossing(t)[person][0]) < 20


def test_a_reduced_picture_gives_the_boxes_of_the_whole_one(tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    film = face_video(tmp_path / "large.mp4", frames=3, size=(640, 480), face=256)
    found = [
        next(find_faces(shown, build("locator", "yunet"), FaceRules(detect_size=size, smooth=0)))[1][0]
        for size in (0, 320)
        for shown in [pictures(Recording(video="large", subject="large", path=film))]
    ]
    np.testing.assert_allclose(found[0].box, found[1].box, atol=30)  # a face is about 200 × 250 pixels
    np.testing.assert_allclose(found[0].points, found[1].points, atol=15)


@given(
    shown=st.lists(st.booleans(), min_size=1, max_size=40),
    every=st.integers(1, 7),
    window=st.sampled_from([0.0, 0.2, 1.0]),
    follow=st.sampled_from(["largest", "central", "track", "all"]),
)
def test_every_picture_comes_out_once_in_order_and_untouched(
    shown: list[bool], every: int, window: float, follow: str
) -> None:
    rules = FaceRules.model_validate({"every": every, "smooth": window, "follow": follow})
    given_ = list(recording(steps(len(shown))))
    locator = Scripted(lambda now: [at(300)] if shown[round(now * 25)] else [])
    seen = list(find_faces(iter(given_), locator, rules, video="film"))
    assert all(out is put for (out, _), put in zip(seen, given_, strict=True))
    assert locator.started == ("film", 0)
    assert max(np.unique(locator.looked, return_counts=True)[1]) == 1


@given(
    shown=st.lists(st.tuples(st.booleans(), st.integers(1, 9)), min_size=1, max_size=8),
    every=st.integers(2, 6),
)
def test_a_face_that_comes_or_goes_between_two_looks_is_seen_as_if_each_picture_were_looked_at(
    shown: list[tuple[bool, int]], every: int
) -> None:
    """Unless it is gone or there for so short that no look falls into it."""
    there = [here for here, count in shown for _ in range(count * every)]

    def script(now: float) -> list[Any]:
        return [at(300)] if there[round(now * 25)] else []

    looked, filled = (faces_of(script, steps(len(there)), every=k) for k in (1, every))
    assert [list(faces) for faces in looked] == [list(faces) for faces in filled]


def test_between_two_looks_boxes_points_and_scores_are_linear_in_time() -> None:
    times = [0.0, 0.03, 0.04, 0.1, 0.11, 0.2]

    def script(now: float) -> list[Any]:
        return [at(200 + 40 * now * now)]

    faces = faces_of(script, times, every=5)
    ends = 200.0, 200 + 40 * 0.2 * 0.2
    expected = [ends[0] + (ends[1] - ends[0]) * now / 0.2 for now in times]
    np.testing.assert_allclose(middles(faces, 0), expected)
    assert [face[0].looked for face in faces] == [True, False, False, False, False, True]
    for face, middle in zip(faces, expected, strict=True):
        assert face[0].points[2][0] == pytest.approx(middle)
        assert face[0].score == pytest.approx(0.9)


@pytest.mark.parametrize(("count", "looks"), [(1, 1), (6, 2), (26, 6), (28, 7)])
def test_a_face_that_stays_is_looked_at_in_every_kth_picture_and_the_last(count: int, looks: int) -> None:
    locator = Scripted(lambda now: [at(300)])
    seen = list(find_faces(recording(steps(count)), locator, FaceRules(every=5)))
    assert len(locator.looked) == looks
    assert all(len(faces) == 1 for _, faces in seen)


def test_an_empty_picture_is_not_searched_between_looks() -> None:
    locator = Scripted(lambda now: [])
    assert all(not faces for _, faces in find_faces(recording(steps(101)), locator, FaceRules(every=5)))
    assert len(locator.looked) == 21


def test_only_the_one_who_is_meant_makes_it_look_at_each_picture() -> None:
    """Faces flicker in a crowd; that need not slow down whoever follows the largest."""

    def script(now: float) -> list[Any]:
        return [at(300, side=200), *([at(60, side=40)] if round(now * 5) % 2 else [])]

    looks = {}
    for follow in ("largest", "all"):
        locator = Scripted(script)
        list(
            find_faces(
                recording(steps(51)), locator, FaceRules.model_validate({"every": 5, "follow": follow})
            )
        )
        looks[follow] = len(locator.looked)
    assert looks == {"largest": 11, "all": 51}


@pytest.mark.parametrize(("every", "window"), [(1, 0.0), (7, 0.0), (1, 0.4), (7, 0.4)])
def test_few_pictures_are_held_back(every: int, window: float) -> None:
    given_ = 0

    def counted() -> Iterator[Picture]:
        nonlocal given_
        for picture in recording(steps(500)):
            given_ += 1
            yield picture

    out, most = 0, 0
    seen = find_faces(counted(), Scripted(lambda now: [at(300)]), FaceRules(every=every, smooth=window))
    for out, _ in enumerate(seen, start=1):
        most = max(most, given_ - out)
    assert out == 500
    assert most <= every + window / 2 * 25


def test_what_was_decoded_before_a_video_breaks_off_still_comes_out() -> None:
    def broken() -> Iterator[Picture]:
        yield from recording(steps(10))
        raise DataError("truncated after 10 frames")

    seen = find_faces(broken(), Scripted(lambda now: [at(300)]), FaceRules(every=7))
    assert [len(next(seen)[1]) for _ in range(10)] == [1] * 10
    with pytest.raises(DataError, match="after 10 frames"):
        next(seen)


def test_the_locator_sees_a_reduced_picture_unless_it_wants_the_whole() -> None:
    class Corner(Scripted):
        """Says that a tenth of the picture it sees is the face."""

        def locate(self, picture: Picture) -> list[Face]:
            height, width = picture.pixels.shape[:2]
            self.looked.append(max(height, width))
            return [Face(box=(0, 0, width / 10, height / 10), score=1.0, points=((width / 10, 0.0),))]

    for whole, size, seen in ((False, 320, 320), (True, 320, 640), (False, 0, 640), (False, 1000, 640)):
        locator = Corner(lambda now: [])
        locator.whole = whole
        (_, faces), *_ = find_faces(recording([0.0]), locator, FaceRules(detect_size=size))
        assert locator.looked == [seen]
        assert faces[0].box == (0, 0, 64, 48)
        assert faces[0].points == ((64, 0),)


def test_faint_faces_are_not_seen() -> None:
    script = Scripted(lambda now: [at(300)])
    assert not next(find_faces(recording([0.0]), script, FaceRules(min_score=0.95)))[1]
    assert next(find_faces(recording([0.0]), script, FaceRules(min_score=0.9)))[1]


WRONG = [
    (Face(box=(10, 10, 10, 20), score=0.9), "x0 < x1"),
    (Face(box=(30, 10, 20, 20), score=0.9), "x0 < x1"),
    (Face(box=(math.nan, 10, 20, 20), score=0.9), "not finite"),
    (Face(box=(0, 10, math.inf, 20), score=0.9), "not finite"),
    (Face(box=(0, 10, 20, 20), score=math.nan), "not finite"),
    (Face(box=(0, 10, 20, 20), score=0.9, points=((1, math.nan),)), "not finite"),
    (Face(box=(700, 10, 800, 20), score=0.9), "outside the picture of 640 × 480 pixels"),
    (Face(box=(0, -20, 20, 0), score=0.9), "outside the picture"),
    (Face(box=(0, 10, 20, 20), score=93.0), "outside 0..1"),
]


@pytest.mark.parametrize(("face", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_no_face_is_an_error_that_names_the_locator_and_the_picture(face: Face, message: str) -> None:
    class Plugin(Scripted):
        def locate(self, picture: Picture) -> list[Face]:
            return [face] if picture.index == 3 else []

    seen = find_faces(recording(steps(6)), Plugin(lambda now: []), FaceRules(), video="SN001")
    with pytest.raises(ComponentError, match=message) as caught:
        list(seen)
    assert "`Plugin`" in caught.value.message
    assert caught.value.where == "SN001, picture 3"
    assert caught.value.hint


@settings(max_examples=50)
@given(
    boxes=st.lists(
        st.tuples(st.floats(0, 640), st.floats(0, 480), st.floats(1, 300)),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    every=st.integers(1, 4),
    follow=st.sampled_from(["largest", "central", "track", "all"]),
)
def test_whatever_faces_there_are_ids_are_unique_and_boxes_are_boxes(
    boxes: list[tuple[float, float, float]], every: int, follow: str
) -> None:
    def script(now: float) -> list[Any]:
        number = round(now * 25)
        return [at(x, y, side) for place, (x, y, side) in enumerate(boxes) if (number + place) % 3]

    rules = {"every": every, "follow": follow, "smooth": 0.2}
    locator = Scripted(script)
    for _, faces in find_faces(recording(steps(20)), locator, FaceRules.model_validate(rules)):
        ids = [face.id for face in faces]
        assert ids == sorted(set(ids))
        assert follow == "all" or ids in ([], [0])
        for face in faces:
            assert face.box[0] < face.box[2] and face.box[1] < face.box[3]


def test_a_recording_without_pictures_has_no_faces() -> None:
    assert list(find_faces(iter([]), Scripted(lambda now: []), FaceRules())) == []
