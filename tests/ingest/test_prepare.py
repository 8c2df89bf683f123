"""From video files to a store: what is in it, what fails alone, and what is not done twice. Real files, real faces."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filmed import Filmed, levels

from aukit.clips.check import check_store
from aukit.clips.reader import ClipStore
from aukit.contracts.faces import CropRule, FaceRules, Framing
from aukit.contracts.run import Event, Note, Progress
from aukit.errors import DataError, UsageError
from aukit.hosting.build import build
from aukit.ingest.crop import cut
from aukit.ingest.faces import find_faces
from aukit.ingest.prepare import prepare
from aukit.ingest.video import pictures
from aukit.testing.video import face_video, write_video

SMALL = Framing(crop=CropRule(size=32))
FRAMES = 20


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films of 20 frames: `anna` and `ben` with a face, `comes` with one from frame 8 on."""
    folder = tmp_path_factory.mktemp("films")
    how = {"frames": FRAMES, "size": (200, 160), "face": 128}
    face_video(folder / "anna.mp4", **how)
    face_video(folder / "ben.mp4", subjects=["P002"], **how)
    face_video(folder / "comes.mp4", moves=lambda frame: [(100, 80) if frame >= 8 else None], **how)
    return folder


@pytest.fixture
def root(films: Path, tmp_path: Path) -> Path:
    """A copy of them to change."""
    return Path(shutil.copytree(films, tmp_path / "films"))


def empty_film(path: Path) -> Path:
    return write_video(path, [np.full((120, 160, 3), 90, np.uint8)] * FRAMES)


def test_a_store_holds_every_frame_as_it_was_found(films: Path, tmp_path: Path) -> None:
    data = Filmed()
    report = prepare(data, tmp_path / "a.h5", root=films, framing=SMALL, processes=1)
    assert check_store(tmp_path / "a.h5").problems == ()
    store = ClipStore(tmp_path / "a.h5")
    assert (store.data_set, store.origin, store.terms, store.locator) == (
        "filmed",
        "synthetic",
        "for tests",
        "yunet",
    )
    framing = Framing.from_table(dict(store.crop))
    assert framing.weights.startswith("sha256:")
    assert framing.model_copy(update={"weights": ""}) == SMALL
    assert (store.schema, store.size, store.aus) == (data.schema, (32, 32), ("AU01", "AU12"))
    locator = build("locator", "yunet")
    for recording, video in zip(data.recordings(films), store.videos, strict=True):
        assert (video.id, video.subject, video.session) == (recording.video, recording.subject, "monday")
        assert (video.length, video.fps) == (FRAMES, 25)
        assert video.digest.startswith("sha256:")
        frames = store.frames(video.id, 0, FRAMES)
        columns = {name: store.column(video.id, name) for name in ("frame_index", "timestamp", "valid")}
        assert np.array_equal(columns["frame_index"], np.arange(1, FRAMES + 1))
        assert np.allclose(columns["timestamp"], np.arange(FRAMES) / 25)
        assert np.array_equal(store.labels(video.id), levels(FRAMES), equal_nan=True)
        boxes, scores = store.column(video.id, "face_box"), store.column(video.id, "face_score")
        seen = find_faces(pictures(recording), locator, SMALL.faces)
        for number, (picture, faces) in enumerate(seen):
            assert columns["valid"][number] == bool(faces)
            if faces:
                assert np.array_equal(frames[number], cut(picture, faces[0], SMALL.crop))
                assert np.allclose(boxes[number], faces[0].box)
                assert scores[number] == np.float32(faces[0].score)
            else:
                assert not frames[number].any()
                assert np.isnan(boxes[number]).all()
                assert scores[number] == 0
    assert not (tmp_path / "a.h5.parts").exists()
    assert json.loads((tmp_path / "a.h5.report.json").read_text("utf-8"))["totals"] == report.totals


def test_the_report_says_what_was_found(films: Path, tmp_path: Path) -> None:
    report = prepare(Filmed(labels=19), tmp_path / "a.h5", root=films, framing=SMALL)
    assert (report.totals["videos"], report.totals["frames"], report.failed) == (3, 60, ())
    assert report.totals["labels"] == {"AU01": 57, "AU12": 0}
    anna, _, comes = (one.result for one in report.done)
    assert (anna.faces, anna.warnings, anna.seconds) == (FRAMES, (), pytest.approx(19 / 25))
    assert anna.notes == ("counted from 1", "the labels end 1 frame before the video")
    assert 0.6 < anna.score <= 1
    assert (comes.faces, comes.gaps) == (12, 0)
    assert comes.warnings == ("a face in 60 % of 20 frames", "8 labelled frames without a face")
    document = report.document()
    assert document["settings"]["framing"]["crop"]["size"] == 32
    assert {"aukit", "python", "av"} <= set(document["versions"])


def test_processes_make_the_same_store(films: Path, tmp_path: Path) -> None:
    rules = FaceRules(every=3)
    for count in (1, 2):
        framing = Framing(crop=SMALL.crop, faces=rules)
        prepare(Filmed(), tmp_path / f"{count}.h5", root=films, framing=framing, processes=count)
    one, two = ClipStore(tmp_path / "1.h5"), ClipStore(tmp_path / "2.h5")
    assert one.videos == two.videos
    for video in one.videos:
        assert np.array_equal(one.frames(video.id, 0, FRAMES), two.frames(video.id, 0, FRAMES))


def test_jpeg_takes_less_and_looks_the_same(films: Path, tmp_path: Path) -> None:
    for encoding in ("raw", "jpeg"):
        prepare(Filmed(), tmp_path / f"{encoding}.h5", root=films, encoding=encoding, limit=1)
    raw, jpeg = ClipStore(tmp_path / "raw.h5"), ClipStore(tmp_path / "jpeg.h5")
    assert check_store(jpeg.path).problems == ()
    assert jpeg.path.stat().st_size < raw.path.stat().st_size / 4
    difference = raw.frames("anna", 0, FRAMES).astype(int) - jpeg.frames("anna", 0, FRAMES)
    assert np.abs(difference).mean() < 3


def test_bad_frames_are_left_out(films: Path, tmp_path: Path) -> None:
    data = Filmed()
    data.skip = ((1, 3), (10, 12))
    prepare(data, tmp_path / "a.h5", root=films, framing=SMALL, limit=1)
    store = ClipStore(tmp_path / "a.h5")
    assert store.column("anna", "frame_index").tolist() == [*range(4, 10), *range(13, 21)]
    assert np.array_equal(store.labels("anna")[:, 0], (store.column("anna", "frame_index") - 1) % 6)
    assert store.videos[0].segments == ((0, 6), (6, 14))


def test_names_of_people_stay_at_home(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.h5"
    report = prepare(Filmed(private=True), out, root=films, framing=SMALL, limit=2)
    store = ClipStore(out)
    assert [(video.id, video.subject) for video in store.videos] == [("V001", "P01"), ("V002", "P02")]
    assert store.schema is not None
    assert (store.schema.subjects, store.schema.splits["own"][0].test) == (("P01", "P02"), ("P02",))
    key = Path(f"{out}.people.csv")
    assert key.read_text("utf-8").splitlines()[1:] == [
        "subject,P01,s1",
        "subject,P02,s2",
        "video,V001,anna",
        "video,V002,ben",
    ]
    assert key.stat().st_mode & 0o077 == 0
    assert b"anna" not in out.read_bytes()
    assert "anna" not in Path(f"{out}.report.json").read_text("utf-8") + json.dumps(report.document())
    prepare(Filmed(private=True), tmp_path / "b.h5", root=films, framing=SMALL, people=key)
    assert [video.id for video in ClipStore(tmp_path / "b.h5").videos] == ["V001", "V002", "V003"]
    prepare(Filmed(private=True), tmp_path / "c.h5", root=films, framing=SMALL, names=True, limit=1)
    assert [(video.id, video.subject) for video in ClipStore(tmp_path / "c.h5").videos] == [("anna", "s1")]
    assert not Path(f"{tmp_path / 'c.h5'}.people.csv").exists()


def test_what_fails_fails_alone_and_the_rest_is_not_done_again(root: Path, tmp_path: Path) -> None:
    empty_film(root / "empty.mp4")
    (root / "film.mp4").write_text("no film", "utf-8")
    shutil.copy(root / "anna.mp4", root / "label.mp4")
    shutil.copy(root / "anna.mp4", root / "murder.mp4")
    shutil.copy(root / "anna.mp4", root / "odd.mp4")
    faults = {"label": "bad line", "murder": "die", "odd": "odd"}
    out = tmp_path / "a.h5"
    report = prepare(Filmed(**faults), out, root=root, framing=SMALL, processes=2)
    assert [one.result.video for one in report.done] == ["anna", "ben", "comes"]
    failed = {one.video: one for one in report.failed}
    assert failed["empty"].reason == "no face in 20 frames"
    assert "--min-score" in failed["empty"].mend
    assert failed["film"].reason == "not a video"
    assert (failed["label"].reason, failed["label"].where) == ("not a number: 'x'", "labels.csv:7")
    assert "died (signal 9)" in failed["murder"].reason
    assert failed["odd"].reason == "ZeroDivisionError: odd"
    # One is mended, one changed; the others are taken from the store.
    face_video(root / "empty.mp4", frames=FRAMES, size=(160, 160))
    os.utime(root / "ben.mp4", (1, 1))
    again = prepare(Filmed(**faults), out, root=root, framing=SMALL, overwrite=True)
    assert {one.result.video: one.again for one in again.done} == {
        "anna": True,
        "ben": False,
        "comes": True,
        "empty": False,
    }
    assert check_store(out).problems == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"framing": Framing(crop=CropRule(size=48))},
        {"dataset": Filmed(labels=10)},
        {"encoding": "jpeg"},
    ],
)
def test_what_would_come_out_otherwise_is_done_again(
    films: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    how: dict[str, object] = {"dataset": Filmed(), "root": films, "framing": SMALL, "limit": 1}
    prepare(out=tmp_path / "a.h5", **how)  # type: ignore[arg-type]
    report = prepare(out=tmp_path / "a.h5", overwrite=True, **{**how, **changed})  # type: ignore[arg-type]
    assert not report.done[0].again


def test_where_nothing_can_be_prepared_the_first_reason_is_told(root: Path, tmp_path: Path) -> None:
    for path in root.iterdir():
        empty_film(path)
    with pytest.raises(DataError, match="none of 3 recordings could be prepared: no face in 20 frames"):
        prepare(Filmed(), tmp_path / "a.h5", root=root)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5.report.json", "films"]


def test_what_is_refused_is_refused_before_any_work(films: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.h5"
    out.write_text("mine", "utf-8")
    with pytest.raises(DataError, match="exists already"):
        prepare(Filmed(), out, root=tmp_path / "nowhere")
    assert out.read_text("utf-8") == "mine"
    out.unlink()
    with pytest.raises(UsageError, match="one person a video"):
        prepare(Filmed(), out, root=films, framing=Framing(faces=FaceRules(follow="all")))
    with pytest.raises(UsageError, match="`synthetic` has no recordings"):
        prepare(build("dataset", "synthetic"), out, root=films)
    with pytest.raises(DataError, match="no recordings of `filmed`"):
        prepare(Filmed(), out, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_in_frames(films: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    prepare(Filmed(), tmp_path / "a.h5", root=films, framing=SMALL, processes=1, on_event=events.append)
    told = [event for event in events if isinstance(event, Progress)]
    made = [event for event in told if event.task == "prepare a.h5"]
    assert made[-1].done == made[-1].total == 3 * FRAMES
    assert made[-1].frames_per_second > 0
    assert made[0].seconds_left > 0
    assert told[-1].task == "write a.h5"
    assert not [event for event in events if isinstance(event, Note)]


def test_a_class_that_no_other_process_knows_is_read_here(films: Path, tmp_path: Path) -> None:
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from dataclasses import replace
from pathlib import Path
from filmed import Filmed
from aukit.contracts.faces import CropRule, Framing
from aukit.ingest.prepare import prepare
class Main(Filmed):
    def recordings(self, root):
        return [replace(one, labels=lambda one=one: one.labels()) for one in super().recordings(root)]
class Labels:
    def __init__(self, read): self.read = read
    def __call__(self): return self.read()
class Other(Filmed):
    def recordings(self, root):
        return [replace(one, labels=Labels(one.labels)) for one in super().recordings(root)]
for number, data in enumerate((Main(), Other())):
    report = prepare(data, f"{{number}}.h5", root=Path({str(films)!r}), framing=Framing(crop=CropRule(size=32)))
    print(report.totals["videos"], report.totals["labels"]["AU01"], report.failed)
"""
    script = tmp_path / "script.py"  # without a __main__ guard
    script.write_text(program, "utf-8")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 60 ()\n3 60 ()\n", "")
