"""What is known of a data set before any of its files are read: its AUs, frame rate, people and protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from aukit.contracts.component import API

ORIGINS = ("real", "rendered", "synthetic", "stand-in")
"""Where frames come from. Whatever is made from them carries the word on."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Who is in which part. A subject is never in two parts."""

    train: tuple[str, ...]
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()

    def parts(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """`("train", subjects)`, `("validation", subjects)`, `("test", subjects)`."""
        yield "train", self.train
        yield "validation", self.validation
        yield "test", self.test


@dataclass(frozen=True, kw_only=True)
class SplitSizes:
    """How many people go into each part, where a protocol prints numbers but no names. Who, the run's seed decides.

    Where a store has another number of people than the protocol, the numbers are read as proportions.
    """

    train: int
    validation: int = 0
    test: int = 0


@dataclass(frozen=True, kw_only=True)
class Schema:
    """A data set's fixed facts. `splits` maps a protocol's name to its folds; `aus` is empty for unlabelled sets.

    `subjects` is empty where the people have no public names. `people_of` names the data set whose people these are,
    where that is another: one id is then one person in both, and testing one of them on a model that was trained on
    the other is no test on unseen people. `private`: whoever recorded the videos chose the ids of subjects and videos,
    so these may be people's names; a store gets pseudonyms in their place unless names are asked for. `example`:
    everybody's files differ, so AUs, frame rate and people are only those of a stand-in; the files themselves say what
    they hold.
    """

    name: str
    summary: str
    aus: tuple[str, ...]
    fps: float
    subjects: tuple[str, ...]
    splits: Mapping[str, tuple[Split | SplitSizes, ...]] = field(default_factory=dict)
    origin: str = "real"
    terms: str = ""
    cite: str = ""
    obtain: str = ""
    people_of: str = ""
    private: bool = False
    example: bool = False
    api: int = API
