"""A folder of videos: one tracks file for each, what is done is not done again, and one bad file stops no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aukit.errors import AukitError, DataError, UsageError
from aukit.rundir.atomic import storage, write_json
from aukit.tracks.sidecar import differences, read_sidecar

REPORT = "report.json"

Request = Callable[[Path], dict[str, Any]]
"""From a video to what its sidecar would say of the request: see `aukit.tracks.sidecar.REQUEST`."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One video and the file of its tracks. `done`: it is there already, and fits."""

    video: Path
    out: Path
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A video that needs somebody: why, and what helps. `rows`: how many rows it has all the same."""

    video: str
    reason: str
    hint: str = ""
    rows: int = 0


@dataclass(kw_only=True)
class BatchReport:
    """What became of a folder."""

    videos: int
    predicted: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[Trouble] = field(default_factory=list)
    incomplete: list[Trouble] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "format": "aukit batch of tracks",
            "version": 1,
            **vars(self),
            "failed": [vars(one) for one in self.failed],
            "incomplete": [vars(one) for one in self.incomplete],
        }


def find_videos(folder: Path, *, without: Iterable[Path] = ()) -> tuple[Path, ...]:
    """The video files in a folder and its subfolders, by name; hidden ones and what lies in `without` are left out.

    Raises:
        DataError: there is none.
    """
    from aukit.ingest.video import VIDEO_SUFFIXES, is_video

    closed = [path.resolve() for path in without if path.resolve() != folder.resolve()]
    found = sorted(
        path
        for path in folder.rglob("*")
        if is_video(path)
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not any(path.resolve().is_relative_to(one) for one in closed)
    )
    if not found:
        raise DataError(
            "no video in this folder",
            where=str(folder),
            hint=f"a video's name ends in {', '.join(sorted(VIDEO_SUFFIXES))}",
        )
    return tuple(found)


def plan_jobs(
    folder: Path, videos: Sequence[Path], out: Path, suffix: str, request: Request, *, force: bool = False
) -> tuple[Job, ...]:
    """Which file each video gets, and which are there already: the same folders, the video's name, another ending.

    Two videos that differ in their ending alone keep it: `a.mp4.csv`, `a.mov.csv`.

    Raises:
        UsageError: a file is there that was not made by the same request; all of them are named.
    """
    shared = Counter(video.with_suffix("") for video in videos)
    jobs, problems = [], []
    for video in videos:
        name = video.name if shared[video.with_suffix("")] > 1 else video.stem
        target = (out / video.relative_to(folder)).with_name(name + suffix)
        done = False
        if target.exists() and not force:
            found = read_sidecar(target)
            changed = ("it has no sidecar",) if found is None else differences(found, request(video))
            done = not changed
            if changed:
                more = f" and {len(changed) - 2} more" if len(changed) > 2 else ""
                problems.append(f"{target}: {'; '.join(changed[:2])}{more}")
        jobs.append(Job(video=video, out=target, done=done))
    if problems:
        shown = "\n".join(problems[:10] + ([f"and {len(problems) - 10} more"] if len(problems) > 10 else []))
        raise UsageError(
            f"{len(problems)} of {len(videos)} videos have tracks of another request already\n{shown}",
            where=str(out),
            hint="name another folder, or predict all of them again with `--force`",
        )
    return tuple(jobs)


def run_batch(
    jobs: Sequence[Job],
    folder: Path,
    out: Path,
    predict: Callable[[Job], dict[str, Any]],
    *,
    on_finished: Callable[[Job, Trouble | None], None] = lambda job, trouble: None,
) -> BatchReport:
    """Predict what is not done yet; `OUT/report.json` says at any time what became of each video.

    A video that cannot be read, or at which something breaks, is reported and left; a full disk, a missing package or
    a model that does not fit would stop the others, too, and are raised.

    Args:
        predict: predicts a job, unless it is done, and returns its sidecar.
        on_finished: is told of each video, and of its trouble, where it has one.
    """
    with storage(out):
        out.mkdir(parents=True, exist_ok=True)
    report = BatchReport(videos=len(jobs))
    for job in jobs:
        name = job.video.relative_to(folder).as_posix()
        trouble = None
        try:
            document = predict(job)
            (report.skipped if job.done else report.predicted).append(name)
            if notes := document.get("incomplete"):
                trouble = Trouble(
                    video=name,
                    reason="; ".join(notes),
                    hint=f"its first {document['counts']['frames']} frames are predicted",
                    rows=document["counts"]["rows"],
                )
                report.incomplete.append(trouble)
        except DataError as error:
            trouble = Trouble(video=name, reason=error.message, hint=error.hint)
            report.failed.append(trouble)
        except (AukitError, OSError):
            raise
        except Exception as error:
            reason = f"unexpected {type(error).__name__}: {error}"
            trouble = Trouble(video=name, reason=reason, hint="predict it alone to see where")
            report.failed.append(trouble)
        finally:
            write_json(out / REPORT, report.to_json())
        on_finished(job, trouble)
    return report
