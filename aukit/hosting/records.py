"""Whether a thing that a plugin returned is a record that stands."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aukit.contracts.component import API, KINDS, Ablation, Component
from aukit.contracts.params import Params, slots
from aukit.contracts.schema import ORIGINS, Schema, Split
from aukit.errors import PluginError, did_you_mean

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_BUILD = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")

RECORDS: Mapping[str, type] = {
    "aukit_components": Component,
    "aukit_ablations": Ablation,
    "aukit_schemas": Schema,
    "aukit_recipes": Path,
}
"""Each hook, with what it returns a list of."""


def records(hook: str, result: Any) -> Iterator[Any | PluginError]:
    """The records in what an implementation of `hook` returned; in place of each that does not stand, why."""
    expected: Any = RECORDS[hook]
    if not isinstance(result, list | tuple):
        yield PluginError(f"returned {_kind_of(result)}, expected a list of {expected.__name__}")
        return
    for item in result:
        if hook == "aukit_recipes":
            yield from _recipes(item)
        elif not isinstance(item, expected):
            yield PluginError(f"returned a list with {_kind_of(item)} in it, expected {expected.__name__}")
        else:
            fault = _fault(item)
            yield PluginError(f"returned `{item.name}`: {fault}") if fault else item


def address(record: Any) -> str:
    """The name that must be unique within a provider: `kind/name` of a component."""
    if isinstance(record, Component):
        return f"{record.kind}/{record.name}"
    return record.stem if isinstance(record, Path) else str(record.name)


# Python does not hold a plugin to the types of a record's fields, so they are `Any` from here on.
def _fault(record: Any) -> str:
    if record.api != API:
        return f"made for api {record.api}, this aukit has api {API}; install another version of the plugin"
    if not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        return "a name has letters, digits, `-`, `_` and `.` only"
    if isinstance(record, Component):
        return _component_fault(record)
    if isinstance(record, Ablation):
        return _ablation_fault(record)
    return _schema_fault(record)


def _component_fault(record: Any) -> str:
    if record.kind not in tuple(KINDS):
        return f"there is no kind of component `{record.kind}`; {did_you_mean(str(record.kind), KINDS)}"
    if not isinstance(record.build, str) or not _BUILD.fullmatch(record.build):
        return f"`build` is {record.build!r}, expected an import path such as `package.module:Class`"
    if not (isinstance(record.params, type) and issubclass(record.params, Params)):
        return f"`params` is {_kind_of(record.params)}, expected a subclass of aukit.Params"
    for name, kind in slots(record.params).items():
        if kind not in KINDS:
            return f"its slot `{name}` asks for a `{kind}`, which is no kind; {did_you_mean(kind, KINDS)}"
    return ""


def _ablation_fault(record: Any) -> str:
    if not isinstance(record.set, Mapping):
        return f"`set` is {_kind_of(record.set)}, expected a mapping of dotted paths to values"
    if isinstance(record.remove, str) or not isinstance(record.remove, Sequence):
        return f"`remove` is {_kind_of(record.remove)}, expected a list of dotted paths"
    return ""


def _schema_fault(record: Any) -> str:
    if record.origin not in ORIGINS:
        return f"its origin is `{record.origin}`; {did_you_mean(str(record.origin), ORIGINS)}"
    for protocol, folds in record.splits.items():
        for number, fold in enumerate(folds, 1):
            if not isinstance(fold, Split):
                continue
            counts = Counter(subject for _, subjects in fold.parts() for subject in subjects)
            twice = [subject for subject, count in counts.items() if count > 1]
            if twice:
                return f"its split `{protocol}`, fold {number}, names {_some(twice)} twice"
            strange = counts.keys() - set(record.subjects)
            if record.subjects and strange:
                return f"its split `{protocol}`, fold {number}, names {_some(strange)}, which it has not"
    return ""


def _recipes(folder: Any) -> Iterator[Path | PluginError]:
    if isinstance(folder, str):
        folder = Path(folder)
    # A namespace package gives a `MultiplexedPath`: no path itself, but its entries are.
    if not isinstance(folder, os.PathLike) and not hasattr(folder, "iterdir"):
        yield PluginError(f"returned a list with {_kind_of(folder)} in it, expected a folder of recipes")
        return
    try:
        files = sorted(file for file in folder.iterdir() if isinstance(file, Path) and file.suffix == ".toml")
    except OSError as error:
        yield PluginError(f"returned a folder that cannot be read: {error}")
        return
    yield from files


def _kind_of(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"an {name}" if name[0] in "AEIOUaeiou" else f"a {name}"


def _some(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)[:3])
