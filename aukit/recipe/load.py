"""`load_recipe`: files ▸ extends ▸ ablations ▸ `--set` ▸ `--stand-in` ▸ `--smoke`, resolved and checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from aukit.errors import Problem, RecipeError, UsageError
from aukit.hosting.registry import Registry
from aukit.recipe import shipped
from aukit.recipe.checks import check, label_stages
from aukit.recipe.draft import Draft
from aukit.recipe.overrides import ablate, override
from aukit.recipe.recipe import Recipe
from aukit.recipe.resolve import Resolver
from aukit.recipe.source import SourceText, read_source
from aukit.recipe.standin import stand_in as put_stand_ins
from aukit.recipe.tables import SplitBlocks

DATA_ROOT = "AUKIT_DATA"
"""Environment variable: where relative paths of data start."""

VARIANTS = "variants"
"""The table by which a suite is known."""

SMOKE = "--smoke"

Change = Callable[[Draft, Registry], list[Problem]]
"""Something laid over a recipe by whoever loads it; it returns what is wrong with it."""


def load_recipe(
    path_or_name: str | os.PathLike[str],
    *,
    overrides: Sequence[str] = (),
    ablations: Sequence[str] = (),
    smoke: bool = False,
    stand_in: bool = False,
    data_root: str | os.PathLike[str] | None = None,
    device: str | None = None,
    registry: Registry | None = None,
    changes: Sequence[Change] = (),
) -> Recipe:
    """Load a recipe by its file, or a shipped one by its name. Reads no data and imports no torch.

    What comes later in this order wins: the recipes it extends, its own tables, `ablations`, `overrides`
    ("path=value"), `changes`, `stand_in`, `smoke`. The data root is `data_root`, else $AUKIT_DATA, else the recipe's.

    Raises:
        RecipeError: with every problem there is, each with its place.
    """
    if registry is None:
        from aukit.hosting.host import load_host

        registry = load_host()
    chain = _chain(recipe_file(path_or_name, registry), registry)
    draft = Draft()
    for source in chain:
        draft.lay(source)
        draft.tables.pop("extends", None)
    _own_name(draft, chain[-1])

    problems: list[Problem] = []
    for name in ablations:
        problems += ablate(draft, name, registry)
    for text in overrides:
        problems += override(draft, text, registry)
    for change in changes:
        problems += change(draft, registry)
    if device is not None:
        draft.put(("compute", "device"), device, "--device")
    if data_root is not None:
        draft.put(("compute", "data_root"), os.fspath(data_root), "--data-root")
    elif os.environ.get(DATA_ROOT):
        draft.put(("compute", "data_root"), os.environ[DATA_ROOT], DATA_ROOT)

    recipe = _resolve(draft, chain[-1], registry, problems)
    if stand_in:
        put_stand_ins(draft, recipe)
        recipe = _resolve(draft, chain[-1], registry)
    if smoke:
        _put_smoke(draft, recipe)
        recipe = _resolve(draft, chain[-1], registry)
    return recipe


def recipe_file(path_or_name: str | os.PathLike[str], registry: Registry) -> Path:
    """The file that is meant: a file's path, or the name of a shipped recipe.

    Raises:
        RecipeError: there is none.
    """
    text = os.fspath(path_or_name)
    file = Path(text).expanduser()
    if file.is_file():
        return file
    try:
        return shipped.find(text, registry)
    except UsageError as error:
        raise RecipeError([Problem(message=error.message, hint=error.hint)]) from None


def _chain(file: Path, registry: Registry) -> list[SourceText]:
    """A recipe and all that it extends, the farthest first."""
    chain: list[SourceText] = []
    seen: list[Path] = []
    while True:
        source = read_source(file)
        if VARIANTS in source.tables:
            message, hint = (
                "this is a suite of runs, not a recipe",
                "`aukit run` and `aukit validate` take it",
            )
            raise RecipeError([Problem(where=str(file), message=message, hint=hint)])
        chain.insert(0, source)
        seen.append(file.resolve())
        base = source.tables.get("extends")
        if base is None:
            return chain
        where = f"{source.file}:{source.map.lines['extends',]}"
        if not isinstance(base, str):
            message = "expected the path or name of one recipe, in quotes"
            raise RecipeError([Problem(where=where, path="extends", message=message)])
        beside = file.parent / Path(base).expanduser()
        try:
            file = beside if beside.is_file() else shipped.find(base, registry)
        except UsageError as error:
            problem = Problem(where=where, path="extends", message=error.message, hint=error.hint)
            raise RecipeError([problem]) from None
        if file.resolve() in seen:
            circle = [*seen[seen.index(file.resolve()) :], file.resolve()]
            message = "recipes extend each other in a circle: " + " -> ".join(item.name for item in circle)
            raise RecipeError([Problem(where=where, path="extends", message=message)])


def _own_name(draft: Draft, source: SourceText) -> None:
    """A recipe that extends another is not called like it: its own name, or its file's."""
    if "name" not in source.tables:
        draft.put(("name",), Path(source.file).stem, source.file)


def _put_smoke(draft: Draft, recipe: Recipe) -> None:
    # a video that is cut into blocks stays as long as it is: a short one has no room for the gaps between them
    long = [f"data.{name}" for name, table in recipe.data.items() if isinstance(table.split, SplitBlocks)]
    for path, params in recipe.all_params().items():
        for key, value in params.smoke().items():
            if not (path in long and key == "frames"):
                draft.put((*recipe.address(path), key), value, SMOKE)


def _line(problem: Problem) -> tuple[str, int]:
    """Sorts problems as a reader meets them: options first, then each file from its top."""
    file, _, line = problem.where.rpartition(":")
    return (file, int(line)) if line.isdecimal() else ("", 0)


def _resolve(
    draft: Draft, source: SourceText, registry: Registry, problems: Sequence[Problem] = ()
) -> Recipe:
    resolved = Resolver(draft, registry)
    schemas = check(resolved)
    found = sorted(dict.fromkeys([*problems, *resolved.problems]), key=_line)
    head, model, evaluation, compute = resolved.head, resolved.model, resolved.evaluation, resolved.compute
    if found or head is None or model is None or evaluation is None or compute is None:
        raise RecipeError(found)
    labelled = label_stages(resolved)
    if labelled and not evaluation.data:
        evaluation = evaluation.model_copy(update={"data": labelled[-1][1][0]})
    return Recipe(
        name=head.name or Path(source.file).stem,
        summary=head.summary,
        seed=head.seed,
        data=resolved.data,
        model=model,
        stages=resolved.stages,
        evaluation=evaluation,
        compute=compute,
        trackers=resolved.trackers,
        source=source,
        components=resolved.components,
        schemas=schemas,
        _params={**resolved.params, "evaluation": evaluation},
        _draft=draft,
    )
