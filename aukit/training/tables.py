"""One [data] table: its stores opened, or made where they are generated, and its people split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.blocks import BY_PERSON, SAME_PEOPLE, cut_blocks
from aukit.clips.clipset import Clip, ClipSet, open_clips
from aukit.clips.masks import count_labels
from aukit.clips.reader import ClipStore
from aukit.clips.splits import resolve_split, split_clips
from aukit.contracts.faces import Framing
from aukit.contracts.params import Choice
from aukit.contracts.run import Event, Note
from aukit.contracts.schema import Schema
from aukit.hosting.build import build
from aukit.hosting.registry import Registry
from aukit.ingest.make import make_store
from aukit.recipe import Recipe, SplitBlocks
from aukit.rundir.atomic import storage
from aukit.training.framing import framing_of, in_words, shared_framing


@dataclass(frozen=True, kw_only=True)
class Table:
    """One [data] table, open: who is in which part, and the clips of each part; `files` are its stores.

    A generated table that is only planned, not made, has `made` False: its frames are black and its labels 0.
    `protocol`: the parts are made of other people (`BY_PERSON`), or of other stretches of the same people's videos
    (`SAME_PEOPLE`); `cut` then says which. `framing`: how faces were found and cut, None for ready-made squares.
    """

    name: str
    files: tuple[Path, ...]
    split: Mapping[str, Sequence[str]]
    parts: Mapping[str, ClipSet]
    protocol: str = BY_PERSON
    cut: Mapping[str, Any] = field(default_factory=dict)
    terms: str = ""
    cite: str = ""
    framing: Framing | None = None
    made: bool = True

    @property
    def origin(self) -> str:
        """Where its frames come from."""
        return self.parts["train"].origin

    @property
    def aus(self) -> tuple[str, ...]:
        """The AUs it has labels of."""
        return self.parts["train"].aus

    def facts(self) -> dict[str, Any]:
        """What data.json keeps: files with size and digest, people, clips and frames of each part."""
        return {
            "files": [file_facts(path) for path in self.files],
            "data_sets": sorted({clip.data_set for clips in self.parts.values() for clip in clips.clips}),
            "origin": self.origin,
            "terms": self.terms,
            "cite": self.cite,
            "size": list(self.parts["train"].size),
            "framing": in_words(self.framing),
            "aus": list(self.aus),
            "protocol": self.protocol,
            "split": {part: list(people) for part, people in self.split.items()},
            **self.cut,
            "clips": {part: [clip.id for clip in clips.clips] for part, clips in self.parts.items()},
            "frames": {part: clips.frames for part, clips in self.parts.items()},
            "levels": {part: count_labels(clips).levels for part, clips in self.parts.items()},
            "fps": sorted({round(clip.fps, 3) for clips in self.parts.values() for clip in clips.clips}),
        }


def open_table(
    recipe: Recipe, name: str, *, registry: Registry, emit: Callable[[Event], None], make: bool = True
) -> Table:
    """Open one table; a data set that makes its own frames is written to a store first, once.

    Raises:
        DataError: as `open_data`.
    """
    table = recipe.data[name]
    paths = table_paths(recipe, name)
    if table.dataset and make:
        generate(table.dataset, paths[0], registry=registry, emit=emit)
    made = not table.dataset or paths[0].exists()
    if made:
        stores = [ClipStore(path) for path in paths]
        clips, schema = open_clips(stores), stores[0].schema
        framings = {str(store.path): framing_of(store.crop, where=str(store.path)) for store in stores}
        more: dict[str, Any] = {"terms": stores[0].terms, "framing": shared_framing(framings)}
    else:
        clips, schema = promised(recipe.data[name].dataset, registry)
        more = {"terms": schema.terms}
    known = recipe.schemas.get(name) or schema
    more["cite"] = known.cite if known else ""
    presets = schema if known and known.example else known
    return Table(name=name, files=paths, made=made, **_parts(recipe, name, clips, presets), **more)


def _parts(recipe: Recipe, name: str, clips: ClipSet, schema: Schema | None) -> dict[str, Any]:
    """The facts of a table that its split decides."""
    table, where = recipe.data[name], recipe.where(f"data.{name}.split")
    if isinstance(table.split, SplitBlocks):
        # every video has blocks in each part, so a limit of videos is one of whole videos
        whole = clips if table.max_videos is None else clips.first(table.max_videos)
        cut = cut_blocks(whole, **table.split.table(), seed=recipe.seed, where=where)
        people = {part: sorted({clip.person[1] for clip in own.clips}) for part, own in cut.parts.items()}
        return {"split": people, "parts": cut.parts, "protocol": SAME_PEOPLE, "cut": cut.facts()}
    split = table.split if isinstance(table.split, str) else table.split.table()
    found = resolve_split(clips, split, schema=schema, fold=table.fold, seed=recipe.seed, where=where)
    parts = split_clips(clips, found)
    if table.max_videos is not None:
        parts = {part: own.first(table.max_videos) for part, own in parts.items()}
    return {"split": dict(found.parts()), "parts": parts}


def promised(dataset: Choice | None, registry: Registry) -> tuple[ClipSet, Schema]:
    """What a generated data set will hold, known from its sources alone: every frame black and labelled 0."""
    assert dataset is not None
    source = build("dataset", dataset.name, registry=registry, **dataset.params)
    schema: Schema = source.schema
    side = int(dataset.params.get("size", 128))

    def black(start: int, stop: int, stride: int = 1) -> NDArray[np.uint8]:
        return np.zeros((len(range(start, stop, stride)), side, side, 3), np.uint8)

    clips = tuple(
        Clip(
            id=f"{schema.name}/{video.video}",
            data_set=schema.name,
            subject=video.subject,
            fps=video.fps,
            segments=((0, video.length),),
            labels=np.zeros((video.length, len(schema.aus)), np.float32),
            timestamps=np.arange(video.length, dtype=np.float64) / video.fps,
            read=black,
        )
        for video in source.videos()
    )
    return ClipSet(clips=clips, aus=schema.aus, size=(side, side), origin=schema.origin), schema


def table_paths(recipe: Recipe, name: str) -> tuple[Path, ...]:
    """The files of a table: those it names, or the one in which a generated data set is kept in the data root."""
    table = recipe.data[name]
    if not table.dataset:
        return recipe.files(name)
    provided = recipe.components[f"data.{name}"]
    said = [provided.provider, provided.version, provided.name, table.dataset.params]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, default=list).encode()).hexdigest()[:12]
    return (Path(recipe.compute.data_root).expanduser() / f"{provided.name}-{digest}.h5",)


def generate(dataset: Choice, path: Path, *, registry: Registry, emit: Callable[[Event], None]) -> None:
    """Make the store of a generated data set, unless it is there."""
    if path.exists():
        return
    emit(Note(text=f"making {path}; it is kept and used again"))
    with storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    source = build("dataset", dataset.name, registry=registry, **dataset.params)
    make_store(source, path, on_event=emit)


def file_facts(path: Path) -> dict[str, Any]:
    """Name, size and a digest of a store: of its first and last megabyte, so that it takes no time."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(1 << 20))
        file.seek(max(0, size - (1 << 20)))
        digest.update(file.read(1 << 20))
    return {"path": str(path), "bytes": size, "digest": digest.hexdigest()[:32]}
