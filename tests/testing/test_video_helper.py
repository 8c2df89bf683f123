"""The helper for videos makes real files: what is put in comes out."""

from __future__ import annotations

import av
import numpy as np
import pytest

from aukit.contracts.data import Recording
from aukit.hosting.build import build
from aukit.ingest.video import pictures, probe
from aukit.testing import face_video, write_video
from aukit.testing.video import face_chunk


def read(path):
    return list(pictures(Recording(video="v", subject="s", path=path)))


def test_a_video_has_the_frames_the_rate_and_the_sound_that_were_asked_for(tmp_path):
    frames = (np.full((32, 48, 3), 10 * number, np.uint8) for number in range(25))
    path = write_video(tmp_path / "a.mp4", frames, fps=12.5, audio=True)
    facts = probe(path)
    assert (facts.fps, facts.frames, facts.width, facts.height, facts.audio) == (12.5, 25, 48, 32, True)
    with av.open(str(path)) as file:
        sound = sum(frame.samples for frame in file.decode(audio=0))
        assert sound / file.streams.audio[0].rate == pytest.approx(2.0, abs=0.1)


def test_rates_that_are_no_fraction_of_ten_are_kept(tmp_path):
    path = write_video(tmp_path / "a.mp4", [np.zeros((32, 32, 3), np.uint8)] * 31, fps=30000 / 1001)
    assert probe(path).fps == pytest.approx(30000 / 1001)
    assert read(path)[30].seconds == pytest.approx(1.001)


def test_faces_are_where_they_were_put(tmp_path):
    """The person walks to the right, is away for five frames, and comes back on the left."""

    def moves(number):
        return [None if 10 <= number < 15 else (80.0 + 10 * number if number < 10 else 80.0, 120.0)]

    path = face_video(tmp_path / "a.mp4", frames=20, moves=moves)
    locator = build("locator", "yunet")
    for number, picture in enumerate(read(path)):
        faces = [face for face in locator.locate(picture) if face.score > 0.6]
        centre = moves(number)[0]
        assert len(faces) == (centre is not None)
        if centre:
            left, _, right, _ = faces[0].box
            assert (left + right) / 2 == pytest.approx(centre[0], abs=15)


def test_people_stand_side_by_side_and_may_be_cut_off_by_the_border(tmp_path):
    path = face_video(tmp_path / "a.mp4", subjects=("P001", "P002"), frames=2)
    faces = build("locator", "yunet").locate(read(path)[0])
    assert len([face for face in faces if face.score > 0.6]) == 2
    path = face_video(tmp_path / "b.mkv", frames=1, codec="ffv1", pixels="bgr0", moves=lambda _: [(0, 240)])
    square = face_chunk(frames=1, fps=25.0, size=128).frames[0]
    np.testing.assert_array_equal(read(path)[0].pixels[-64:, :64], square[:64, 64:])


def test_what_people_show_is_known():
    chunk = face_chunk("P003", frames=40, fps=20, size=32)
    assert chunk.frames.shape == (40, 32, 32, 3) and chunk.intensity.shape[0] == 40
    assert np.nanmax(chunk.intensity) > 0
