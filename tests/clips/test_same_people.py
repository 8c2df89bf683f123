"""People who are in two data sets under one id are one person, in whatever store they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aukit.builtin.schemas import BP4D, DISFA, DISFAPLUS
from aukit.clips.clipset import open_clips
from aukit.clips.merge import merge_stores
from aukit.clips.splits import overlap, refuse_overlap
from aukit.clips.writer import StoreWriter
from aukit.contracts.schema import Schema
from aukit.errors import DataError


def store(path: Path, schema: Schema, *people: str) -> Path:
    schema = replace(schema, aus=("AU12",))
    with StoreWriter(path, data_set=schema.name, origin="real", aus=("AU12",), size=16, schema=schema) as out:
        for person in people:
            frames = np.zeros((3, 16, 16, 3), np.uint8)
            out.add_video(f"{schema.name}-{person}", subject=person, fps=20.0, frames=frames)
    return path


def test_disfaplus_people_are_disfa_people(tmp_path: Path) -> None:
    disfa = open_clips([store(tmp_path / "disfa.h5", DISFA, "SN001", "SN002")])
    plus = open_clips([store(tmp_path / "plus.h5", DISFAPLUS, "SN001", "SN003")])
    other = open_clips([store(tmp_path / "bp4d.h5", BP4D, "F001")])
    assert plus.people == {("disfa", "SN001"), ("disfa", "SN003")}
    found = overlap({"pretrain": plus, "finetune": other}, disfa)
    assert found == {"pretrain": ("disfa/SN001",), "finetune": ()}
    with pytest.raises(DataError, match="stage `pretrain` sees test people: disfa/SN001"):
        refuse_overlap(found)


def test_they_stay_the_same_people_in_a_merged_store(tmp_path: Path) -> None:
    stores = [store(tmp_path / "a.h5", DISFA, "SN001"), store(tmp_path / "b.h5", DISFAPLUS, "SN001", "SN003")]
    merged = merge_stores(stores, tmp_path / "merged.h5")
    again = merge_stores([merged, store(tmp_path / "c.h5", BP4D, "F001")], tmp_path / "again.h5")
    for path, rest in ((merged, set()), (again, {("bp4d", "F001")})):
        clips = open_clips([path])
        assert clips.people == {("disfa", "SN001"), ("disfa", "SN003"), *rest}
        assert {clip.data_set for clip in clips.clips} >= {"disfa", "disfaplus"}
