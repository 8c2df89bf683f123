"""The host: visits the built-ins and each plugin, stamps who brought each record, and makes the registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import aukit
from aukit.contracts.component import Component
from aukit.errors import PluginError
from aukit.hosting.discovery import DISABLE, STRICT, Found, disabled, installed, load_file
from aukit.hosting.records import RECORDS, address
from aukit.hosting.registry import PluginStatus, Provided, Registry, normalise
from aukit.hosting.visit import visit


def load_host(
    plugins: bool = True,
    files: Sequence[str | Path] = (),
    *,
    builtins: bool = True,
    environ: Mapping[str, str] | None = None,
) -> Registry:
    """Load the built-ins, the installed plugins and plugin files into a registry.

    `plugins=False` leaves installed plugins out; `files` are loaded all the same: they are asked for by name.
    `environ` (default: the process's) holds the deny-list and the strict switch.

    Raises:
        PluginError: in strict mode, when a plugin fails.
    """
    environ = os.environ if environ is None else environ
    host = Host(strict=environ.get(STRICT, "") not in ("", "0"))
    if builtins:
        host.add_builtins()
    for found in installed():
        if not plugins:
            host.leave_out(found, "plugins are switched off")
        elif disabled(found, environ):
            host.leave_out(found, f"{DISABLE} names it")
        else:
            host.add(found.name, found.load, distribution=found.distribution, version=found.version)
    for file in files:
        path = Path(file)
        host.add(path.stem, partial(load_file, path), distribution=path.name)
    return host.registry()


class Host:
    """Collects records. What one plugin does wrong ends up in that plugin's own status and nowhere else."""

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self._provided: dict[str, list[Provided[Any]]] = {hook: [] for hook in RECORDS}
        self._statuses: list[PluginStatus] = []

    def registry(self) -> Registry:
        """What was collected so far, read-only."""
        return Registry(
            provided_components=tuple(self._provided["aukit_components"]),
            provided_ablations=tuple(self._provided["aukit_ablations"]),
            provided_schemas=tuple(self._provided["aukit_schemas"]),
            provided_recipes=tuple(self._provided["aukit_recipes"]),
            statuses=tuple(self._statuses),
        )

    def add_builtins(self) -> None:
        """Add aukit's own components, through the same hooks. A fault in them is aukit's, so it is raised."""
        module = import_module("aukit.builtin.hooks")
        self._take("builtin", lambda: module, "aukit", aukit.__version__, strict=True)

    def add(self, name: str, load: Callable[[], object], *, distribution: str, version: str = "") -> None:
        """Load one plugin and take over the records that stand; what does not is in its status.

        Raises:
            PluginError: something is wrong with it and the host is strict.
        """
        self._take(name, load, distribution, version, strict=self.strict)

    def leave_out(self, found: Found, reason: str) -> None:
        """List an entry point without importing it."""
        self._statuses.append(
            PluginStatus(
                name=found.name,
                distribution=found.distribution,
                version=found.version,
                status="disabled",
                reason=reason,
            )
        )

    def _take(
        self, name: str, load: Callable[[], object], distribution: str, version: str, *, strict: bool
    ) -> None:
        seen = visit(load)
        components = []
        for hook, record in seen.records:
            if self._has(hook, record, distribution):
                seen.faults.append(f"`{hook}`: `{address(record)}` is brought twice by {distribution}")
                continue
            self._provided[hook].append(
                Provided(record=record, provider=distribution, version=version, file=seen.file)
            )
            if isinstance(record, Component):
                components.append(address(record))
        status = PluginStatus(
            name=name,
            distribution=distribution,
            version=version,
            status="failed" if seen.faults else "active",
            reason="; ".join(seen.faults),
            hooks=tuple(seen.hooks),
            components=tuple(components),
        )
        if strict and seen.faults:
            message = f"the plugin `{name}` ({status.source}) failed: {status.reason}"
            raise PluginError(message) from seen.cause
        self._statuses.append(status)

    def _has(self, hook: str, record: Any, distribution: str) -> bool:
        return any(
            normalise(item.provider) == normalise(distribution) and address(item.record) == address(record)
            for item in self._provided[hook]
        )
