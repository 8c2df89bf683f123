"""The check of data sets that are read as distributed catches each way to break the contract."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema, Split
from aukit.testing import ContractError, check_dataset

LABELS = FrameLabels(
    intensity=np.array([[1, np.nan], [5, 0]], np.float32), frame=np.array([3, 4], np.int64), notes=("two",)
)


def give(labels: Any) -> Any:
    return labels


class Recorded:
    """One recording. The arguments replace a field of the schema, of the recording, or of its labels."""

    def __init__(self, schema: Any = None, recording: Any = None, labels: Any = None, **extra: Any) -> None:
        facts = {
            "name": "lab",
            "summary": "ours",
            "aus": ("AU04", "AU12"),
            "fps": 20.0,
            "subjects": ("a", "b"),
        }
        self.schema = Schema(**{**facts, **(schema or {})})
        self.recording = recording or {}
        self.labels = replace(LABELS, **(labels or {}))
        for name, value in extra.items():
            setattr(self, name, value)

    def recordings(self, root: Path) -> list[Recording]:
        facts = {"video": "v", "subject": "a", "path": root / "v.mp4", "labels": partial(give, self.labels)}
        return [Recording(**{**facts, **self.recording})]


class Nothing(Recorded):
    def recordings(self, root: Path) -> list[Recording]:
        return []


class Twice(Recorded):
    def recordings(self, root: Path) -> list[Recording]:
        return super().recordings(root) * 2


class OtherOrder(Recorded):
    count = 0

    def recordings(self, root: Path) -> list[Recording]:
        OtherOrder.count += 1
        (one,) = super().recordings(root)
        return [one, replace(one, video="w")][:: 1 if OtherOrder.count % 2 else -1]


class Strange(Recorded):
    def recordings(self, root: Path) -> list[Any]:
        return [root / "v.mp4"]


class Later:
    """Gives other labels each time."""

    count = 0.0

    def __call__(self) -> FrameLabels:
        Later.count = (Later.count + 1) % 5
        return replace(LABELS, intensity=np.full((2, 2), Later.count, np.float32))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "v.mp4").touch()
    return tmp_path


RIGHT = [
    Recorded,
    partial(Recorded, recording={"subject": "", "labels": None}),
    partial(Recorded, schema={"subjects": ()}),
    partial(Recorded, recording={"pictures": ((1, Path("1.png")), (4, Path("4.png"))), "fps": 25.0}),
    partial(Recorded, labels={"frame": None, "seconds": np.array([0.1, 0.5])}),
    partial(Recorded, schema={"splits": {"mine": (Split(train=("a",), test=("b",)),)}}, notes=("one",)),
]
WRONG = [
    (Nothing, "it has no recordings"),
    (Strange, "its recordings are a .*Path"),
    (Twice, "two recordings have one name"),
    (OtherOrder, "asked again it gives other recordings, or another order"),
    (partial(Recorded, notes="one"), "its `notes` are no tuple"),
    (partial(Recorded, framing={}), "its `framing` is no Framing"),
    (partial(Recorded, schema={"fps": 0.0}), "its frame rate is 0.0"),
    (partial(Recorded, schema={"splits": {"s": (Split(train=("c",)),)}}), r"split `s` names \['c'\]"),
    (
        partial(Recorded, schema={"splits": {"s": (Split(train=("a",), test=("a",)),)}}),
        "one person in two parts",
    ),
    (partial(Recorded, recording={"subject": "c"}), "the subject `c` is not in its schema"),
    (partial(Recorded, recording={"path": Path("absent.mp4")}), "`absent.mp4` of recording `v` is not there"),
    (partial(Recorded, recording={"path": Path("/")}), "`v` is no file and has no pictures"),
    (partial(Recorded, recording={"skip": ((5, 2),)}), "`v` skips"),
    (
        partial(Recorded, recording={"pictures": ((2, Path("a")), (1, Path("b"))), "fps": 1.0}),
        "do not rise in number",
    ),
    (partial(Recorded, recording={"pictures": ((2, Path("a")),)}), "has pictures and no frame rate"),
    (partial(Recorded, recording={"labels": lambda: LABELS}), "cannot be copied to another process"),
    (
        partial(Recorded, recording={"labels": partial(give, 3)}),
        "the labels of recording `v` are no FrameLabels",
    ),
    (partial(Recorded, recording={"labels": Later()}), "has other labels when they are read again"),
    (partial(Recorded, labels={"intensity": np.zeros((2, 3), np.float32)}), r"expected float32 \(L, 2\)"),
    (partial(Recorded, labels={"intensity": np.full((2, 2), 9, np.float32)}), "is outside 0..5"),
    (partial(Recorded, labels={"seconds": np.array([0.1, 0.5])}), "name frames or seconds: one of them"),
    (
        partial(Recorded, labels={"frame": np.array([3], np.int64)}),
        r"are at int64 \(1,\), expected int64 \(L,\)",
    ),
    (
        partial(Recorded, labels={"frame": np.array([4, 4], np.int64)}),
        "the labels of recording `v` do not rise",
    ),
]


@pytest.mark.parametrize("right", RIGHT)
def test_a_right_data_set_of_recordings_passes(right: Any, root: Path) -> None:
    check_dataset(right, root=root)


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_a_wrong_data_set_of_recordings_is_caught(wrong: Any, sentence: str, root: Path) -> None:
    with pytest.raises(ContractError, match=sentence):
        check_dataset(wrong, root=root)


def test_it_needs_a_folder() -> None:
    with pytest.raises(ContractError, match="it reads files: say where some are"):
        check_dataset(Recorded)
