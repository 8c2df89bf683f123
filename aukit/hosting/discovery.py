"""Finds plugins: entry points of the group `aukit`, and single files for work in progress."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from aukit.errors import PluginError
from aukit.hosting.hookspecs import PROJECT
from aukit.hosting.registry import normalise

DISABLE = "AUKIT_DISABLE_PLUGINS"
"""Environment variable: distributions or entry points to leave out, separated by commas."""

STRICT = "AUKIT_PLUGINS_STRICT"
"""Environment variable: `1` turns the first plugin that fails into an error."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An entry point that is installed, not yet imported. `fault` says why there is none to load."""

    name: str
    distribution: str
    version: str
    entry: metadata.EntryPoint | None = None
    fault: str = ""

    @property
    def source(self) -> str:
        """`distribution version`."""
        return f"{self.distribution} {self.version}".strip()

    def load(self) -> object:
        """Import what the entry point names.

        Raises:
            PluginError: the entry point cannot be read; and whatever the plugin raises.
        """
        if self.entry is None:
            raise PluginError(self.fault)
        return self.entry.load()


def installed() -> list[Found]:
    """The entry points of the group, by distribution and name, not yet imported.

    Of two copies of a distribution the first on the path counts, as for imports. Distributions are read one
    by one, because one with damaged metadata would otherwise hide all the others.
    """
    found: dict[str, list[Found]] = {}
    for distribution in metadata.distributions():
        entries = _entries(distribution)
        if entries:
            found.setdefault(normalise(entries[0].distribution), entries)
    everything = [item for entries in found.values() for item in entries]
    return sorted(everything, key=lambda item: (item.source, item.name))


def _entries(distribution: metadata.Distribution) -> list[Found]:
    # The text is looked at first: parsing the metadata of every installed distribution would cost a second.
    try:
        text = distribution.read_text("entry_points.txt") or ""
    except (OSError, UnicodeDecodeError):
        return []
    if f"[{PROJECT}]" not in text:
        return []
    facts = distribution.metadata.json
    name = str(facts.get("name", "unnamed distribution"))
    version = str(facts.get("version", ""))
    try:
        entries = distribution.entry_points.select(group=PROJECT)
    except (TypeError, ValueError) as error:
        fault = f"its entry points are damaged: {error}"
        return [Found(name=name, distribution=name, version=version, fault=fault)]
    return [Found(name=entry.name, distribution=name, version=version, entry=entry) for entry in entries]


def disabled(found: Found, environ: Mapping[str, str]) -> bool:
    """Whether the deny-list names this entry point or its distribution."""
    denied = {normalise(name.strip()) for name in environ.get(DISABLE, "").split(",") if name.strip()}
    return bool(denied & {normalise(found.name), normalise(found.distribution)})


def load_file(path: Path) -> object:
    """Import a plugin file under its own name, so that `build="file:Class"` finds it.

    Raises:
        PluginError: there is no such file, or its name would hide another module.
    """
    if not path.is_file() or path.suffix != ".py":
        raise PluginError(
            "there is no such plugin file", where=str(path), hint="name a Python file: `--plugin my_gru.py`"
        )
    path = path.resolve()
    name = path.stem
    taken = _taken_by(name)
    if taken and taken != str(path):
        message = f"a plugin file named `{name}.py` would hide {taken}"
        raise PluginError(message, where=str(path), hint="rename the file")
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError("this file cannot be imported", where=str(path))
    module = module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise
    return module


def _taken_by(name: str) -> str:
    if name in sys.builtin_module_names:
        return f"the built-in module `{name}`"
    if name in sys.modules:
        return getattr(sys.modules[name], "__file__", None) or f"the module `{name}`"
    spec = PathFinder.find_spec(name)
    return (spec.origin or f"the package `{name}`") if spec else ""
