"""Faces kept for the report: chosen by a rule that cannot flatter, and read back as they were saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aukit.errors import DataError, StorageError
from aukit.evaluation.examples import choose_strip, choose_worst, load_examples, save_examples
from aukit.evaluation.predictions import Predictions, VideoPrediction

AUS = ("AU01", "AU12")


def video(subject: str, error: float, frames: int = 1200, active: slice = slice(600, 640)) -> VideoPrediction:
    """20 fps; labels are 3 in the active part, predictions off by `error`."""
    labels = np.zeros((frames, 2), np.float32)
    labels[active] = 3
    return VideoPrediction(
        id=f"set/{subject}",
        subject=subject,
        timestamps=np.arange(frames) / 20,
        predictions=labels + np.float32(error),
        labels=labels,
    )


def predictions(*videos: VideoPrediction) -> Predictions:
    return Predictions(aus=AUS, origin="synthetic", model="", videos=videos)


def face(id: str, frame: int) -> np.ndarray:
    return np.full((20, 10, 3), frame % 200, np.uint8)


def test_the_strip_shows_the_median_person_where_labels_are_active() -> None:
    idle = video("idle", 0.4, active=slice(0, 0))
    strip = choose_strip(predictions(video("good", 0.1), video("fair", 0.5), idle, video("bad", 2.0)))
    assert (strip.subject, strip.video) == ("fair", "set/fair")
    assert strip.start <= 600
    assert strip.stop >= 640
    assert strip.stop - strip.start == 400
    assert len(strip.frames) == 12
    assert strip.frames[0] == strip.start
    assert strip.frames[-1] == strip.stop - 1


def test_predictions_have_no_say_in_which_stretch_is_shown() -> None:
    one = video("one", 0.5)
    one.predictions[:400] = 5
    assert choose_strip(predictions(one)).start >= 200


def test_a_short_video_is_shown_whole() -> None:
    strip = choose_strip(predictions(video("one", 0.5, frames=5, active=slice(0, 0))))
    assert (strip.start, strip.stop, strip.frames) == (0, 5, (0, 1, 2, 3, 4))


def test_nothing_labelled_nothing_shown() -> None:
    one = video("one", 0.5)
    one.labels[:] = np.nan
    with pytest.raises(DataError, match="nothing to show"):
        choose_strip(predictions(one))
    assert choose_worst(predictions(one)) == ()


def test_worst_frames_come_in_order_and_apart() -> None:
    one, two = video("one", 0.1), video("two", 0.1)
    one.predictions[100, 1] += 4
    one.predictions[105, 0] += 3.9  # a quarter of a second later: the same moment
    one.predictions[150, 0] -= 3
    two.predictions[7, 0] += 5
    two.labels[9] = np.nan
    two.predictions[9] = 99
    worst = choose_worst(predictions(one, two), count=3)
    assert [(w.video, w.frame, w.au) for w in worst] == [
        ("set/two", 7, "AU01"),
        ("set/one", 100, "AU12"),
        ("set/one", 150, "AU01"),
    ]
    assert worst[1].prediction - worst[1].label == pytest.approx(4.1, abs=1e-5)
    assert worst[1].seconds == 5.0


def test_saved_faces_come_back(tmp_path: Path) -> None:
    assert load_examples(tmp_path) is None
    all_of_it = predictions(video("one", 0.5), video("two", 1.0))
    save_examples(tmp_path, all_of_it, face, size=32)
    found = load_examples(tmp_path)
    assert found is not None
    assert found.strip == choose_strip(all_of_it)
    assert found.worst == choose_worst(all_of_it)
    assert found.strip_faces.shape == (12, 32, 32, 3)
    assert found.worst_faces.shape == (len(found.worst), 32, 32, 3)
    for tile, frame in zip(found.strip_faces, found.strip.frames, strict=True):
        assert abs(int(tile[16, 16, 0]) - frame % 200) <= 1
        assert (tile[:, 0] <= 2).all()  # a face that is taller than wide is padded, not stretched
    assert sorted(file.name for file in tmp_path.iterdir()) == ["examples.json", "examples.png"]


def test_damage_and_missing_folders_say_so(tmp_path: Path) -> None:
    save_examples(tmp_path, predictions(video("one", 0.5)), face, size=32)
    (tmp_path / "examples.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="cannot read the examples"):
        load_examples(tmp_path)
    with pytest.raises(StorageError, match="cannot write examples"):
        save_examples(tmp_path / "no", predictions(video("one", 0.5)), face)
