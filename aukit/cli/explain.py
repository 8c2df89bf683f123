"""`aukit explain`: which component each table of a recipe calls, who provides it, and where its code is."""

from __future__ import annotations

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
    rows = [
        {
            "table": path,
            "kind": provided.record.kind,
            "component": provided.name,
            "provider": provided.source,
            "code": options.shorter(provided.location),
            "written": resolved.where(path),
        }
        for path, provided in resolved.components.items()
    ]
    if as_json:
        terminal.document({"recipe": resolved.name, "summary": resolved.summary, "components": rows})
        return
    terminal.out(f"{resolved.name}: {resolved.summary}")
    terminal.out()
    columns = ("table", "component", "provider", "code")
    terminal.table(columns, [[row[column] for column in columns] for row in rows])
