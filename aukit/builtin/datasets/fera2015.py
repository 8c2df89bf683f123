"""FERA 2015: BP4D's 41 people as the challenge gave them out, with its partition.

The files are BP4D's: `BP4D-training/F001/T1/2440.jpg`, `AU Intensity Codes3.0/AU06/F001_T1_AU06.csv`. The challenge's
test people were never given out with labels; its SEMAINE part has no intensities. Neither is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from aukit.builtin.datasets.bp4d import Bp4d
from aukit.builtin.schemas import FERA2015
from aukit.contracts.schema import Schema


class Fera2015(Bp4d):
    """BP4D's recordings under the challenge's name; its people are known to be BP4D's."""

    whose: ClassVar[Schema] = FERA2015

    def __init__(
        self, *, aus: Sequence[str] = (), shift: int = 0, first_frame: int = 1, origin: str = "real"
    ) -> None:
        super().__init__(aus=aus, shift=shift, first_frame=first_frame, origin=origin)
