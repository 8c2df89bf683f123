"""Writes a plugin package for one component: it installs, passes its contract check and shows in the list."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from string import Template

from aukit.contracts.component import KINDS
from aukit.errors import ComponentError, PluginError, StorageError, did_you_mean
from aukit.hosting.host import load_host
from aukit.hosting.registry import Registry

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PREFIX = "aukit-"


def write_plugin(name: str, kind: str, folder: Path, *, registry: Registry | None = None) -> Path:
    """Write the package `aukit-NAME` with a small working component into `folder`, and return the package's folder.

    Raises:
        ComponentError: there is no such kind, or the name is taken.
        PluginError: the name will not do, or the package's folder exists.
        StorageError: the folder cannot be written.
    """
    if kind not in KINDS:
        raise ComponentError(f"there is no kind of component `{kind}`", hint=did_you_mean(kind, KINDS))
    name = name.removeprefix(_PREFIX)
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"`{name}` will not do as the name of a component",
            hint="small letters, digits and single hyphens, a letter first: `my-gru`",
        )
    for provided in (registry or load_host()).components(kind):
        if provided.name == name:
            message = f"there is a {kind} `{name}` already, from {provided.source}"
            raise ComponentError(message, hint="choose another name")
    target = folder / f"{_PREFIX}{name}"
    if target.exists():
        raise PluginError("exists already", where=str(target), hint="choose another name or folder")
    try:
        for path, text in plugin_files(name, kind).items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror}", where=str(target)) from error
    return target


def plugin_files(name: str, kind: str) -> dict[str, str]:
    """The files of a plugin package: path inside it -> text."""
    package = f"{_PREFIX}{name}".replace("-", "_")
    words = {
        "name": name,
        "kind": kind,
        "distribution": f"{_PREFIX}{name}",
        "package": package,
        "cls": "".join(part.capitalize() for part in name.split("-")),
    }
    params = _fill(f"{kind}/params.py", words)
    # The parameters' docstring is the component's summary: "A moving average." becomes "a moving average".
    summary = params.split('"""')[1].removesuffix(".")
    words |= {"params": params, "summary": summary[0].lower() + summary[1:]}
    return {
        "pyproject.toml": _fill("pyproject.toml", words),
        "README.md": _fill("README.md", words),
        f"{package}/__init__.py": _fill("init.py", words),
        f"{package}/module.py": _fill(f"{kind}/module.py", words),
        f"tests/test_{package}.py": _fill("test.py", words),
    }


def _fill(template: str, words: dict[str, str]) -> str:
    text = resources.files("aukit.hosting").joinpath("template", f"{template}.txt").read_text("utf-8")
    return Template(text).substitute(words)
