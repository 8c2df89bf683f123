"""From a data set's sources to a clip store, the frames made by several processes."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from pathlib import Path

from aukit.clips.progress import FrameProgress, OnEvent
from aukit.clips.space import require_space
from aukit.clips.video_writer import VideoWriter
from aukit.clips.writer import StoreWriter
from aukit.contracts.data import Chunk, Dataset, Source
from aukit.errors import DataError, UsageError
from aukit.ingest.process import cores
from aukit.ingest.workers import read_in_processes


def make_store(
    dataset: Dataset,
    path: str | Path,
    *,
    root: Path | None = None,
    encoding: str = "raw",
    quality: int = 90,
    processes: int = 0,
    overwrite: bool = False,
    on_event: OnEvent | None = None,
) -> Path:
    """Write all videos of a data set into one store. Its content does not depend on `processes`.

    Args:
        dataset: what gives the videos.
        path: the store to make.
        root: where the data set's files are; one that makes its own frames takes none.
        encoding, quality, overwrite: as for `StoreWriter`.
        processes: how many make frames; 0 is one a core. A data set that cannot be copied to another process
            is read in this one.
        on_event: called with `Progress`, counted in frames.

    Raises:
        UsageError: the data set has recordings to be prepared, not videos.
        DataError: no videos, videos that do not fit each other, or `path` exists.
        StorageError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    if not hasattr(dataset, "videos"):
        name = dataset.schema.name
        hint = f"recordings are located and cropped first: `aukit prepare {name} ROOT --out {path}`"
        raise UsageError(f"`{name}` makes no frames of its own", hint=hint)
    sources = list(dataset.videos(root))
    if not sources:
        hint = "check that the folder is laid out as the data set's own documentation says"
        raise DataError(f"no videos of `{dataset.schema.name}` found", where=str(root or ""), hint=hint)
    progress = FrameProgress(f"make {path.name}", sum(source.length for source in sources), on_event)
    count = min(processes or cores(), len(sources))
    read = read_in_processes(dataset, root, len(sources), count) if count > 1 else None
    with contextlib.ExitStack() as stack:
        chunks = stack.enter_context(contextlib.closing(read or _read_here(sources)))
        videos: list[VideoWriter] = []
        ended: set[int] = set()
        closed = 0
        for number, chunk in chunks:
            if chunk is None:
                ended.add(number)
                # In order, so that the file is the same whoever was first.
                while closed in ended and videos:
                    videos[closed].close()
                    closed += 1
                continue
            if not videos:  # the first frames say how large all of them are
                size = (chunk.frames.shape[1], chunk.frames.shape[2])
                if encoding == "raw":
                    need = sum(source.length for source in sources) * size[0] * size[1] * 3
                    require_space(path, need, hint="free some space, write elsewhere, or take encoding jpeg")
                writer = StoreWriter(
                    path,
                    data_set=dataset.schema.name,
                    origin=dataset.schema.origin,
                    aus=dataset.schema.aus,
                    size=size,
                    schema=dataset.schema,
                    encoding=encoding,
                    quality=quality,
                    overwrite=overwrite,
                )
                stack.enter_context(writer)
                videos = [_open(writer, source) for source in sources]
            videos[number].append(chunk)
            progress.add(len(chunk.frames))
        if not videos:
            raise DataError(f"no video of `{dataset.schema.name}` has a frame", where=str(root or ""))
    return path


def _read_here(sources: Sequence[Source]) -> Generator[tuple[int, Chunk | None]]:
    for number, source in enumerate(sources):
        for chunk in source.read():
            yield number, chunk
        yield number, None


def _open(writer: StoreWriter, source: Source) -> VideoWriter:
    return writer.video(
        source.video,
        subject=source.subject,
        session=source.session,
        fps=source.fps,
        length=source.length,
        digest=source.digest,
    )
