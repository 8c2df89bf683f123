"""Folders of videos: which files come out, what is done again, and what one bad file does to the others (nothing)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aukit.errors import DataError, StorageError, UsageError
from aukit.tracks.batch import REPORT, Job, find_videos, plan_jobs, run_batch
from aukit.tracks.sidecar import sidecar_path, video_facts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four videos by name, among other files."""
    place = tmp_path / "videos"
    for name in ("b.mp4", "a.MOV", "deep/er/a.avi", "b.mkv", "notes.txt", ".hidden/c.mp4", ".d.mp4"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    return place


def request(video: Path, **changes: Any) -> dict[str, Any]:
    model = {"weights_sha256": "1"}
    return {"format": "aukit tracks", "version": 1, "model": model, "video": video_facts(video), **changes}


def predicted(job: Job) -> dict[str, Any]:
    """What a prediction leaves: the tracks, then the sidecar."""
    document = {**request(job.video), "counts": {"rows": 3, "frames": 3}}
    if not job.done:
        job.out.parent.mkdir(parents=True, exist_ok=True)
        job.out.write_text("frame\n1\n")
        sidecar_path(job.out).write_text(json.dumps(document))
    return document


def plan(folder: Path, out: Path, **more: Any) -> tuple[Job, ...]:
    return plan_jobs(folder, find_videos(folder), out, ".csv", more.pop("request", request), **more)


def test_videos_are_found_by_name_in_all_subfolders(folder: Path) -> None:
    found = [path.relative_to(folder).as_posix() for path in find_videos(folder)]
    assert found == ["a.MOV", "b.mkv", "b.mp4", "deep/er/a.avi"]
    assert [path.name for path in find_videos(folder, without=[folder / "deep"])] == found[:3]
    assert len(find_videos(folder, without=[folder])) == 4
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match="no video") as caught:
        find_videos(folder / "empty")
    assert ".mp4" in caught.value.hint


def test_each_video_has_a_file_of_its_own(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    names = [job.out.relative_to(out).as_posix() for job in plan(folder, out)]
    assert names == ["a.csv", "b.mkv.csv", "b.mp4.csv", "deep/er/a.csv"]


def test_what_is_done_is_not_done_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = run_batch(plan(folder, out), folder, out, predicted)
    assert (len(first.predicted), first.skipped, first.failed) == (4, [], [])
    (folder / "new.mp4").write_text("new")
    jobs = plan(folder, out)
    assert [job.video.name for job in jobs if not job.done] == ["new.mp4"]
    again = run_batch(jobs, folder, out, predicted)
    assert (again.predicted, len(again.skipped)) == (["new.mp4"], 4)
    assert not any(job.done for job in plan(folder, out, force=True))


def test_tracks_of_another_request_are_told_before_any_work(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch(plan(folder, out), folder, out, predicted)

    def other(video: Path) -> dict[str, Any]:
        return request(video, model={"weights_sha256": "2"})

    with pytest.raises(UsageError, match=r"4 of 4 videos") as caught:
        plan(folder, out, request=other)
    assert "model.weights_sha256 was 1, is 2" in str(caught.value)
    assert "--force" in caught.value.hint
    assert len(plan(folder, out, request=other, force=True)) == 4


def test_a_changed_video_and_a_lost_sidecar_are_told(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_batch(plan(folder, out), folder, out, predicted)
    (folder / "a.MOV").write_text("another")
    sidecar_path(out / "b.mp4.csv").unlink()
    with pytest.raises(UsageError, match=r"2 of 4 videos") as caught:
        plan(folder, out)
    assert "video.bytes was 5, is 7" in str(caught.value)
    assert "it has no sidecar" in str(caught.value)


def test_one_bad_file_does_not_stop_the_rest(folder: Path, tmp_path: Path) -> None:
    out, told = tmp_path / "out", []

    def predict(job: Job) -> dict[str, Any]:
        if job.video.name == "a.MOV":
            raise DataError("not a video", where=str(job.video), hint="name a video")
        if job.video.name == "b.mkv":
            raise ZeroDivisionError("odd")
        document = predicted(job)
        return document | ({"incomplete": ["truncated after 3 frames"]} if job.video.name == "b.mp4" else {})

    report = run_batch(
        plan(folder, out), folder, out, predict, on_finished=lambda job, trouble: told.append(trouble)
    )
    assert [one.video for one in report.failed] == ["a.MOV", "b.mkv"]
    assert report.predicted == ["b.mp4", "deep/er/a.avi"]
    written = json.loads((out / REPORT).read_text())
    assert written == report.to_json()
    assert written["failed"] == [
        {"video": "a.MOV", "reason": "not a video", "hint": "name a video", "rows": 0},
        {
            "video": "b.mkv",
            "reason": "unexpected ZeroDivisionError: odd",
            "hint": "predict it alone to see where",
            "rows": 0,
        },
    ]
    assert written["incomplete"][0]["rows"] == 3
    assert [trouble and trouble.video for trouble in told] == ["a.MOV", "b.mkv", "b.mp4", None]


@pytest.mark.parametrize("problem", [StorageError("the disk is full"), KeyboardInterrupt()])
def test_what_would_stop_all_stops_at_once_and_keeps_what_is_done(
    folder: Path, tmp_path: Path, problem: BaseException
) -> None:
    out = tmp_path / "out"

    def predict(job: Job) -> dict[str, Any]:
        if job.video.name == "b.mp4":
            raise problem
        return predicted(job)

    with pytest.raises(type(problem)):
        run_batch(plan(folder, out), folder, out, predict)
    assert json.loads((out / REPORT).read_text())["predicted"] == ["a.MOV", "b.mkv"]
    assert [job.done for job in plan(folder, out)] == [True, True, False, False]
