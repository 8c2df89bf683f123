"""What is wrong with a suite beyond its own tables: the variants that it names, and the recipes that it comes to."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aukit.errors import Problem, RecipeError, did_you_mean

if TYPE_CHECKING:
    from aukit.recipe import Recipe
    from aukit.suites.load import Suite


def mistakes(suite: Suite, names: Collection[str]) -> list[Problem]:
    """All of them. `names`: of every variant in the file, also where its table does not stand.

    A variant is resolved at every fold and with every candidate, if all that it names is there.
    """
    found = {name: [*_no_variant(suite, name, names), *_no_recipe(suite, name)] for name in suite.variants}
    runs = {name: Path("runs") / name for name in names}
    labels: dict[str, str] = {}
    for variant in [name for name, problems in found.items() if not problems]:
        # folds and candidates do not meddle with each other: the first of one stands for it
        folds, (first, *others) = suite.table.folds, suite.candidates()
        for fold, more in [*((fold, first) for fold in folds), *((folds[0], other) for other in others)]:
            try:
                recipe = suite.recipe(variant, fold=fold, seed=suite.table.seeds[0], runs=runs, more=more)
            except RecipeError as error:
                found[variant] += error.problems
            else:
                found[variant] += _nothing_to_choose_by(suite, recipe)
                labels.setdefault(variant, _sampled(recipe))
    return list(dict.fromkeys([*itertools.chain(*found.values()), *_other_labels(suite, labels)]))


def in_order(suite: Suite) -> list[str]:
    """The variants, each after those whose runs it needs.

    Raises:
        RecipeError: they need each other in a circle.
    """
    ordered: list[str] = []

    def visit(name: str, chain: tuple[str, ...]) -> None:
        if name in chain:
            circle = " -> ".join([*chain[chain.index(name) :], name])
            message = f"variants need each other's runs in a circle: {circle}"
            raise RecipeError([Problem(where=suite.source.file, path=f"variants.{name}", message=message)])
        if name not in ordered:
            for other in suite.references(name):
                visit(other, (*chain, name))
            ordered.append(name)

    for name in suite.variants:
        visit(name, ())
    return ordered


def _no_variant(suite: Suite, name: str, names: Collection[str]) -> Iterator[Problem]:
    for other in suite.references(name):
        if other not in names:
            yield Problem(
                where=suite.source.file,
                path=f"variants.{name}.set",
                message=f"there is no variant `{other}`",
                hint=did_you_mean(other, names),
            )


def _no_recipe(suite: Suite, name: str) -> Iterator[Problem]:
    if not (suite.variants[name].recipe or suite.table.recipe):
        message = "neither [suite] nor the variant names a `recipe` to start from"
        yield Problem(where=suite.source.file, path=f"variants.{name}", message=message)


def _nothing_to_choose_by(suite: Suite, recipe: Recipe) -> Iterator[Problem]:
    path = f"stages.{list(recipe.stages)[-1]}"
    if suite.tuning and getattr(recipe.params(path), "evaluate_every", 1) == 0:
        yield Problem(
            where=recipe.where(f"{path}.evaluate_every"),
            path=f"{path}.evaluate_every",
            message="[tuning] chooses by scores on validation people, and this stage never looks at them",
            hint="set it above 0, where the split has validation people, or leave [tuning] out",
        )


def _sampled(recipe: Recipe) -> str:
    """How training labels are drawn, in all stages together."""
    drawn = {
        json.dumps(one.params["sampler"], sort_keys=True)
        for one in recipe.stages.values()
        if "sampler" in one.params
    }
    return "; ".join(sorted(drawn))


def _other_labels(suite: Suite, labels: Mapping[str, str]) -> Iterator[Problem]:
    if suite.table.shows != "intensity" or "labels" in suite.table.differs or len(set(labels.values())) < 2:
        return
    said = "; ".join(f"{name}: {how or 'none'}" for name, how in labels.items())
    yield Problem(
        where=suite.source.file,
        path="suite.differs",
        message=f"variants learn from other labels, which no table would show together ({said})",
        hint='where that is the question, say `differs = ["labels"]` in [suite]',
    )
