"""Data that are not on disk: how to get them, and synthetic ones of the same schema to run with meanwhile."""

from __future__ import annotations

import os
import zlib
from typing import Any

from aukit.contracts.schema import Schema
from aukit.errors import Problem
from aukit.recipe.draft import Draft
from aukit.recipe.recipe import Recipe
from aukit.recipe.tables import SplitBlocks

OPTION = "--stand-in"
PEOPLE = 12
"""People of a stand-in whose data set does not name its own."""
FEW = 4
"""Those of one whose videos are cut into blocks: its people are in every part."""
FRAMES = 240
"""Frames of each stand-in video: twelve seconds at 20 a second hold several expressions."""
SIZE = 128
"""Pixels a side, as prepared files have (paper, section 4)."""


def missing_data(recipe: Recipe) -> list[Problem]:
    """One problem for each file that a stage or the evaluation needs and that is not there, with ways to get it."""
    found = []
    for name in recipe.used_data():
        for written, file in zip(recipe.data[name].path, recipe.files(name), strict=True):
            if not file.is_file():
                path = f"data.{name}.path"
                shown = os.path.relpath(file) if file.is_relative_to(os.getcwd()) else str(file)
                hint = "\n".join(_ways(recipe, name, written, shown))
                message = f"there is no file `{shown}`"
                found.append(Problem(where=recipe.where(path), path=path, message=message, hint=hint))
    return found


def _ways(recipe: Recipe, name: str, written: str, shown: str) -> list[str]:
    schema = recipe.schemas.get(name)
    ways = []
    if schema and schema.example:
        ways.append(f"to make it of a folder of videos: `aukit prepare {schema.name} FOLDER --out {shown}`")
    if schema and schema.obtain:
        ways.append(f"get `{schema.name}` ({schema.obtain}) and prepare it as this clip store")
    if not os.path.isabs(os.path.expanduser(written)):
        ways.append("if it is elsewhere, `--data-root DIR` or AUKIT_DATA says where relative paths start")
    if schema:
        ways.append(f"`{OPTION}` runs this recipe on synthetic faces in its place")
    else:
        ways.append(f"to make synthetic faces there: `aukit data make synthetic --out {shown}`")
        ways.append(f"for `{OPTION}`, say in `data.{name}.schema` which data set it is")
    return ways


def stand_in(draft: Draft, recipe: Recipe) -> None:
    """Put synthetic faces into each [data] table whose files are not there and whose schema is known."""
    for name, table in recipe.data.items():
        if name in recipe.schemas and any(not file.is_file() for file in recipe.files(name)):
            call = _call(recipe.schemas[name], table.split)
            split = table.split if isinstance(table.split, str) else table.split.table()
            limit = {} if table.max_videos is None else {"max_videos": table.max_videos}
            whole = {**call, "schema": table.schema, "split": split, "fold": table.fold, **limit}
            draft.put(("data", name), whole, OPTION)


def _call(schema: Schema, split: object) -> dict[str, Any]:
    people, frames = PEOPLE, FRAMES
    if isinstance(split, SplitBlocks):  # few people, each long enough for gaps between the blocks
        people, frames = FEW, max(FRAMES, round(2 * split.gap * split.blocks * schema.fps))
    names = schema.subjects or tuple(f"{schema.name}-{number:02}" for number in range(1, people + 1))
    labels = {"aus": list(schema.aus)} if schema.aus else {}
    return {
        "name": "synthetic",
        "data_set": schema.name,
        "origin": "stand-in",
        "subjects": list(names),
        **labels,
        "fps": schema.fps,
        "frames": frames,
        "size": SIZE,
        # Two stand-ins are two sets of people.
        "seed": zlib.crc32(schema.name.encode()) % 2**31,
    }
