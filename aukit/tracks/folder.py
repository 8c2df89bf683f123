"""Predict a folder of videos into a folder of tracks files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aukit.contracts.run import Event, Note
from aukit.errors import Interrupted
from aukit.rundir.atomic import storage
from aukit.tracks.batch import BatchReport, Job, Trouble, find_videos, plan_jobs, run_batch
from aukit.tracks.pace import Pace
from aukit.tracks.shows import SHOWS, make_show
from aukit.tracks.sidecar import read_sidecar
from aukit.tracks.video import VideoPredictor


def predict_folder(
    predictor: VideoPredictor,
    folder: Path,
    out: Path,
    *,
    format: str = "csv",
    shows: Mapping[str, Path] | None = None,
    force: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> BatchReport:
    """One tracks file and sidecar for each video of a folder and its subfolders; what is done is not done again.

    Args:
        shows: `overlay`, `plot`, `timeline`, each with the folder that gets one for each video.
        force: predict all of them anew.

    Raises:
        DataError: there is no video in the folder. A video that cannot be read is in the report.
        UsageError: there are tracks already that another request made; or the model does not fit any real video.
        StorageError: the disk is full or the folder cannot be written.
        Interrupted: Ctrl-C; what is finished stays, and the same call goes on.
    """
    shows, suffix, done = shows or {}, f".{format}", 0
    videos = find_videos(folder, without=[out, *shows.values()])
    jobs = plan_jobs(folder, videos, out, suffix, predictor.request, force=force)
    pace = Pace([job.video for job in jobs if not job.done], on_event)

    def predict(job: Job) -> dict[str, Any]:
        nonlocal done
        document = (job.done and read_sidecar(job.out)) or predictor.predict(
            job.video, job.out, on_frames=pace.on_frames
        )
        for kind, place in shows.items():
            name = job.out.relative_to(out)
            target = (place / name).with_name(name.name.removesuffix(suffix) + SHOWS[kind])
            if not (job.done and target.exists()):
                with storage(target.parent):
                    target.parent.mkdir(parents=True, exist_ok=True)
                make_show(kind, job.video, job.out, target)
        done += 1
        return document

    def finished(job: Job, trouble: Trouble | None) -> None:
        if not job.done:
            pace.leave(job.video)
        if trouble:
            helps = f" ({trouble.hint})" if trouble.hint else ""
            on_event(Note(text=f"{trouble.video}: {trouble.reason}{helps}", level="warning"))

    try:
        return run_batch(jobs, folder, out, predict, on_finished=finished)
    except KeyboardInterrupt as stop:
        raise Interrupted(
            f"interrupted; {done} of {len(jobs)} videos are done",
            hint="the same command goes on with the others",
        ) from stop
