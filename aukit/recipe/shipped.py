"""The recipes that aukit and its plugins ship: found, listed and copied by name."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aukit
from aukit.errors import StorageError, UsageError, did_you_mean, nearest
from aukit.hosting.registry import Provided, Registry, normalise


def folder() -> Path:
    """aukit's own recipes: inside an installed wheel, or beside the package in a checkout."""
    package = Path(aukit.__file__).parent
    installed = package / "_recipes"
    return installed if installed.is_dir() else package.parent / "recipes"


Kind = Literal["run", "suite"]
"""What a recipe describes: one run, or a suite of runs that fill a table."""


@dataclass(frozen=True, kw_only=True)
class ShippedRecipe:
    """One line of `aukit recipes list`. aukit's own may lie in folders: `paper/table2`."""

    name: str
    kind: Kind
    summary: str
    provider: str
    """Distribution and version."""
    file: Path


def list_recipes(registry: Registry | None = None) -> list[ShippedRecipe]:
    """The shipped recipes with their summaries: aukit's own and those of plugins, by name."""
    found = []
    for name, item in _every(registry):
        tables = _tables(item.record)
        summary = tables.get("summary", "")
        found.append(
            ShippedRecipe(
                name=name,
                kind="suite" if "variants" in tables else "run",
                summary=summary if isinstance(summary, str) else "",
                provider=item.source,
                file=item.record,
            )
        )
    return found


def find(name: str, registry: Registry | None = None) -> Path:
    """The file of the shipped recipe `name` or `provider/name`. A name with a slash may be a whole one: that first.

    Raises:
        UsageError: there is none, or two providers ship it.
    """
    every = _every(registry)
    provider, _, bare = name.partition("/")
    found = [(own, item) for own, item in every if own == name] or [
        (own, item) for own, item in every if own == bare and normalise(item.provider) == normalise(provider)
    ]
    if len(found) == 1:
        return found[0][1].record
    if found:
        raise UsageError(
            f"two plugins ship the recipe `{name}`: " + " and ".join(item.source for _, item in found),
            hint="say which: " + " or ".join(f"`{item.provider}/{own}`" for own, item in found),
        )
    raise _no_such(name, {own for own, _ in every})


def _every(registry: Registry | None) -> list[tuple[str, Provided[Path]]]:
    """All shipped recipes with their whole names."""
    home = folder()
    own = [(file.relative_to(home).with_suffix("").as_posix(), file) for file in home.rglob("*.toml")]
    found = [(name, Provided(record=file, provider="aukit", version=aukit.__version__)) for name, file in own]
    found += [(item.name, item) for item in (registry.recipes() if registry else [])]
    return sorted(found, key=lambda pair: (pair[0], pair[1].provider))


def _no_such(name: str, names: Collection[str]) -> UsageError:
    """The refusal of a name that nobody ships: which is meant, seen from its end (`recipes/paper/table2.toml`)."""
    path = Path(name)
    wanted = path.with_suffix("") if path.suffix == ".toml" else path
    names = sorted(names)
    meant = [known for known in names if wanted.parts[-len(Path(known).parts) :] == Path(known).parts]
    meant = meant or [known for known in names if Path(known).name == wanted.name]
    is_file = path.suffix == ".toml" or (len(path.parts) > 1 and not nearest(name, names))
    if meant and is_file:
        hint = f"the shipped recipe of that name runs from anywhere: `{meant[0]}`"
    elif meant:
        hint = did_you_mean(meant[0], meant)
    elif is_file and not nearest(wanted.name, names):
        hint = "`aukit recipes list` shows the shipped ones"
    else:
        hint = did_you_mean(wanted.name if is_file else name, names)
    return UsageError(f"there is no {'recipe file' if is_file else 'recipe'} `{name}`", hint=hint)


def _tables(file: Path) -> dict[str, Any]:
    """What a recipe says of itself; nothing where it is no TOML."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


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
