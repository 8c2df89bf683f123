"""A registry with nothing in it but what a test puts there."""

from __future__ import annotations

from types import SimpleNamespace

from aukit.contracts.component import Ablation, Component
from aukit.contracts.schema import Schema
from aukit.hosting.hookspecs import hookimpl
from aukit.hosting.host import Host
from aukit.hosting.registry import Registry


def empty_host(
    *records: Component | Ablation | Schema,
    builtins: bool = False,
    provider: str = "test",
    version: str = "0",
) -> Registry:
    """A registry of these records, with aukit's own components or without, and without any installed plugin.

    Raises:
        PluginError: a record does not stand.
    """
    host = Host(strict=True)
    if builtins:
        host.add_builtins()

    @hookimpl
    def aukit_components() -> list[Component]:
        return [record for record in records if isinstance(record, Component)]

    @hookimpl
    def aukit_ablations() -> list[Ablation]:
        return [record for record in records if isinstance(record, Ablation)]

    @hookimpl
    def aukit_schemas() -> list[Schema]:
        return [record for record in records if isinstance(record, Schema)]

    plugin = SimpleNamespace(
        aukit_components=aukit_components, aukit_ablations=aukit_ablations, aukit_schemas=aukit_schemas
    )
    if records:
        host.add(provider, lambda: plugin, distribution=provider, version=version)
    return host.registry()
