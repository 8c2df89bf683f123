"""Every error aukit raises on purpose. Each says what happened, where, and what to do instead.

An error carries its data as attributes (for programs), a hint (for people) and the exit code of the command line:
1 unexpected or I/O, 2 usage or recipe, 3 training diverged, 130 interrupted.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class AukitError(Exception):
    """Base of all errors that a user may see. `where` is a file, file:line or address inside a file."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "", **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.data = data

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong in a recipe: where (`file:line` or `--set`), at which dotted path, and the mend."""

    message: str
    where: str = ""
    path: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.path, self.message) if part)


class UsageError(AukitError):
    """The request cannot be met as it was put."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe does not stand. All its problems come at once, in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ComponentError(UsageError):
    """A component is unknown, ambiguous, or does not keep its contract."""


class PluginError(UsageError):
    """A plugin could not be loaded or returned something that is no record."""


class MissingExtraError(UsageError):
    """A component needs packages that an optional extra of aukit brings."""


class DataError(UsageError):
    """A data file is missing, foreign, damaged or lacks what the recipe needs of it."""


class RunFolderError(UsageError):
    """A run folder exists already, is not a run, or does not fit the recipe that wants to resume it."""


class StorageError(AukitError):
    """The disk is full or a folder cannot be written."""


class DivergedError(AukitError):
    """Training met a loss that is not finite."""

    exit_code = 3


class Interrupted(AukitError):
    """The user stopped the run. A checkpoint was left."""

    exit_code = 130


class Elsewhere(AukitError):
    """Another process of the same run failed or was stopped, and tells of it: this one ends in silence.

    Its exit code is that of success: `torchrun` kills all at the first failure, and who tells has to be the first.
    """

    exit_code = 0


def nearest(name: str, options: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """The options that look most like `name`, best first; empty when nothing is close."""
    return tuple(difflib.get_close_matches(name, sorted(options), n=count, cutoff=0.5))


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest options, or all of them when none is near."""
    options = sorted(options)
    close = nearest(name, options)
    if close:
        return "did you mean " + " or ".join(f"`{option}`" for option in close) + "?"
    return "choose from " + ", ".join(f"`{option}`" for option in options) if options else "there are none"
