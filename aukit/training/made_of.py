"""All that a stage's output is made of. Two runs that agree in it would compute the same: one may take the other's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import aukit
from aukit.clips.masks import mask_to_table
from aukit.recipe import Recipe
from aukit.rundir.shared import address
from aukit.training import distributed
from aukit.training.data import RunData
from aukit.training.model import PARTS
from aukit.training.saved import WEIGHTS


def made_of(recipe: Recipe, data: RunData, device: str) -> dict[str, dict[str, Any]]:
    """By stage: its parameters and data, the model it starts from, and the code that computes it.

    Where it starts from is the model's description and what the stages before it are made of.
    """
    tables = recipe.tables()
    start: dict[str, Any] = {
        "model": {part: tables["model"][part] for part in PARTS},
        "aus": list(data.aus),
        "weights": data.weights.facts(data.aus)["sha256"] if data.weights else "",
        "seed": recipe.seed,
    }
    found = {}
    for name in recipe.stages:
        found[name] = {
            "stage": name,
            "does": tables["stages"][name],
            "starts from": start,
            "data": _data(data, name),
            "other runs": [_model_digest(Path(run)) for run in recipe.params(f"stages.{name}").runs()],  # type: ignore[attr-defined]
            "computed": {
                "precision": recipe.compute.precision,
                "device": device.partition(":")[0],
                "processes": distributed.size(),
            },
            "code": _code(recipe),
        }
        start = {"stage": address(found[name])}
    return found


def _data(data: RunData, name: str) -> dict[str, Any]:
    stage = data.stages[name]
    return {
        "files": [
            {key: value for key, value in file.items() if key != "path"}
            for table in stage.tables
            for file in data.tables[table].facts()["files"]
        ],
        "clips": {
            part: [[clip.id, clip.first, clip.length] for clip in clips.clips]
            for part, clips in (("train", stage.train), ("validation", stage.validation))
        },
        "labels": {part: mask_to_table(mask, data.aus)["videos"] for part, mask in stage.masks.items()},
    }


def _model_digest(run: Path) -> str:
    return hashlib.sha256((run.expanduser() / "model" / WEIGHTS).read_bytes()).hexdigest()


def _code(recipe: Recipe) -> dict[str, str]:
    """What computes: aukit's own source, torch, and the plugins whose components take part."""
    plugins = {
        item.provider: f"{item.version} {_digest(Path(item.file)) if item.file else ''}".strip()
        for item in recipe.components.values()
        if item.provider != "aukit"
    }
    return {"aukit": _own_code(), "torch": metadata.version("torch"), **plugins}


@cache
def _own_code() -> str:
    digest = hashlib.sha256()
    for room in ("builtin", "clips", "evaluation", "training"):
        for file in _sources(Path(aukit.__file__).parent / room):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:24]


def _sources(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.py"))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""
