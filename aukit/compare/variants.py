"""Runs as variants: what differs by fold and seed alone is one variant, and a variant is titled by what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aukit.compare.runs import Run, Settings, read_run
from aukit.errors import UsageError, did_you_mean

ASIDE = ("name", "summary", "seed", "compute", "trackers")
"""Keys of a recipe that make no other variant; the fold of data is one, too."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A variant with its runs, ordered by fold and seed. `published`: its name in the published numbers, or empty."""

    name: str
    title: str
    runs: tuple[Run, ...]
    published: str = ""

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that were run."""
        return tuple(sorted({run.fold for run in self.runs}))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were run."""
        return tuple(sorted({run.seed for run in self.runs}))

    def at(self, fold: int, seed: int) -> Run | None:
        """The run of that fold and seed."""
        return next((run for run in self.runs if (run.fold, run.seed) == (fold, seed)), None)

    def once(self) -> Group:
        """With the first run of each fold and seed alone."""
        first = {(run.fold, run.seed): run for run in reversed(self.runs)}
        return replace(self, runs=tuple(first[at] for at in sorted(first)))


def group_runs(runs: Sequence[Run]) -> tuple[Group, ...]:
    """Variants in the order in which their first run is named; a folder named twice counts once."""
    found: dict[str, list[Run]] = {}
    for run in {run.path.resolve(): run for run in runs}.values():
        found.setdefault(_key(run.settings), []).append(run)
    groups = list(found.values())
    titles = _titles([group[0].settings for group in groups])
    return tuple(
        Group(name=title, title=title, runs=tuple(sorted(group, key=lambda run: (run.fold, run.seed))))
        for title, group in zip(titles, groups, strict=True)
    )


def choose(groups: Sequence[Group], wanted: str) -> Group:
    """The variant of a name, a title, or a run's folder; the first where nothing is asked for.

    Raises:
        UsageError: there is none.
    """
    for group in groups:
        if not wanted or wanted in (group.name, group.title):
            return group
    for group in groups:
        if Path(wanted).resolve() in {run.path.resolve() for run in group.runs}:
            return group
    raise UsageError(
        f"there is no variant `{wanted}`",
        where="--against",
        hint=did_you_mean(wanted, [g.name for g in groups]),
    )


def _key(settings: Settings) -> str:
    return json.dumps(_kept(settings), sort_keys=True, default=str)


def _kept(settings: Settings) -> dict[str, Any]:
    """What makes a variant. Another run's folder counts as the variant that this run is one of."""
    kept = {key: value for key, value in settings.items() if key not in ASIDE}
    kept["data"] = {
        name: {key: value for key, value in table.items() if key != "fold"}
        for name, table in settings.get("data", {}).items()
    }
    known: dict[str, Any] = _runs_named(kept)
    return known


def _runs_named(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _runs_named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_runs_named(item) for item in value]
    if isinstance(value, str) and value and (Path(value) / "resolved.toml").is_file():
        settings = read_run(Path(value)).settings
        digest = hashlib.sha256(_key(settings).encode()).hexdigest()[:6]
        return f"a run of {settings.get('name') or 'another recipe'} ({digest})"
    return value


def _titles(settings: Sequence[Settings]) -> list[str]:
    """The recipe's name, where it tells variants apart, and what differs between them."""
    names = [str(one.get("name") or "run") for one in settings]
    if len(set(names)) == len(names):
        return names
    titles = []
    for name, one in zip(names, differences([_kept(one) for one in settings]), strict=True):
        titles.append(", ".join([name, *one]))
    return [title if titles.count(title) == 1 else f"{title} ({n + 1})" for n, title in enumerate(titles)]


def differences(tables: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """For each table, the values in which it differs from others, as `key=value` or `without key`.

    Where different components are called, their parameters are compared among those that call the same one alone.
    """
    found: list[list[str]] = [[] for _ in tables]
    _tell(dict(enumerate(tables)), "", found)
    return found


_ABSENT = object()


def _tell(tables: Mapping[int, Mapping[str, Any]], path: str, found: list[list[str]]) -> None:
    for key in dict.fromkeys(key for table in tables.values() for key in table):
        values = {number: table.get(key, _ABSENT) for number, table in tables.items()}
        first, *others = values.values()
        if all(value == first for value in others):
            continue
        where = f"{path}.{key}" if path else key
        called: dict[Any, dict[int, Mapping[str, Any]]] = {}
        for number, value in values.items():
            if isinstance(value, Mapping):
                called.setdefault(value.get("name"), {})[number] = value
        for number, value in values.items():
            if value is _ABSENT:
                found[number].append(f"without {where}")
            elif not isinstance(value, Mapping):
                found[number].append(f"{where}={json.dumps(value, default=str)}")
            elif len(called) > 1 and "name" in value:
                found[number].append(f"{where}={value['name']}")
        for same in called.values():
            if len(same) > 1:
                _tell(same, where, found)
