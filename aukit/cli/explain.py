"""`aukit explain`: which component each table of a recipe calls, who provides it, and where its code is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from aukit.cli import options, terminal

EPILOG = options.examples(
    "aukit explain quickstart",
    "aukit explain recipes/disfa_2pct.toml --complete > my_recipe.toml",
    then="aukit run recipes/disfa_2pct.toml --dry-run",
)


def explain(
    recipe: options.Recipe,
    overrides: options.Overrides = None,
    ablate: options.Ablations = None,
    stand_in: options.StandIn = False,
    smoke: options.Smoke = False,
    data_root: options.DataRoot = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Print the complete recipe instead: every default written out.")
    ] = False,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
    as_json: options.Json = False,
) -> None:
    """Show each table's component, provider, file and line; or the complete recipe."""
    from aukit.recipe import explain as describe
    from aukit.recipe import load_recipe

    resolved = load_recipe(
        recipe,
        overrides=overrides or (),
        ablations=ablate or (),
        smoke=smoke,
        stand_in=stand_in,
        data_root=data_root,
        registry=options.load_registry(no_plugins, plugin),
    )
    if complete:
        terminal.out(resolved.dump().rstrip("\n"))
        return
    rows = describe(resolved)
    if as_json:
        terminal.document(
            {
                "recipe": resolved.name,
                "summary": resolved.summary,
                "components": [asdict(row) for row in rows],
            }
        )
        return
    terminal.out(": ".join(part for part in (resolved.name, resolved.summary) if part))
    terminal.out()
    terminal.table(
        ("table", "component", "provider", "code"),
        [
            (row.table, row.component, f"{row.provider} {row.version}".strip(), options.shorter(row.location))
            for row in rows
        ],
    )
