"""The read-only registry: every look-up of a component, ablation, schema or plugin recipe goes through it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Generic, Literal, TypeVar

from aukit.contracts.component import KINDS, Ablation, Component
from aukit.contracts.schema import Schema
from aukit.errors import ComponentError, did_you_mean, nearest
from aukit.hosting.location import locate

Record = TypeVar("Record", bound=Component | Ablation | Schema | Path)


def normalise(name: str) -> str:
    """A distribution's name as pip compares it: `Aukit_Broken` and `aukit-broken` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, kw_only=True)
class Provided(Generic[Record]):
    """A record and who brought it: distribution (built-ins: "aukit"; a plugin file: its name) and version."""

    record: Record
    provider: str
    version: str = ""
    file: str = ""
    """The module that holds the hook."""

    @property
    def name(self) -> str:
        """The name used in recipes; for a recipe, its file's name without `.toml`."""
        return self.record.stem if isinstance(self.record, Path) else self.record.name

    @property
    def source(self) -> str:
        """`distribution version`."""
        return f"{self.provider} {self.version}".strip()

    @property
    def location(self) -> str:
        """`path/file.py:line` of a component's class, without importing it; else the file of the record."""
        if isinstance(self.record, Component):
            return locate(self.record.build)
        return str(self.record) if isinstance(self.record, Path) else self.file


@dataclass(frozen=True, kw_only=True)
class PluginStatus:
    """What became of one plugin. A failed plugin may still bring the components whose own hook worked."""

    name: str
    distribution: str
    version: str = ""
    status: Literal["active", "disabled", "failed"] = "active"
    reason: str = ""
    hooks: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    """As "kind/name"."""

    @property
    def source(self) -> str:
        """`distribution version`."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True, kw_only=True)
class KnownPlugin:
    """A plugin that exists somewhere: what it brings and how to install it."""

    distribution: str
    summary: str
    components: tuple[str, ...]
    install: str


def known_plugins() -> tuple[KnownPlugin, ...]:
    """The catalogue `known_plugins.toml`."""
    text = resources.files("aukit.hosting").joinpath("known_plugins.toml").read_text("utf-8")
    return tuple(
        KnownPlugin(**{**entry, "components": tuple(entry["components"])})
        for entry in tomllib.loads(text)["plugin"]
    )


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything the built-ins and plugins brought. Made by `aukit.hosting.host.load_host`."""

    provided_components: tuple[Provided[Component], ...] = ()
    provided_ablations: tuple[Provided[Ablation], ...] = ()
    provided_schemas: tuple[Provided[Schema], ...] = ()
    provided_recipes: tuple[Provided[Path], ...] = ()
    statuses: tuple[PluginStatus, ...] = ()
    known: tuple[KnownPlugin, ...] = field(default_factory=known_plugins)

    def find(self, kind: str, name: str) -> Provided[Component]:
        """The component `name` (or `provider/name`) of `kind`.

        Raises:
            ComponentError: the kind or name is unknown, or two providers bring the name.
        """
        if kind not in KINDS:
            raise ComponentError(f"there is no kind of component `{kind}`", hint=did_you_mean(kind, KINDS))
        return self._pick(kind, name, self.components(kind))

    def components(self, kind: str | None = None) -> list[Provided[Component]]:
        """All components, or those of one kind, by kind and name."""
        order = list(KINDS)
        chosen = (item for item in self.provided_components if kind in (None, item.record.kind))
        return sorted(chosen, key=lambda item: (order.index(item.record.kind), item.name, item.provider))

    def ablation(self, name: str) -> Provided[Ablation]:
        """The ablation `name` or `provider/name`.

        Raises:
            ComponentError: it is unknown, or two providers bring it.
        """
        return self._pick("ablation", name, self.ablations())

    def ablations(self) -> list[Provided[Ablation]]:
        """All ablations, by name."""
        return sorted(self.provided_ablations, key=lambda item: (item.name, item.provider))

    def schema(self, name: str) -> Provided[Schema]:
        """The known data set `name` or `provider/name`.

        Raises:
            ComponentError: it is unknown, or two providers bring it.
        """
        return self._pick("data set", name, self.schemas())

    def schemas(self) -> list[Provided[Schema]]:
        """All known data sets, by name."""
        return sorted(self.provided_schemas, key=lambda item: (item.name, item.provider))

    def recipes(self) -> list[Provided[Path]]:
        """The recipe files that plugins ship, by name."""
        return sorted(self.provided_recipes, key=lambda item: (item.name, item.provider))

    def plugins(self) -> list[PluginStatus]:
        """The built-ins and every plugin that was found, failed and disabled ones included."""
        return list(self.statuses)

    def _pick(self, kind: str, name: str, options: Sequence[Provided[Record]]) -> Provided[Record]:
        provider, _, bare = name.rpartition("/")
        found = [
            item
            for item in options
            if item.name == bare and (not provider or normalise(item.provider) == normalise(provider))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise ComponentError(
                f"two plugins bring the {kind} `{name}`: " + " and ".join(item.source for item in found),
                hint="say which: " + " or ".join(f"`{item.provider}/{item.name}`" for item in found),
                name=name,
                providers=tuple(item.source for item in found),
            )
        hint = self._mend(kind, provider, bare, options)
        raise ComponentError(f"there is no {kind} `{name}`", hint=hint, name=name, kind=kind)

    def _mend(self, kind: str, provider: str, name: str, options: Sequence[Provided[Record]]) -> str:
        """Why a name may be missing, most telling reason first."""
        others = [item for item in options if item.name == name]
        if others:
            return "it comes from " + ", ".join(f"`{item.provider}`" for item in others)
        lines = list(self._not_installed(kind, name))
        names = {item.name for item in options}
        # A plugin that is not loaded is the likelier reason where no loaded name is close.
        if nearest(name, names) or not lines:
            lines.append(did_you_mean(name, names))
        lines += self._not_loaded(provider)
        return "\n".join(lines)

    def _not_installed(self, kind: str, name: str) -> Iterable[str]:
        present = {normalise(status.distribution) for status in self.statuses}
        for plugin in self.known:
            if f"{kind}/{name}" in plugin.components and normalise(plugin.distribution) not in present:
                yield f"`{plugin.distribution}` brings it and is not installed: {plugin.install}"

    def _not_loaded(self, provider: str) -> Iterable[str]:
        for status in self.statuses:
            other = provider and normalise(provider) != normalise(status.distribution)
            if other or status.status == "active":
                continue
            state = "is disabled" if status.status == "disabled" else "failed"
            yield f"the plugin `{status.name}` ({status.source}) {state} and may bring it: {status.reason}"
