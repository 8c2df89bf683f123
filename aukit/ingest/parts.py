"""What is prepared, and when it need not be prepared again: a recording's job, its result, and a digest of both."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import h5py

import aukit
from aukit.clips import format as layout
from aukit.clips.reader import attributes
from aukit.clips.writer import StoreWriter
from aukit.contracts.component import Component
from aukit.contracts.data import FrameLabels, Locator, Recording
from aukit.contracts.faces import Framing
from aukit.contracts.schema import Schema
from aukit.hosting.build import construct, validate
from aukit.hosting.registry import Provided

PREPARED = "prepared"
"""The attribute of a video's group that holds `Prepared`."""
BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all recordings have in common.

    Parts lie in the folder `parts`; an earlier run may have left the store `store`. `sources` are the sizes and times
    of files that the locator reads.
    """

    parts: Path
    store: Path
    framing: Framing
    locator: Provided[Component]
    data_set: str
    origin: str
    aus: tuple[str, ...]
    fps: float
    encoding: str
    quality: int
    sources: tuple[Any, ...] = ()

    def writer(self, path: Path, schema: Schema | None = None) -> StoreWriter:
        """A store of what this plan prepares, a part or the whole."""
        return StoreWriter(
            path,
            data_set=self.data_set,
            origin=self.origin,
            aus=self.aus,
            size=self.framing.crop.size,
            crop=self.framing.table(),
            locator=self.framing.locator,
            schema=schema,
            encoding=self.encoding,
            quality=self.quality,
            overwrite=True,
        )

    def build_locator(self) -> Locator:
        """A locator of this process's own."""
        built: Locator = construct(self.locator, validate(self.locator, self.framing.options), {})
        return built


@dataclass(frozen=True, kw_only=True)
class Job:
    """One recording, what the store calls its video and subject, and about how many frames it has; 0: unknown."""

    recording: Recording
    video: str
    subject: str
    frames: int = 0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What was found in one video.

    `faces` counts the frames with a face, `score` is their mean score, `labels` counts the labelled frames of each AU,
    `seconds` is the video's length, `took` the work's. `made` is a digest of all that made it so.
    """

    video: str
    subject: str
    frames: int
    faces: int
    score: float
    seconds: float
    gaps: int
    labels: dict[str, int]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    took: float
    made: str

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The inverse of `text`."""
        table = json.loads(text)
        return cls(**{**table, "notes": tuple(table["notes"]), "warnings": tuple(table["warnings"])})


@dataclass(frozen=True, kw_only=True)
class Done:
    """A video that is prepared, the store it lies in, and whether an earlier run did it."""

    result: Prepared
    path: Path
    again: bool = False


def part_path(plan: Plan, video: str) -> Path:
    """Where the part of a video lies; the name says nothing, whatever the video is called."""
    return plan.parts / f"{hashlib.sha256(video.encode()).hexdigest()[:20]}.h5"


def done_before(job: Job, plan: Plan, made: str) -> Done | None:
    """The video as it would be made now, where a part or the store of an earlier run holds it."""
    for path in (part_path(plan, job.video), plan.store):
        try:
            with h5py.File(path, "r") as file:
                group = file.get(f"{layout.VIDEOS}/{layout.group_name(job.video)}")
                text = attributes(group).get(PREPARED) if group is not None else None
            result = Prepared.from_text(text) if text else None
        except (OSError, RuntimeError, ValueError, TypeError, LookupError):
            continue  # whatever it is, it is not what would be made
        if result is not None and result.made == made:
            return Done(result=result, path=path, again=True)
    return None


def digest(job: Job, labels: FrameLabels | None, plan: Plan) -> str:
    """Of everything that shapes the part: a change of any of it means to prepare again."""
    recording = job.recording
    files = [path for _, path in recording.pictures] or [recording.path]
    facts = [
        aukit.__version__,
        [job.video, job.subject, recording.session, recording.fps, recording.first_frame, recording.skip],
        [(number, path.name) for number, path in recording.pictures],
        [_state(path) for path in files],
        plan.framing.table(),
        [plan.data_set, plan.origin, plan.aus, plan.sources],
        [plan.encoding, plan.quality if plan.encoding == "jpeg" else 0],
    ]
    made = hashlib.sha256(json.dumps(facts).encode())
    if labels is not None:
        made.update(json.dumps(labels.notes).encode())
        for values in (labels.frame, labels.seconds, labels.intensity):
            made.update(b"-" if values is None else values.tobytes())
    return made.hexdigest()


def source_digest(recording: Recording) -> str:
    """Of a video file its content; of still pictures their numbers and sizes: there are too many to read twice."""
    found = hashlib.sha256()
    if recording.pictures:
        for number, path in recording.pictures:
            found.update(f"{number} {path.stat().st_size}\n".encode())
    else:
        with recording.path.open("rb") as file:
            while block := file.read(BLOCK):
                found.update(block)
    return f"sha256:{found.hexdigest()}"


def sources(options: dict[str, Any]) -> tuple[Any, ...]:
    """The state of files and folders that a locator's options name."""
    found = []
    for value in options.values():
        path = Path(value) if isinstance(value, str) and value else None
        if path and path.exists():
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            found += [(file.name, *_state(file)) for file in files]
    return tuple(found)


def with_pictures(job: Job) -> Job:
    """The job with its still pictures listed once and for all."""
    recording = job.recording
    return replace(job, recording=replace(recording, pictures=tuple(recording.pictures)))


def _state(path: Path) -> tuple[int, int]:
    """Size and time of change; nothing of a file that is not there, which whoever reads it will say."""
    try:
        facts = path.stat()
    except OSError:
        return (0, 0)
    return (facts.st_size, facts.st_mtime_ns)
