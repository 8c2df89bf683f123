"""`aukit validate`: is a recipe right? All its problems at once, without torch and without any data."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aukit.cli import options, terminal
from aukit.errors import Problem, RecipeError

EPILOG = options.examples(
    "aukit validate recipes/disfa_2pct.toml",
    "aukit validate quickstart --set stages.finetune.steps=500",
    then="aukit explain recipes/disfa_2pct.toml",
)


def validate(
    recipes: Annotated[
        list[str], typer.Argument(metavar="RECIPE...", help="TOML files or names of shipped recipes.")
    ],
    overrides: options.Overrides = None,
    ablate: options.Ablations = None,
    stand_in: options.StandIn = False,
    smoke: options.Smoke = False,
    data_root: options.DataRoot = None,
    plugin: options.PluginFiles = None,
    no_plugins: options.NoPlugins = False,
    as_json: options.Json = False,
) -> None:
    """Check recipes and suites: names, parameters, types and ranges. Reads no data."""
    from aukit.recipe import load_recipe
    from aukit.suites.load import Options, is_suite_file, load_suite

    registry = options.load_registry(no_plugins, plugin)
    verdicts: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for name in recipes:
        found: tuple[Problem, ...] = ()
        said = Options(
            overrides=overrides or (),
            ablations=ablate or (),
            smoke=smoke,
            stand_in=stand_in,
            data_root=data_root,
        )
        try:
            if is_suite_file(name, registry):
                suite = load_suite(name, registry=registry, options=said)
                runs = len(suite.variants) * len(suite.table.folds) * len(suite.table.seeds)
                what = f"suite of {runs} runs: variants {', '.join(suite.variants)}"
            else:
                recipe = load_recipe(name, registry=registry, **vars(said))
                stages = ", ".join(f"{stage} ({choice.name})" for stage, choice in recipe.stages.items())
                what = f"data {', '.join(recipe.data)}; stages {stages}"
        except RecipeError as error:
            found = error.problems
        else:
            if not as_json:
                terminal.out(f"{name}: valid: {what}")
        problems += found
        verdicts.append(
            {"recipe": name, "valid": not found, "problems": [vars(problem) for problem in found]}
        )
    if as_json:
        terminal.document(verdicts)
    if problems:
        raise RecipeError(problems)
