"""Which runs a suite consists of, each with its complete recipe; and the plan that is kept beside them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aukit.errors import RecipeError
from aukit.recipe import Recipe, missing_data
from aukit.rundir.suite import PlannedRun, SuiteFolder, SuitePlan, Variant, read_plan, run_digest
from aukit.suites.check import in_order
from aukit.suites.load import Suite


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """One run to be made: its place in the plan, its recipe, and the folders of the runs that it needs."""

    planned: PlannedRun
    recipe: Recipe
    needs: tuple[str, ...]
    values: Mapping[str, Any]
    """What of its recipe was, or is to be, chosen on validation people."""

    @property
    def label(self) -> str:
        """For lists and progress: `r18 fold 1 seed 0`."""
        run = self.planned
        what = f"tuning {run.folder.rpartition('tuning')[2]}" if run.tuning else f"seed {run.seed}"
        return f"{run.variant} fold {run.fold} {what}"


def tasks(
    suite: Suite, folder: Path, variants: Collection[str], tuned: Mapping[str, Mapping[str, Any]]
) -> list[Task]:
    """The runs of these variants that are known: where values are tuned, those whose values are chosen.

    Seed after seed, so that a suite that is stopped half way has whole rows of few seeds.

    Raises:
        RecipeError: a recipe does not stand, or data are missing: all problems at once.
    """
    found = []
    for seed in suite.table.seeds:
        for fold in suite.table.folds:
            for variant in [name for name in in_order(suite) if name in variants]:
                chosen = tuned.get(variant, {}).get(str(fold), {})
                if not suite.tuning.keys() <= chosen.keys():
                    continue
                values = {path: chosen[path] for path in suite.tuning}
                found.append(
                    _task(suite, folder, variant, fold, seed, _folder(variant, fold, seed), values=values)
                )
    return _with_data(found)


def tuning_tasks(suite: Suite, folder: Path, variants: Collection[str]) -> list[Task]:
    """A run for each candidate, each of these variants and each fold, judged on validation people; the first seed's."""
    return _with_data(
        [
            _task(
                suite,
                folder,
                variant,
                fold,
                suite.table.seeds[0],
                f"{variant}/fold{fold}-tuning{number}",
                values=candidate,
                tuning=True,
            )
            for fold in suite.table.folds
            for variant in [name for name in in_order(suite) if name in variants]
            for number, candidate in enumerate(suite.candidates(), 1)
            if suite.tuning
        ]
    )


def _task(
    suite: Suite,
    folder: Path,
    variant: str,
    fold: int,
    seed: int,
    place: str,
    *,
    values: Mapping[str, Any],
    tuning: bool = False,
) -> Task:
    others = {other: _folder(other, fold, seed) for other in suite.variants}
    recipe = suite.recipe(
        variant,
        fold=fold,
        seed=seed,
        runs={other: (folder / run).absolute() for other, run in others.items()},
        more={**values, **({"evaluation.split": "validation"} if tuning else {})},
    )
    planned = PlannedRun(
        variant=variant,
        fold=fold,
        seed=seed,
        folder=place,
        digest=run_digest(recipe.tables()),
        tuning=tuning,
    )
    needs = tuple(others[other] for other in suite.references(variant))
    return Task(planned=planned, recipe=recipe, needs=needs, values=values)


def _folder(variant: str, fold: int, seed: int) -> str:
    return f"{variant}/fold{fold}-seed{seed}"


def _with_data(found: list[Task]) -> list[Task]:
    missing = [problem for task in found for problem in missing_data(task.recipe)]
    if missing:
        raise RecipeError(list(dict.fromkeys(missing)))
    return found


def waves(suite: Suite) -> list[list[str]]:
    """The variants in groups: those of a group need runs of earlier groups only. One group where nothing is tuned."""
    if not suite.tuning:
        return [in_order(suite)]
    level: dict[str, int] = {}
    for name in in_order(suite):
        level[name] = max((level[other] + 1 for other in suite.references(name)), default=0)
    return [[name for name in level if level[name] == number] for number in sorted(set(level.values()))]


def plan_of(suite: Suite, found: list[Task], tuned: Mapping[str, Mapping[str, Any]]) -> SuitePlan:
    """The plan that these runs fill."""
    table = suite.table
    return SuitePlan(
        name=suite.name,
        summary=suite.summary,
        shows=table.shows,
        hypothesis=table.hypothesis,
        primary=table.primary,
        variants=tuple(
            Variant(name=name, title=one.title or name, published=one.published)
            for name, one in suite.variants.items()
        ),
        runs=tuple(task.planned for task in found),
        differs=table.differs,
        published=table.published,
        tuned=tuned,
        written=_now(),
    )


def keep_history(folder: SuiteFolder, plan: SuitePlan) -> SuitePlan:
    """The plan with the date of the one that is there, and with what has changed since.

    Raises:
        RunFolderError: what is there is damaged.
    """
    if not folder.plan.exists():
        return plan
    before = read_plan(folder.path)
    what = [
        f"{name}: {_said(old)} became {_said(new)}"
        for name in ("hypothesis", "primary", "shows", "differs", "published")
        if (old := getattr(before, name)) != (new := getattr(plan, name))
    ]
    titles = {one.name: one.title for one in before.variants}
    what += [
        f"title of {one.name}: {_said(titles[one.name])} became {_said(one.title)}"
        for one in plan.variants
        if titles.get(one.name, one.title) != one.title
    ]
    old_runs, new_runs = ({run.folder: run.digest for run in one.runs} for one in (before, plan))
    for words, names in (
        ("added", new_runs.keys() - old_runs.keys()),
        ("left out", old_runs.keys() - new_runs.keys()),
        ("changed", {run for run in old_runs.keys() & new_runs.keys() if old_runs[run] != new_runs[run]}),
    ):
        if names and not (words == "added" and plan.tuned != before.tuned):
            what.append(f"runs {words}: {', '.join(sorted(names))}")
    changes = [*before.changes, *([{"written": plan.written, "what": "; ".join(what)}] if what else [])]
    return replace(plan, written=before.written, changes=tuple(changes))


def _said(value: str | tuple[str, ...]) -> str:
    words = [value] if isinstance(value, str) else value
    return ", ".join(f"`{word}`" for word in words if word) or "nothing"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
