"""One recording, from its pictures to a store of its own."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips import format as layout
from aukit.clips.writer import set_attributes
from aukit.contracts.data import Chunk, FrameLabels, Locator, Recording
from aukit.contracts.faces import CropRule, Picture, SeenFace
from aukit.errors import AukitError, DataError
from aukit.ingest.align import align
from aukit.ingest.crop import cut
from aukit.ingest.faces import find_faces
from aukit.ingest.parts import (
    PREPARED,
    Done,
    Job,
    Plan,
    Prepared,
    digest,
    done_before,
    part_path,
    source_digest,
    with_pictures,
)
from aukit.ingest.video import pictures, probe

FACE_SHARE = 0.9
"""A video with a face in fewer of its frames is worth a look."""


@dataclass(frozen=True)
class _Frame:
    """One frame as it is stored, and whether it is: `skip` leaves some out. Without a face, it is black."""

    index: int
    seconds: float
    kept: bool
    face: SeenFace | None
    square: NDArray[np.uint8]


def prepare_video(job: Job, plan: Plan, locator: Locator) -> Generator[int, None, Done]:
    """Decode, locate, follow, crop, label and write one recording; yields the frames of each step.

    Every picture is kept, so that frame numbers have no holes: one without a face is black and not valid. Nothing is
    done where an earlier run left the video just as it would be made now.

    Raises:
        DataError: the recording or its labels cannot be read, or no picture shows a face.
        StorageError: the disk is full.
    """
    begun = time.monotonic()
    job = with_pictures(job)
    recording = job.recording
    labels = recording.labels() if recording.labels else None
    made = digest(job, labels, plan)
    before = done_before(job, plan, made)
    if before:
        return before
    path, notes = part_path(plan, job.video), list[str]()
    with plan.writer(path) as writer:
        seen = find_faces(
            pictures(recording, on_note=notes.append), locator, plan.framing.faces, video=recording.video
        )
        frames = _frames(seen, recording, plan.framing.crop)
        fps = _fps(recording, plan.fps)
        video = writer.video(
            job.video,
            subject=job.subject,
            session=recording.session,
            fps=fps,
            digest=source_digest(recording),
        )
        index, seconds, kept = list[int](), list[float](), list[bool]()
        while batch := list(islice(frames, layout.CHUNK_FRAMES)):
            stored = [frame for frame in batch if frame.kept]
            if stored:
                video.append(_chunk(stored, len(plan.aus)))
            index += [frame.index for frame in batch]
            seconds += [frame.seconds for frame in batch]
            kept += [frame.kept for frame in batch]
            yield len(batch)
        if labels is not None:
            intensity, told = _aligned(labels, index, seconds, recording)
            video.label(intensity[kept])
            notes += told
        columns = {name: np.concatenate(parts) for name, parts in video.columns.items()}
        result = replace(
            _result(job, plan, columns, fps),
            notes=tuple(notes),
            took=time.monotonic() - begun,
            made=made,
        )
        video.close()
        set_attributes(video.group, {PREPARED: result.text()})
    return Done(result=result, path=path)


def _frames(
    seen: Iterator[tuple[Picture, tuple[SeenFace, ...]]], recording: Recording, rule: CropRule
) -> Iterator[_Frame]:
    black = np.zeros((rule.size, rule.size, 3), np.uint8)
    for picture, faces in seen:
        face = faces[0] if faces else None
        yield _Frame(
            index=picture.index,
            seconds=picture.seconds,
            kept=not any(first <= picture.index <= last for first, last in recording.skip),
            face=face,
            square=cut(picture, face, rule) if face else black,
        )


def _chunk(frames: list[_Frame], aus: int) -> Chunk:
    """Frames for the store, not labelled yet."""
    nowhere = (np.nan,) * 4
    return Chunk(
        frames=np.stack([frame.square for frame in frames]),
        timestamp=np.array([frame.seconds for frame in frames]),
        frame_index=np.array([frame.index for frame in frames], np.int64),
        intensity=np.full((len(frames), aus), np.nan, np.float32),
        valid=np.array([frame.face is not None for frame in frames]),
        face_box=np.array([frame.face.box if frame.face else nowhere for frame in frames], np.float32),
        face_score=np.array([frame.face.score if frame.face else 0 for frame in frames], np.float32),
    )


def _fps(recording: Recording, usual: float) -> float:
    """The nominal frame rate."""
    if recording.pictures:
        return recording.fps or usual
    return probe(recording.path).fps or recording.fps or usual


def _aligned(
    labels: FrameLabels, index: list[int], seconds: list[float], recording: Recording
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    try:
        return align(labels, np.array(index, np.int64), np.array(seconds))
    except AukitError as error:
        error.where = error.where or str(recording.path)
        raise


def _result(job: Job, plan: Plan, columns: dict[str, NDArray[Any]], fps: float) -> Prepared:
    """What was found, without notes; says what is worth a look.

    Raises:
        DataError: no frame has a face.
    """
    valid, labels, times = columns["valid"], columns["intensity"], columns["timestamp"]
    count, faces = len(valid), int(valid.sum())
    if not faces:
        raise DataError(
            f"no face in {count} frames",
            where=str(job.recording.path),
            hint="is it the right video? a lower --min-score or a larger --detect-size finds more faces",
        )
    labelled = ~np.isnan(labels)
    warnings = []
    if faces < FACE_SHARE * count:
        warnings.append(f"a face in {100 * faces / count:.0f} % of {count} frames")
    lost = int((labelled.any(axis=1) & ~valid).sum()) if labels.size else 0
    if lost:
        warnings.append(f"{lost} labelled frame{'s' * (lost > 1)} without a face")
    runs = layout.segments(times, columns["frame_index"], valid, fps)
    return Prepared(
        video=job.video,
        subject=job.subject,
        frames=count,
        faces=faces,
        score=float(columns["face_score"][valid].mean()),
        seconds=float(times[-1] - times[0]),
        gaps=max(0, len(runs) - 1),
        labels={au: int(labelled[:, column].sum()) for column, au in enumerate(plan.aus)},
        notes=(),
        warnings=tuple(warnings),
        took=0.0,
        made="",
    )
