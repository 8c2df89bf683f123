"""From recordings as they are distributed to a clip store: each becomes a part, and the parts become one."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aukit.clips.merge import copy_video
from aukit.clips.progress import FrameProgress, OnEvent
from aukit.clips.reader import ClipStore
from aukit.clips.space import require_space
from aukit.contracts.component import Component
from aukit.contracts.data import RecordedDataset, Recording
from aukit.contracts.faces import Framing
from aukit.contracts.run import Note
from aukit.contracts.schema import Schema
from aukit.errors import DataError, Interrupted, MissingExtraError, StorageError, UsageError
from aukit.hosting.build import construct, validate
from aukit.hosting.host import load_host
from aukit.hosting.registry import Provided, Registry
from aukit.ingest.crew import prepare_all
from aukit.ingest.parts import Done, Job, Plan, sources
from aukit.ingest.people import Pseudonyms, hidden
from aukit.ingest.prepare_report import Failed, PrepareReport, failure
from aukit.ingest.process import cores
from aukit.ingest.video import probe
from aukit.rundir.atomic import write_json

UNKNOWN = 1000
"""Frames that a recording is taken to have, where nothing tells."""


def prepare(
    dataset: RecordedDataset,
    out: str | Path,
    *,
    root: str | Path,
    framing: Framing | None = None,
    registry: Registry | None = None,
    encoding: str = "raw",
    quality: int = 90,
    processes: int = 0,
    names: bool = False,
    people: str | Path | None = None,
    limit: int = 0,
    overwrite: bool = False,
    settings: Mapping[str, Any] | None = None,
    on_event: OnEvent | None = None,
) -> PrepareReport:
    """Write the faces of all recordings under `root`, with their labels, into one store, and a report beside it.

    Each recording becomes a part in the folder `OUT.parts`, and all parts together the store; then the folder is
    removed. Who runs the same again after an interruption goes on from the parts, or with `overwrite` from the store: a
    recording whose files, labels and settings are the same is not prepared twice. A recording that cannot be prepared
    is in the report, and the others are prepared all the same.

    Args:
        dataset: what knows the recordings.
        out: the store to make. `OUT.report.json` lies beside it, and where there are pseudonyms, `OUT.people.csv`.
        root: where the data set's files are.
        framing: how faces are found and cut; None: the data set's own, or else the defaults.
        registry: where the locator is looked up.
        encoding, quality: as for `StoreWriter`. While the parts are put together, both they and the store take space.
        processes: how many work, each on whole recordings; 0: one a core.
        names: keep the names of own subjects and videos; else pseudonyms stand for them.
        people: the file of pseudonyms, where several stores share one.
        limit: prepare the first recordings only; 0: all.
        overwrite: replace a store that exists.
        settings: further facts for the report, such as the data set's parameters.
        on_event: called with `Progress`, counted in frames, and with `Note`.

    Raises:
        UsageError: the data set has no recordings, or the framing fits no store.
        DataError: `out` exists; there are no recordings, or two of one name; not one could be prepared.
        StorageError: the disk is full or too small, or the folder cannot be written. Finished parts stay.
        MissingExtraError: videos or the locator need packages that are not installed.
        Interrupted: by Ctrl-C. Finished parts stay.
    """
    begun, out = time.monotonic(), Path(out)
    if out.exists() and not overwrite:
        hint = "--force replaces it; a video that was prepared in the same way is then taken from it"
        raise DataError("exists already", where=str(out), hint=hint)
    registry = registry or load_host()
    provided, framing = _locator(framing or getattr(dataset, "framing", None) or Framing(), registry)
    recordings = _recordings(dataset, Path(root), limit)
    schema = dataset.schema
    key = None if names or not schema.private else Pseudonyms(Path(people or f"{out}.people.csv"))
    jobs, called = _jobs(recordings, key)
    plan = Plan(
        parts=Path(f"{out}.parts"),
        store=out,
        framing=framing,
        locator=provided,
        data_set=schema.name,
        origin=schema.origin,
        aus=schema.aus,
        fps=schema.fps,
        encoding=encoding,
        quality=quality,
        sources=sources(framing.options),
    )
    work = _Work(plan, jobs, on_event or (lambda event: None))
    notes = _notes(dataset, jobs)
    for note in notes:
        work.tell(Note(text=note, level="warning"))
    if encoding == "raw":
        _require_space(plan, jobs)
    with _resumable(plan, work):
        if key:
            key.save()
            schema = hidden(schema, key.found["subject"])
        files = [Path(item.file) for item in registry.provided_components if item.provider.endswith(".py")]
        work.prepare(processes or cores(), list(dict.fromkeys(files)))
        if work.done:
            work.merge(schema)
        report = PrepareReport(
            store=out,
            data_set=schema.name,
            origin=schema.origin,
            done=tuple(work.done[number] for number in sorted(work.done)),
            failed=tuple(work.failed[number] for number in sorted(work.failed)),
            notes=tuple(notes),
            settings={
                **(settings or {}),
                "framing": framing.table(),
                "encoding": encoding,
                "quality": quality if encoding == "jpeg" else None,
                "processes": processes or cores(),
            },
            seconds=time.monotonic() - begun,
            names=called,
        )
        write_json(Path(f"{out}.report.json"), report.document())
        shutil.rmtree(plan.parts, ignore_errors=True)
    if not report.done:
        first = report.failed[0]
        what = "the recording" if len(jobs) == 1 else f"none of {len(jobs)} recordings"
        raise DataError(f"{what} could be prepared: {first.reason}", where=first.where, hint=first.mend)
    return report


@dataclass
class _Work:
    """The recordings on their way, by number: what is done and what failed."""

    plan: Plan
    jobs: Sequence[Job]
    tell: OnEvent
    done: dict[int, Done] = field(default_factory=dict)
    failed: dict[int, Failed] = field(default_factory=dict)

    def prepare(self, processes: int, files: Sequence[Path]) -> None:
        """Make all parts."""
        expected = [job.frames for job in self.jobs]
        progress = FrameProgress(f"prepare {self.plan.store.name}", sum(expected), self.tell)
        made = [0] * len(self.jobs)
        self.plan.parts.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(prepare_all(self.jobs, self.plan, processes, files)) as answers:
            for number, answer in answers:
                if isinstance(answer, int):
                    made[number] += answer
                    progress.total += max(0, made[number] - expected[number])
                    expected[number] = max(expected[number], made[number])
                    progress.add(answer)
                    continue
                if isinstance(answer, StorageError | MissingExtraError):
                    raise answer
                if isinstance(answer, Done):
                    self.done[number] = answer
                    frames = answer.result.frames if answer.again else made[number]
                else:
                    self.failed[number] = failure(self.jobs[number].video, answer)
                    frames = made[number]
                progress.total += frames - expected[number]
                progress.add(frames - made[number], before=True)

    def merge(self, schema: Schema) -> None:
        """Make the parts one store, in the order of the recordings."""
        plan, results = self.plan, [self.done[number] for number in sorted(self.done)]
        total = sum(one.result.frames for one in results)
        progress = FrameProgress(f"write {plan.store.name}", total, self.tell)
        with plan.writer(plan.store, schema) as writer:
            for one in results:
                with contextlib.closing(ClipStore(one.path)) as part:
                    copy_video(part, one.result.video, writer)
                progress.add(one.result.frames)


@contextlib.contextmanager
def _resumable(plan: Plan, work: _Work) -> Iterator[None]:
    """Whatever ends the work, finished parts stay, and the error says how to go on."""
    again = "run the same command again: it goes on from there"
    try:
        yield
    except KeyboardInterrupt as stop:
        message = f"interrupted; {len(work.done)} of {len(work.jobs)} videos are prepared and stay"
        raise Interrupted(message, where=str(plan.parts), hint=again) from stop
    except StorageError as error:
        error.hint = f"free some space or write elsewhere; what is prepared stays, and {again}"
        raise
    finally:
        for rest in plan.parts.glob(".*.partial"):  # of processes that were stopped
            rest.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            plan.parts.rmdir()  # where nothing is in it


def _locator(framing: Framing, registry: Registry) -> tuple[Provided[Component], Framing]:
    """The locator's record, and the framing with the digest of its weights."""
    if framing.faces.follow == "all":
        hint = "choose `largest`, `central` or `track`"
        raise UsageError("a store has one person a video, so nobody can be asked to follow `all`", hint=hint)
    provided = registry.find("locator", framing.locator)
    built = construct(provided, validate(provided, framing.options), {})
    return provided, framing.model_copy(update={"weights": getattr(built, "weights", "")})


def _recordings(dataset: RecordedDataset, root: Path, limit: int) -> list[Recording]:
    name = dataset.schema.name
    if not hasattr(dataset, "recordings"):
        hint = f"it makes its own frames: `aukit data make {name} --out FILE.h5`"
        raise UsageError(f"`{name}` has no recordings to prepare", hint=hint)
    found = list(dataset.recordings(root))
    if not found:
        hint = "check that the folder is laid out as the data set's own documentation says"
        raise DataError(f"no recordings of `{name}`", where=str(root), hint=hint)
    twice = [video for video, count in Counter(recording.video for recording in found).items() if count > 1]
    if twice:
        paths = " and ".join(str(recording.path) for recording in found if recording.video == twice[0])
        raise DataError(f"two recordings are called {twice[0]!r}: {paths}", where=str(root))
    return found[: limit or None]


def _jobs(recordings: Sequence[Recording], key: Pseudonyms | None) -> tuple[list[Job], dict[str, str]]:
    """What is to be done, and which names are not to be told."""
    jobs, called = [], dict[str, str]()
    for recording in recordings:
        video, subject = recording.video, recording.subject
        if key:
            video = key.of("video", recording.video)
            for name in (recording.video, recording.path.name, recording.path.stem, str(recording.path)):
                called[name] = video
            if subject == recording.video:  # nobody knows who it is
                subject = video
            elif subject:
                called[subject] = subject = key.of("subject", subject)
        jobs.append(Job(recording=recording, video=video, subject=subject, frames=_length(recording)))
    return jobs, called


def _length(recording: Recording) -> int:
    """About how many frames a recording has: as its container says, or else a guess; 0 where it cannot be read."""
    try:
        if recording.pictures:
            return len(recording.pictures)
        facts = probe(recording.path)
    except (DataError, OSError):
        return 0  # whoever prepares it will say why
    return facts.frames or round(facts.seconds * facts.fps) or UNKNOWN


def _notes(dataset: RecordedDataset, jobs: Sequence[Job]) -> list[str]:
    notes = [str(note) for note in getattr(dataset, "notes", ())]
    other = dataset.schema.people_of
    if other:
        notes.append(
            f"these people are people of `{other}`, too: a test on one is no test of a model of the other"
        )
    return notes


def _require_space(plan: Plan, jobs: Sequence[Job]) -> None:
    """Raw frames take their space twice, in the parts and in the store, less what is there already."""
    need = 2 * sum(job.frames for job in jobs) * plan.framing.crop.size**2 * 3
    there = [*plan.parts.glob("*.h5"), *([plan.store] if plan.store.exists() else [])]
    hint = "free some space, write elsewhere, or take --encoding jpeg"
    require_space(plan.store, need - sum(path.stat().st_size for path in there), hint=hint)
