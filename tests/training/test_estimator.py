"""A finished run as an estimator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from aukit.clips.clipset import open_clips
from aukit.contracts.run import Event
from aukit.errors import DataError, RunFolderError
from aukit.evaluation.predictions import read_predictions
from aukit.training.estimator import AUEstimator, resize

Finished = tuple[Path, list[Event]]


def test_it_predicts_what_the_run_predicted(finished: Finished, store_root: Path) -> None:
    estimator = AUEstimator.load(finished[0], device="cpu")
    assert estimator.aus == ("AU04", "AU12")
    assert estimator.origin == "synthetic"
    assert estimator.seconds_per_frame == pytest.approx(0.1)
    said = read_predictions(finished[0] / "predictions.h5").video("tiny/P07-1")
    clip = next(clip for clip in open_clips([store_root / "tiny.h5"]).clips if clip.id == said.id)
    found = estimator.predict(clip.read(0, clip.length), clip.timestamps)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, said.predictions, atol=1e-5)


def test_without_timestamps_frames_are_as_far_apart_as_in_training(finished: Finished) -> None:
    estimator = AUEstimator.load(finished[0], device="cpu")
    frames = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    found = estimator.predict(frames)
    assert found.shape == (12, 2)
    np.testing.assert_array_equal(found, estimator.predict(frames, np.arange(12) * 0.1))
    assert not np.allclose(found, estimator.predict(frames, np.arange(12) * 0.05), atol=1e-5)


def test_other_sizes_are_resized(finished: Finished) -> None:
    estimator = AUEstimator.load(finished[0], device="cpu")
    frames = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    assert resize(frames, (32, 32)).shape == (4, 32, 32, 3)
    np.testing.assert_allclose(
        estimator.predict(frames), estimator.predict(resize(frames, (32, 32))), atol=1e-6
    )
    grey = np.full((2, 50, 70, 3), 128, np.uint8)
    assert (resize(grey, (32, 32)) == 128).all()
    assert resize(frames, (64, 64)) is frames


@pytest.mark.parametrize(
    ("frames", "times"),
    [
        (np.zeros((4, 32, 32), np.uint8), None),
        (np.zeros((4, 32, 32, 3), np.float32), None),
        (np.zeros((4, 32, 32, 3), np.uint8), [0.0, 1.0]),
        (np.zeros((4, 32, 32, 3), np.uint8), [0.0, 1.0, 0.5, 2.0]),
    ],
)
def test_what_is_no_video_is_refused(
    finished: Finished, frames: np.ndarray, times: list[float] | None
) -> None:
    with pytest.raises(DataError):
        AUEstimator.load(finished[0], device="cpu").predict(frames, times)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no finished model"):
        AUEstimator.load(tmp_path)


def test_weights_of_another_model_are_refused(finished: Finished, tmp_path: Path) -> None:
    shutil.copytree(finished[0] / "model", tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    facts = json.loads(path.read_text())
    facts["parts"]["backbone"]["width"] = 8
    path.write_text(json.dumps(facts))
    with pytest.raises(RunFolderError, match="another model"):
        AUEstimator.load(tmp_path)


def test_a_model_of_a_newer_aukit_is_refused(finished: Finished, tmp_path: Path) -> None:
    shutil.copytree(finished[0] / "model", tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(RunFolderError, match="newer"):
        AUEstimator.load(tmp_path)
