"""`aukit plugins`: what was found, what it brought, and what failed with its reason."""

from __future__ import annotations

from dataclasses import asdict

from aukit.cli import options, terminal

EPILOG = options.examples(
    "aukit plugins",
    "aukit plugins --plugin my_component.py --json",
    then="aukit new-plugin my-gru --kind temporal",
)


def plugins(
    plugin: options.PluginFiles = None, no_plugins: options.NoPlugins = False, as_json: options.Json = False
) -> None:
    """List plugins: version, status, hooks and components; why one failed or was left out."""
    from aukit.hosting.host import load_host

    found = load_host(plugins=not no_plugins, files=plugin or []).plugins()
    if as_json:
        terminal.document([asdict(status) for status in found])
        return
    terminal.table(
        ("plugin", "from", "status", "hooks", "components"),
        [
            (
                status.name,
                status.source,
                status.status,
                str(len(status.hooks)),
                ", ".join(status.components)
                if status.distribution != "aukit"
                else str(len(status.components)),
            )
            for status in found
        ],
        right=("hooks",),
    )
    for status in found:
        if status.reason:
            terminal.out()
            terminal.out(f"{status.name}: {status.reason}")
