"""The numbered pictures of a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from aukit.errors import DataError
from aukit.ingest.reading.tree import PICTURE_SUFFIXES

NUMBERED = re.compile(r"(?:.*?[^0-9])?([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True)
class Stills(Sequence[tuple[int, Path]]):
    """`(number, path)` of the pictures of `folder`, by rising number: the digits at the end of their names.

    The folder is listed anew each time, so that the millions of pictures of a data set are no load to hold or to copy.
    `shift` is added to the numbers. Where `first` is given, the pictures must begin with it: if they do not, they are
    counted from elsewhere than was said.
    """

    folder: Path
    shift: int = 0
    first: int | None = None

    def _listed(self) -> list[tuple[int, Path]]:
        try:
            names = os.listdir(self.folder)
        except OSError as error:
            raise DataError(f"cannot be listed: {error.strerror or error}", where=str(self.folder)) from error
        found: dict[int, str] = {}
        for name in sorted(names):
            stem, suffix = os.path.splitext(name)
            number = NUMBERED.fullmatch(stem)
            if suffix.lower() not in PICTURE_SUFFIXES or number is None or name.startswith("."):
                continue
            index = int(number[1])
            if index in found:
                raise DataError(
                    f"picture {index} is there twice: {found[index]} and {name}",
                    where=str(self.folder),
                    hint="remove one of them",
                )
            found[index] = name
        if not found:
            hint = "their names end in a number, such as `00001.jpg`"
            raise DataError("a folder without numbered pictures", where=str(self.folder), hint=hint)
        if self.first is not None and min(found) != self.first:
            raise DataError(
                f"the first picture is {min(found)}, expected {self.first}",
                where=str(self.folder),
                hint=f"say that the pictures are counted from {min(found)}, or extract them anew",
            )
        return [(index + self.shift, self.folder / found[index]) for index in sorted(found)]

    def __len__(self) -> int:
        return len(self._listed())

    def __iter__(self) -> Iterator[tuple[int, Path]]:
        return iter(self._listed())

    @overload
    def __getitem__(self, place: int) -> tuple[int, Path]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[int, Path]]: ...
    def __getitem__(self, place: int | slice) -> tuple[int, Path] | list[tuple[int, Path]]:
        return self._listed()[place]
