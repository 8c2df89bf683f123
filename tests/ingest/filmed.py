"""A data set of recordings, in a module that other processes can import. What goes wrong is asked for by video."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from aukit.contracts.data import FrameLabels, Recording
from aukit.contracts.schema import Schema, Split
from aukit.errors import DataError

SCHEMA = Schema(
    name="filmed",
    summary="",
    aus=("AU01", "AU12"),
    fps=25,
    subjects=("s1", "s2"),
    splits={"own": (Split(train=("s1",), test=("s2",)),)},
    origin="synthetic",
    terms="for tests",
)


class Filmed:
    """The video files of a folder, labelled on every frame unless `labels` says how many frames are."""

    def __init__(self, *, private: bool = False, labels: int = 20, **faults: str) -> None:
        self.schema = Schema(**{**SCHEMA.__dict__, "private": private})
        self.labels = labels
        self.faults = faults
        self.skip: tuple[tuple[int, int], ...] = ()

    def recordings(self, root: Path) -> Sequence[Recording]:
        paths = [path for path in sorted(root.iterdir()) if path.suffix == ".mp4"]
        return [
            Recording(
                video=path.stem,
                subject=f"s{number % 2 + 1}",
                session="monday",
                path=path,
                first_frame=1,
                labels=partial(read, self.labels, self.faults.get(path.stem, "")),
                skip=self.skip,
            )
            for number, path in enumerate(paths)
        ]


def levels(count: int) -> np.ndarray:
    """What the labels say: AU01 counts up and around, AU12 is not labelled."""
    found = np.full((count, 2), np.nan, np.float32)
    found[:, 0] = np.arange(count) % 6
    return found


def read(count: int, fault: str) -> FrameLabels:
    if fault == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "bad line":
        raise DataError("not a number: 'x'", where="labels.csv:7", hint="mend the line")
    if fault == "odd":
        raise ZeroDivisionError("odd")
    if fault == "wait":
        time.sleep(600)
    return FrameLabels(frame=np.arange(1, count + 1), intensity=levels(count), notes=("counted from 1",))
