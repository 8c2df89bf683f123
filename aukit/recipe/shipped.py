"""The recipes that aukit and its plugins ship: found, listed and copied by name."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import aukit
from aukit.errors import StorageError, UsageError, did_you_mean, nearest
from aukit.hosting.registry import Provided, Registry, normalise


def folder() -> Path:
    """aukit's own recipes: inside an installed wheel, or beside the package in a checkout."""
    package = Path(aukit.__file__).parent
    installed = package / "_recipes"
    return installed if installed.is_dir() else package.parent / "recipes"


def recipes(registry: Registry | None = None) -> list[Provided[Path]]:
    """The shipped recipes, by name: aukit's own and those of plugins."""
    own = (
        Provided(record=file, provider="aukit", version=aukit.__version__) for file in folder().glob("*.toml")
    )
    brought = registry.recipes() if registry else []
    return sorted([*own, *brought], key=lambda item: (item.name, item.provider))


def find(name: str, registry: Registry | None = None) -> Path:
    """The file of the shipped recipe `name` or `provider/name`.

    Raises:
        UsageError: there is none, or two providers ship it.
    """
    options = recipes(registry)
    provider, _, bare = name.rpartition("/")
    found = [
        item
        for item in options
        if item.name == bare and (not provider or normalise(item.provider) == normalise(provider))
    ]
    if len(found) == 1:
        return found[0].record
    if found:
        raise UsageError(
            f"two plugins ship the recipe `{name}`: " + " and ".join(item.source for item in found),
            hint="say which: " + " or ".join(f"`{item.provider}/{item.name}`" for item in found),
        )
    names = {item.name for item in options}
    looks_like_file = name.endswith(".toml") or len(Path(name).parts) > 1
    stem = Path(name).stem
    if looks_like_file and stem in names:
        hint = f"the shipped recipe of that name runs from anywhere: `{stem}`"
    elif looks_like_file and not nearest(stem, names):
        hint = "`aukit recipes list` shows the shipped ones"
    else:
        hint = did_you_mean(stem if looks_like_file else name, names)
    kind = "recipe file" if looks_like_file else "recipe"
    raise UsageError(f"there is no {kind} `{name}`", hint=hint)


def summary(file: Path) -> str:
    """A recipe's own line about itself; empty where it has none or is no TOML."""
    try:
        found = tomllib.loads(file.read_text("utf-8")).get("summary", "")
    except (OSError, ValueError):
        return ""
    return found if isinstance(found, str) else ""


@dataclass(frozen=True, kw_only=True)
class ShippedRecipe:
    """One line of `aukit recipes list`."""

    name: str
    summary: str
    provider: str
    file: Path


def list_recipes(registry: Registry | None = None) -> list[ShippedRecipe]:
    """The shipped recipes with their summaries."""
    return [
        ShippedRecipe(name=item.name, summary=summary(item.record), provider=item.source, file=item.record)
        for item in recipes(registry)
    ]


def copy_recipe(name: str, target: str | os.PathLike[str], registry: Registry | None = None) -> Path:
    """Copy a shipped recipe, comments and all, to a new file or into a folder; returns the file.

    Raises:
        UsageError: there is no such recipe, or the target exists.
        StorageError: the target cannot be written.
    """
    source = find(name, registry)
    file = Path(target)
    if file.is_dir():
        file /= source.name
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(source.read_text("utf-8"))
    except FileExistsError:
        raise UsageError("the file exists already", where=str(file), hint="name another file") from None
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=str(file)) from error
    return file
