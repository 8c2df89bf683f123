"""A suite's file ▸ variants ▸ the recipe of each run. Reads no data and imports no torch."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from aukit.contracts.params import Params
from aukit.errors import Problem, RecipeError, did_you_mean
from aukit.hosting.registry import Registry
from aukit.recipe import VARIANTS, Change, Recipe, SourceText, load_recipe, recipe_file
from aukit.recipe.draft import Draft
from aukit.recipe.messages import problems, shown, unknown
from aukit.recipe.overrides import SET, parse_value
from aukit.recipe.paths import parse_path
from aukit.recipe.source import read_source
from aukit.suites.changes import ablated, assigned, filled, overridden, references, taken_out
from aukit.suites.check import in_order, mistakes
from aukit.suites.tables import SuiteTable, VariantTable

TOP = ("name", "summary", "suite", "tuning", VARIANTS)
_OWN = ("suite", "tuning", VARIANTS)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_Table = TypeVar("_Table", bound=Params)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says of every run."""

    overrides: Sequence[str] = ()
    ablations: Sequence[str] = ()
    smoke: bool = False
    stand_in: bool = False
    data_root: str | os.PathLike[str] | None = None
    device: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Suite:
    """A suite as its file says it. `tuning`: candidates by dotted path."""

    name: str
    summary: str
    table: SuiteTable
    variants: Mapping[str, VariantTable]
    tuning: Mapping[str, tuple[Any, ...]]
    source: SourceText
    registry: Registry
    options: Options = field(default_factory=Options)

    def references(self, variant: str) -> tuple[str, ...]:
        """The variants whose runs this one needs."""
        return tuple(dict.fromkeys(references(self.variants[variant].set)))

    def recipe(
        self,
        variant: str,
        *,
        fold: int,
        seed: int,
        runs: Mapping[str, Path],
        more: Mapping[str, Any] | None = None,
    ) -> Recipe:
        """The recipe of one run. `runs`: the folders that references stand for; `more`: values laid over all else.

        Raises:
            RecipeError: with all its problems.
        """
        table, own = self.table, self.variants[variant]
        changes: list[Change] = [
            *(ablated(name, self._where("suite", key="ablate")) for name in table.ablate),
            *(ablated(name) for name in self.options.ablations),
            *(assigned(key, value, self._where("suite", key=key)) for key, value in table.set.items()),
            *(overridden(text) for text in self.options.overrides if not _is_own(text)),
            *(ablated(name, self._where(VARIANTS, variant, key="ablate")) for name in own.ablate),
            *(taken_out(text, self._where(VARIANTS, variant, key="remove")) for text in own.remove),
            *(
                assigned(key, filled(value, runs), self._where(VARIANTS, variant, key=key))
                for key, value in own.set.items()
            ),
        ]
        last = {"name": f"{self.name}-{variant}", "seed": seed}
        last |= {f"data.{table.fold_of}.fold": fold} if table.fold_of else {}
        last |= more or {}
        changes += [assigned(key, value, self.source.file) for key, value in last.items()]
        return load_recipe(
            self._base(variant),
            changes=changes,
            smoke=self.options.smoke,
            stand_in=self.options.stand_in,
            data_root=self.options.data_root,
            device=self.options.device,
            registry=self.registry,
        )

    def candidates(self) -> list[dict[str, Any]]:
        """Every combination of the values to choose from; one that is empty where nothing is tuned."""
        found: list[dict[str, Any]] = [{}]
        for path, values in self.tuning.items():
            found = [{**one, path: value} for one in found for value in values]
        return found

    def _base(self, variant: str) -> Path:
        recipe = self.variants[variant].recipe or self.table.recipe
        beside = Path(self.source.file).parent / Path(recipe).expanduser()
        if beside.is_file():
            return beside
        try:
            return recipe_file(recipe, self.registry)
        except RecipeError as error:
            key = (VARIANTS, variant) if self.variants[variant].recipe else ("suite",)
            where, path = self._where(*key, key="recipe"), ".".join((*key, "recipe"))
            raise RecipeError([replace(one, where=where, path=path) for one in error.problems]) from None

    def _where(self, *table: str, key: str) -> str:
        lines = self.source.map.lines
        for path in ((*table, "set", key), (*table, key), (*table, "set"), table):
            if path in lines:
                return f"{self.source.file}:{lines[path]}"
        return self.source.file


def is_suite_file(path_or_name: str | os.PathLike[str], registry: Registry) -> bool:
    """Whether a recipe's file or name means a suite.

    Raises:
        RecipeError: there is no such file, or it is not TOML.
    """
    tables = read_source(recipe_file(path_or_name, registry)).tables
    return VARIANTS in tables or "suite" in tables


def load_suite(
    path_or_name: str | os.PathLike[str], *, registry: Registry, options: Options | None = None
) -> Suite:
    """Load a suite and check all that it says.

    Raises:
        RecipeError: with the problems of the suite and those of all its variants.
    """
    options = options or Options()
    source = read_source(recipe_file(path_or_name, registry))
    draft, found = Draft.of(source), list[Problem]()
    for text in options.overrides:
        if _is_own(text):
            keys = parse_path(text.partition("=")[0].strip())
            there = source.tables.get(VARIANTS, {})
            if keys[0] == VARIANTS and len(keys) > 2 and keys[1] not in there:
                message, hint = f"there is no variant `{keys[1]}`", did_you_mean(keys[1], there)
                found.append(Problem(where=SET, path=".".join(keys[:2]), message=message, hint=hint))
                continue
            draft.put(keys, parse_value(text.partition("=")[2].strip()), SET)
    for key in [key for key in draft.tables if key not in TOP]:
        message, hint = unknown(key, TOP, owner="a suite")
        found.append(Problem(where=draft.where((key,)), path=key, message=message, hint=hint))
    table = _validate(draft, ("suite",), SuiteTable, "[suite]", found)
    variants = {
        name: _validate(draft, (VARIANTS, name), VariantTable, "a variant", found)
        for name in _tables(draft, VARIANTS, found)
    }
    if not variants:
        found.append(
            Problem(
                where=str(source.file),
                path=VARIANTS,
                message="the suite has no variants",
                hint="add a table [variants.NAME] for each row",
            )
        )
    tuning = _tuning(draft, found)
    if table is None:
        raise RecipeError(found)
    if options.smoke and draft.where(("suite", "seeds")) != SET:
        table = table.model_copy(update={"seeds": table.seeds[:1]})
    suite = Suite(
        name=str(draft.tables.get("name") or Path(source.file).stem),
        summary=str(draft.tables.get("summary", "")),
        table=table,
        variants={name: one for name, one in variants.items() if one},
        tuning=tuning,
        source=source,
        registry=registry,
        options=options,
    )
    found += mistakes(suite, variants)
    if found:
        raise RecipeError(found)
    in_order(suite)
    return suite


def _tuning(draft: Draft, found: list[Problem]) -> dict[str, tuple[Any, ...]]:
    tuning = {}
    for path, values in _tables(draft, "tuning", found).items():
        where = draft.where(("tuning", path))
        if not isinstance(values, list) or len(values) < 2:
            message = f"expected an array of at least two values to choose from, got {shown(values)}"
            hint = 'such as "stages.finetune.optimizer.lr" = [1e-3, 2e-3], the path in quotes'
            found.append(Problem(where=where, path=f"tuning.{path}", message=message, hint=hint))
        else:
            tuning[path] = tuple(values)
    return tuning


def _tables(draft: Draft, key: str, found: list[Problem]) -> dict[str, Any]:
    tables = draft.tables.get(key, {})
    if not isinstance(tables, dict):
        message = f"expected a table, got {shown(tables)}"
        found.append(Problem(where=draft.where((key,)), path=key, message=message))
        return {}
    for name in [name for name in tables if key == VARIANTS and not _NAME.fullmatch(name)]:
        message = "the name of a variant has letters, digits, `-` and `_` only"
        found.append(Problem(where=draft.where((key, name)), path=f"{key}.{name}", message=message))
    return tables


def _validate(
    draft: Draft, path: tuple[str, ...], model: type[_Table], owner: str, found: list[Problem]
) -> _Table | None:
    table = draft.get(path) or {}
    if not isinstance(table, dict):
        message = f"expected a table, got {shown(table)}"
        found.append(Problem(where=draft.where(path), path=".".join(path), message=message))
        return None
    try:
        return model.from_table(table)
    except ValidationError as error:
        found += problems(error, table, model, path, draft.where, owner=owner)
        return None


def _is_own(text: str) -> bool:
    """Whether an override is about the suite itself, not about its runs."""
    try:
        return parse_path(text.partition("=")[0].strip())[0] in _OWN
    except ValueError:
        return False
