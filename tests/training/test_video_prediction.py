"""From a video file to tracks: a row for every frame and face, the same framing as in training, or a refusal."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from aukit.clips.clipset import open_clips
from aukit.clips.reader import ClipStore
from aukit.contracts.data import Recording
from aukit.contracts.faces import CropRule, FaceRules, Framing
from aukit.contracts.params import Choice
from aukit.contracts.tracks import Tracks
from aukit.errors import DataError, UsageError
from aukit.hosting.build import build
from aukit.ingest.crop import cut
from aukit.ingest.faces import find_faces
from aukit.ingest.prepare import prepare
from aukit.ingest.video import pictures
from aukit.rundir.layout import RunFolder
from aukit.testing.video import face_chunk, face_video, write_video
from aukit.training.ahead import ahead
from aukit.training.estimator import AUEstimator
from aukit.training.framing import framing_of, locator_for
from aukit.training.model import build_model
from aukit.training.rows import join_tracks
from aukit.training.saved import ModelFacts, load_facts, save_model
from aukit.training.video import stream_tracks

pytest.importorskip("av")
pytest.importorskip("cv2")

AUS = ("AU04", "AU12")
FRAMING = Framing(crop=CropRule(size=32), faces=FaceRules(smooth=0))
PARTS = {
    "backbone": Choice(name="resnet18-256", width=4, channels=8, blocks=[1, 1, 1, 1], output_stride=8),
    "temporal": Choice(name="convgru"),
    "head": Choice(name="pool-bn-linear"),
}


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> None:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("aukit")]


def save(folder: Path, *, framing: Framing | None = FRAMING, origin: str = "real", **more) -> Path:
    """A run folder with an untrained model."""
    facts = ModelFacts(
        **{
            "aus": AUS,
            "origin": origin,
            "size": (32, 32),
            "seconds_per_frame": 0.1,
            "window": 5,
            "predictor": "windowed",
            "clip": False,
            "parts": {part: choice.model_dump() for part, choice in PARTS.items()},
            "providers": {},
            "crop": framing.table() if framing else {},
            **more,
        }
    )
    save_model(RunFolder(folder).model, build_model(PARTS, AUS, seed=0), facts)
    return folder


@pytest.fixture(scope="module")
def estimator(tmp_path_factory: pytest.TempPathFactory) -> AUEstimator:
    return AUEstimator.load(save(tmp_path_factory.mktemp("run")), device="cpu")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return face_video(tmp_path_factory.mktemp("videos") / "one.mp4", frames=50)


def by_hand(estimator: AUEstimator, path: Path, **rules) -> tuple[np.ndarray, np.ndarray]:
    """Squares and seconds of the face in each frame, all at once."""
    framing = FRAMING.model_copy(update={"faces": FRAMING.faces.model_copy(update=rules)})
    recording = Recording(video=path.stem, subject="", path=path)
    seen = list(find_faces(pictures(recording), locator_for(framing), framing.faces))
    squares = [cut(picture, faces[0], framing.crop) for picture, faces in seen]
    return np.stack(squares), np.array([picture.seconds for picture, _ in seen])


def test_every_frame_gets_what_its_cut_faces_get(estimator: AUEstimator, video: Path) -> None:
    tracks = estimator.predict_video(video, batch=8)
    squares, seconds = by_hand(estimator, video)
    assert tracks.frame.tolist() == list(range(50))
    assert set(tracks.face_id.tolist()) == {0}
    np.testing.assert_allclose(tracks.timestamp, np.arange(50) / 25)
    assert tracks.success.all()
    assert (tracks.confidence > 0.6).all()
    assert np.isfinite(tracks.pose).all()
    middle = (tracks.box[:, :2] + tracks.box[:, 2:]) / 2
    assert (np.abs(middle - (160, 120)) < 20).all()
    assert tracks.intensity.dtype == np.float32
    np.testing.assert_allclose(tracks.intensity, estimator.predict(squares, seconds), atol=1e-5)


@pytest.mark.parametrize("mode", ["windowed", "streaming"])
def test_a_variable_frame_rate(estimator: AUEstimator, tmp_path: Path, mode: str) -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.integers(20, 60, 40)) - 20
    video = face_video(tmp_path / "variable.mp4", frames=40, times=[int(time) for time in times])
    found = join_tracks(stream_tracks(estimator, video, mode=mode, batch=16))
    squares, seconds = by_hand(estimator, video)
    np.testing.assert_allclose(seconds, (times - times[0]) / 1000, atol=2e-3)
    np.testing.assert_array_equal(found.timestamp, seconds)
    np.testing.assert_allclose(found.intensity, estimator.predict(squares, seconds, mode=mode), atol=1e-5)


def test_rows_come_while_the_video_is_read(estimator: AUEstimator, video: Path) -> None:
    blocks = list(stream_tracks(estimator, video, batch=8))
    assert len(blocks) >= 6
    assert max(map(len, blocks)) <= 16
    whole = join_tracks(blocks)
    np.testing.assert_allclose(whole.intensity, estimator.predict_video(video).intensity, atol=1e-5)
    assert len(whole[whole.frame < 3]) == 3


def test_a_face_that_leaves_and_returns_begins_anew(estimator: AUEstimator, tmp_path: Path) -> None:
    away = range(20, 32)
    video = face_video(tmp_path / "away.mp4", frames=60, moves=lambda t: [None if t in away else (160, 120)])
    tracks = estimator.predict_video(video, batch=8)
    gone = ~tracks.success
    assert tracks.frame.tolist() == list(range(60))
    assert set(away) <= set(np.flatnonzero(gone).tolist()) <= set(range(19, 33))
    assert (tracks.face_id[gone] == -1).all()
    assert np.isnan(tracks.intensity[gone]).all()
    assert np.isnan(tracks.box[gone]).all()
    assert np.isnan(tracks.pose[gone]).all()
    assert (tracks.confidence[gone] == 0).all()
    assert set(tracks.face_id[~gone].tolist()) == {0}
    recording = Recording(video="away", subject="", path=video)
    framing = FRAMING
    seen = list(find_faces(pictures(recording), locator_for(framing), framing.faces))
    there = np.array([bool(faces) for _, faces in seen])
    squares = np.stack([cut(picture, faces[0], framing.crop) for picture, faces in seen if faces])
    first = int(np.argmin(there))
    second = first + int(np.argmax(there[first:]))
    alone = estimator.predict(squares[first:], tracks.timestamp[second:])
    np.testing.assert_allclose(tracks.intensity[second:], alone, atol=1e-5)


def test_a_video_and_its_prepared_store_get_the_same_values(estimator: AUEstimator, tmp_path: Path) -> None:
    """The whole way of a lab's video: what is predicted from the file is what is predicted from the store."""
    (tmp_path / "videos").mkdir()
    video = face_video(
        tmp_path / "videos" / "one.mp4",
        frames=40,
        moves=lambda t: [None if 15 <= t < 20 else (150 + t, 120)],
    )
    rules = FRAMING.model_copy(update={"faces": FaceRules(every=3)})
    dataset = build("dataset", "videos")
    prepare(dataset, tmp_path / "store.h5", root=video.parent, framing=rules, processes=1)
    (clip,) = open_clips([tmp_path / "store.h5"]).clips
    stored = estimator.predict(clip.read(0, clip.length), clip.timestamps, segments=clip.segments)
    tracks = estimator.predict_video(video, faces=rules.faces.table())
    np.testing.assert_allclose(tracks.intensity, stored, atol=1e-5)
    np.testing.assert_array_equal(tracks.success, np.isfinite(stored).all(axis=1))
    kept = ClipStore(tmp_path / "store.h5")
    assert framing_of(kept.crop).cuts_like(rules.model_copy(update={"weights": kept.crop["weights"]}))


def test_everybody_gets_rows_under_a_stable_id(estimator: AUEstimator, tmp_path: Path) -> None:
    """The second person comes later; each gets what a video of that person alone would get."""
    size, frames = (480, 240), 40

    def moves(t: int):
        return [(120, 120), (360, 120) if t >= 10 else None]

    both = face_video(tmp_path / "both.mp4", subjects=("P001", "P002"), frames=frames, size=size, moves=moves)
    tracks = estimator.predict_video(both, faces={"follow": "all"}, batch=8)
    assert len(tracks) == frames + 30
    order = list(zip(tracks.frame.tolist(), tracks.face_id.tolist(), strict=True))
    assert order == sorted(order)
    left = tracks[tracks.face_id == 0]
    right = tracks[tracks.face_id == 1]
    assert left.frame.tolist() == list(range(frames))
    assert right.frame.tolist() == list(range(10, frames))
    assert left.box[:, 2].max() < right.box[:, 0].min()
    alone = estimator.predict_video(both, faces={"follow": "largest"})
    assert len(alone) == frames
    assert np.isfinite(left.intensity).all()
    assert np.isfinite(right.intensity).all()


def test_a_hole_in_time_ends_a_stretch(estimator: AUEstimator, tmp_path: Path) -> None:
    times = [*range(0, 800, 40), *range(2000, 2800, 40)]
    video = face_video(tmp_path / "hole.mp4", frames=40, times=times)
    tracks = estimator.predict_video(video)
    squares, seconds = by_hand(estimator, video)
    split = estimator.predict(squares, seconds, segments=[(0, 20), (20, 40)])
    np.testing.assert_allclose(tracks.intensity, split, atol=1e-5)
    assert np.abs(split - estimator.predict(squares, seconds)).max() > 1e-5


def test_a_long_time_without_a_face_keeps_no_row_waiting(estimator: AUEstimator, tmp_path: Path) -> None:
    video = face_video(
        tmp_path / "alone.mp4", frames=90, moves=lambda t: [(160, 120) if t < 3 else None], size=(256, 192)
    )
    blocks = list(stream_tracks(estimator, video, batch=8))
    assert max(map(len, blocks)) <= 24
    assert join_tracks(blocks).success.sum() in (3, 4)


def test_no_face_at_all(estimator: AUEstimator, tmp_path: Path) -> None:
    video = write_video(tmp_path / "grey.mp4", [np.full((120, 160, 3), 90, np.uint8)] * 10)
    tracks = estimator.predict_video(video)
    assert len(tracks) == 10
    assert not tracks.success.any()
    assert tracks.intensity.shape == (10, 2)


def test_still_pictures(estimator: AUEstimator, tmp_path: Path) -> None:
    from PIL import Image

    chunk = face_chunk(frames=12)
    paths = []
    for number, frame in enumerate(chunk.frames):
        canvas = np.full((240, 320, 3), 128, np.uint8)
        canvas[56:184, 96:224] = frame
        paths.append((number + 1, tmp_path / f"{number + 1:04}.png"))
        Image.fromarray(canvas).save(paths[-1][1])
    recording = Recording(
        video="stills", subject="P1", path=tmp_path, pictures=tuple(paths), fps=25, first_frame=1
    )
    tracks = join_tracks(stream_tracks(estimator, recording))
    assert tracks.frame.tolist() == list(range(12))
    assert tracks.success.all()


def test_values_are_clipped_where_the_run_says_so(tmp_path: Path, video: Path) -> None:
    model = AUEstimator.load(save(tmp_path / "run", clip=True), device="cpu")
    with torch.no_grad():
        model.model.head.linear.bias.copy_(torch.tensor([-3.0, 9.0]))
    found = model.predict_video(video).intensity
    assert (found[:, 0] == 0).all()
    assert (found[:, 1] == 5).all()


def test_rules_that_change_speed_or_who_may_differ(estimator: AUEstimator, video: Path) -> None:
    each = estimator.predict_video(video)
    fifth = estimator.predict_video(video, faces={"every": 5, "detect_size": 160})
    assert fifth.success.all()
    assert 0 < np.abs(each.box - fifth.box).max() < 12
    with pytest.raises(UsageError, match="`every`") as caught:
        estimator.predict_video(video, faces={"every": 0})
    assert "detect_size" in caught.value.hint
    with pytest.raises(UsageError, match="`margin`"):
        estimator.predict_video(video, faces={"margin": 0.5})


def test_the_model_keeps_its_framing(tmp_path: Path) -> None:
    save(tmp_path / "run")
    assert AUEstimator.load(tmp_path / "run", device="cpu").framing == FRAMING
    save(tmp_path / "squares", framing=None)
    assert AUEstimator.load(tmp_path / "squares", device="cpu").framing is None
    save(tmp_path / "other", crop={"crop": {"rule": "round"}})
    with pytest.raises(DataError, match=r"framing kept here .* `crop.rule`"):
        load_facts(RunFolder(tmp_path / "other").model).framing  # noqa: B018


def test_a_model_of_ready_made_squares_wants_a_framing(tmp_path: Path, video: Path) -> None:
    squares = AUEstimator.load(save(tmp_path / "run", framing=None), device="cpu")
    with pytest.raises(UsageError, match="ready-made squares") as caught:
        squares.predict_video(video)
    assert "`framing`" in caught.value.hint
    assert "--framing" in caught.value.hint
    given = Framing(faces=FaceRules(smooth=0))  # its size is the model's, whatever it says
    found = squares.predict_video(video, framing=given)
    expected = AUEstimator.load(save(tmp_path / "knows"), device="cpu").predict_video(video)
    np.testing.assert_array_equal(found.intensity, expected.intensity)


def test_frames_that_are_no_squares(tmp_path: Path, video: Path) -> None:
    oblong = AUEstimator.load(save(tmp_path / "run", framing=None, size=(32, 24)), device="cpu")
    with pytest.raises(UsageError, match="32x24, and faces are cut as squares"):
        oblong.predict_video(video, framing=FRAMING)


@pytest.mark.parametrize("origin", ["rendered", "synthetic", "stand-in"])
def test_a_model_that_saw_no_real_people_refuses_a_video(origin: str, tmp_path: Path, video: Path) -> None:
    model = AUEstimator.load(save(tmp_path / "run", origin=origin), device="cpu")
    with pytest.raises(UsageError, match=f"trained on {origin} people") as caught:
        model.predict_video(video)
    assert "--allow-synthetic" in caught.value.hint
    assert str(video) in str(caught.value)
    assert model.predict_video(video, allow_synthetic=True).success.all()
    assert len(join_tracks(stream_tracks(model, video, origin="rendered"))) == 50


def test_other_weights_of_the_locator_are_refused(tmp_path: Path, video: Path) -> None:
    other = FRAMING.model_copy(update={"weights": "sha256:" + "0" * 64})
    model = AUEstimator.load(save(tmp_path / "run", framing=other), device="cpu")
    with pytest.raises(UsageError, match="the locator `yunet` has other weights than in training") as caught:
        model.predict_video(video)
    assert "`weights`" in caught.value.hint
    assert model.predict_video(video, framing=FRAMING).success.all()


def test_files_that_are_no_videos(estimator: AUEstimator, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        stream_tracks(estimator, tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("a text")
    with pytest.raises(DataError, match="not a video"):
        stream_tracks(estimator, tmp_path / "text.mp4")


def test_of_a_video_that_breaks_off_nothing_is_lost(estimator: AUEstimator, tmp_path: Path) -> None:
    video = face_video(tmp_path / "whole.mkv", frames=60, options={"g": "10"})
    cut_off = tmp_path / "cut.mkv"
    cut_off.write_bytes(video.read_bytes()[: int(video.stat().st_size * 0.6)])
    whole = estimator.predict_video(video)
    blocks: list[Tracks] = []
    with pytest.raises(DataError) as streamed:
        blocks.extend(stream_tracks(estimator, cut_off))
    found = join_tracks(blocks)
    count = streamed.value.data["frames"]
    assert 10 <= count == len(found) < 60
    np.testing.assert_allclose(found.intensity[:-5], whole.intensity[: count - 5], atol=0.05)
    with pytest.raises(DataError, match=f"after {count} frames") as caught:
        estimator.predict_video(cut_off)
    np.testing.assert_array_equal(caught.value.data["tracks"].intensity, found.intensity)


def test_whoever_stops_early_stops_the_thread(estimator: AUEstimator, video: Path) -> None:
    stream = stream_tracks(estimator, video, batch=4)
    next(stream)
    assert [thread for thread in threading.enumerate() if thread.name == "aukit-video"]
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "aukit-video"]


def test_working_ahead_is_bounded_and_errors_come_where_they_belong() -> None:
    begun: list[int] = []
    closed = threading.Event()

    def items():
        try:
            for number in range(100):
                begun.append(number)
                if number == 50:
                    raise DataError("the fiftieth is broken")
                yield number
        finally:
            closed.set()

    stream = ahead(items(), 3)
    assert [next(stream) for _ in range(10)] == list(range(10))
    assert len(begun) <= 10 + 3 + 2
    taken = []
    with pytest.raises(DataError, match="the fiftieth is broken"):
        taken.extend(stream)
    assert begun == list(range(51))
    closed.clear()
    begun.clear()
    stream = ahead(items(), 3)
    next(stream)
    stream.close()
    assert closed.wait(5)
    assert len(begun) < 10
