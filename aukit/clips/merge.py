"""Several clip stores as one. Frames are copied as they are stored: nothing is decoded, and memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aukit.clips import format as layout
from aukit.clips.progress import FrameProgress, OnEvent
from aukit.clips.reader import ClipStore, attributes, readable
from aukit.clips.space import require_space
from aukit.clips.video_writer import contiguous, storage
from aukit.clips.writer import StoreWriter
from aukit.contracts.run import Note
from aukit.contracts.schema import ORIGINS, Schema
from aukit.errors import DataError

PIECE_BYTES = 1 << 23
"""About so much is copied at once."""


def merge_stores(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    union: bool = False,
    mix_origins: bool = False,
    overwrite: bool = False,
    on_event: OnEvent | None = None,
) -> Path:
    """Write the videos of several stores into one, in their order.

    People of one name in one data set are one person. Where the stores hold several data sets, each video keeps the
    name of its own.

    Args:
        paths: the stores.
        out: the store to make.
        union: stores may have different AUs; a video is unlabelled in those that its store lacks.
        mix_origins: stores may differ in origin; the whole then goes by the least real one.
        overwrite: replace a store that exists.
        on_event: called with `Progress`, counted in frames, and with `Note`.

    Raises:
        DataError: a store cannot be read; they differ in frame size, encoding, crop rule, locator, AUs or origin; two
            videos have one name; `out` exists.
        StorageError: the disk is full or the folder cannot be written.
    """
    stores = [ClipStore(path) for path in paths]
    tell = on_event or (lambda event: None)
    if not stores:
        raise DataError("no store to merge is named")
    for what, values in (
        ("frame size", [store.size for store in stores]),
        ("encoding", [store.encoding for store in stores]),
        ("crop rule", [dict(store.crop) for store in stores]),
        ("locator", [store.locator for store in stores]),
    ):
        _require_one(stores, what, values)
    origins = [store.origin for store in stores]
    if not mix_origins:
        _require_one(
            stores, "origin", origins, hint="`--mix-origins` marks the whole with the least real word"
        )
    aus = tuple(dict.fromkeys(au for store in stores for au in store.aus))
    for store in stores:
        lacking = [au for au in aus if au not in store.aus]
        if lacking and not union:
            hint = "`--union` keeps all AUs, unlabelled where a store has none"
            raise DataError(f"has no column for {', '.join(lacking)}", where=str(store.path), hint=hint)
    _require_names(stores)
    data_sets = tuple(dict.fromkeys(video.data_set for store in stores for video in store.videos))
    schema = _schema([store.schema for store in stores], aus, tell)
    total = sum(video.length for store in stores for video in store.videos)
    if not Path(out).exists() or overwrite:  # else the writer refuses
        require_space(Path(out), sum(store.path.stat().st_size for store in stores))
    progress = FrameProgress(f"merge {Path(out).name}", total, on_event)
    with StoreWriter(
        out,
        data_set="+".join(data_sets),
        origin=max(origins, key=ORIGINS.index),
        aus=aus,
        size=stores[0].size,
        crop=stores[0].crop,
        locator=stores[0].locator,
        terms="; ".join(dict.fromkeys(store.terms for store in stores if store.terms)),
        schema=schema,
        encoding=stores[0].encoding,
        overwrite=overwrite,
    ) as writer:
        for store in stores:
            for video in store.videos:
                copy_video(store, video.id, writer, data_set=video.data_set if len(data_sets) > 1 else "")
                progress.add(video.length)
    return Path(out)


def copy_video(store: ClipStore, video: str, writer: StoreWriter, *, data_set: str = "") -> None:
    """Copy one video with all that is known of it: frames into one block, labels into the writer's columns of AUs.

    Args:
        store, video: what is copied; size and encoding are the writer's.
        writer: where to.
        data_set: noted with the video, where the new store will hold several.

    Raises:
        DataError: the video cannot be read, or its name is taken.
        StorageError: it cannot be written.
    """
    with readable(store.path):
        source = store.file[f"{layout.VIDEOS}/{layout.group_name(video)}"]
        facts = attributes(source)
        names = [name for name in source if name not in ("frames", "jpeg", "intensity")]
        columns = {name: source[name][()] for name in names}
        labels = source["intensity"][()]
    if data_set:
        facts["data_set"] = data_set
        facts.setdefault("people_of", store.schema.people_of if store.schema else "")
    group = writer.group(video, facts)
    wide = np.full((len(labels), len(writer.aus)), np.nan, np.float32)
    wide[:, [writer.aus.index(au) for au in store.aus]] = labels
    data = "jpeg" if store.encoding == "jpeg" else "frames"
    _copy(source[data], contiguous(group, data, source[data].shape), store.path, writer.path)
    with storage(writer.path):
        for name, values in {"intensity": wide, **columns}.items():
            group.create_dataset(name, data=values)


def _copy(source: h5py.Dataset, target: h5py.Dataset, read: Path, written: Path) -> None:
    # Whole chunks at a time: a part of one would be read twice.
    rows = source.chunks[0] if source.chunks else 1
    row = int(np.prod(source.shape[1:], dtype=np.int64))
    step = rows * max(1, PIECE_BYTES // (rows * row))
    for start in range(0, len(source), step):
        with readable(read):
            piece = source[start : start + step]
        with storage(written):
            target[start : start + step] = piece


def _require_one(stores: Sequence[ClipStore], what: str, values: Sequence[Any], *, hint: str = "") -> None:
    for store, value in zip(stores, values, strict=True):
        if value != values[0]:
            raise DataError(
                f"its {what} is {_spoken(value)}; that of {stores[0].path} is {_spoken(values[0])}",
                where=str(store.path),
                hint=hint or "prepare both in the same way",
            )


def _spoken(value: Any) -> str:
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return str(value) if value else "not known"


def _require_names(stores: Iterable[ClipStore]) -> None:
    """Each video has a name of its own. Pseudonyms of two keys are no names to compare."""
    found: dict[str, ClipStore] = {}
    for store in stores:
        for video in store.videos:
            other = found.setdefault(video.id, store)
            if other is not store:
                private = any(one.schema is not None and one.schema.private for one in (store, other))
                hint = "name each store once"
                if private and other.path.resolve() != store.path.resolve():
                    hint = "give own videos their pseudonyms from one file: `aukit prepare ... --people FILE.csv`"
                raise DataError(
                    f"two videos are called {video.id!r}: one here, one in {other.path}",
                    where=str(store.path),
                    hint=hint,
                )


def _schema(schemas: Sequence[Schema | None], aus: tuple[str, ...], tell: OnEvent) -> Schema | None:
    """What the stores agree on: all of it, or one data set's people without its protocols, or nothing."""
    first = schemas[0]
    if all(schema == first for schema in schemas):
        return first
    known = [schema for schema in schemas if schema is not None]
    if first is not None and len(known) == len(schemas) and len({schema.name for schema in known}) == 1:
        tell(
            Note(
                text="the stores differ in their protocols, so the named splits are left out", level="warning"
            )
        )
        people = tuple(dict.fromkeys(one for schema in known for one in schema.subjects))
        private = any(schema.private for schema in known)
        return replace(first, aus=aus, subjects=people, splits={}, private=private)
    text = "the data sets have no schema in common, so the named splits are left out"
    tell(Note(text=f"{text}; a recipe can also name the stores one by one", level="warning"))
    return None
