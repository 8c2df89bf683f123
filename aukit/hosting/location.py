"""Where a class is written, found without running its module or the packages above it."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, resolve_name
from pathlib import Path


def locate(build: str) -> str:
    """`package.module:Class` to `path/module.py:line`; without the line, or empty, where there is none.

    A module that only imports the class from elsewhere is followed there.
    """
    module, _, name = build.partition(":")
    return _locate(module, name, frozenset())


def _locate(module: str, name: str, seen: frozenset[str]) -> str:
    spec = _spec(module)
    if spec is None or not spec.origin or not spec.origin.endswith(".py") or module in seen:
        return ""
    try:
        tree = ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return spec.origin
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return f"{spec.origin}:{node.lineno}"
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    source = "." * node.level + (node.module or "")
                    found = _locate(_absolute(source, spec.parent), alias.name, seen | {module})
                    return found or f"{spec.origin}:{node.lineno}"
    return spec.origin


def _absolute(module: str, package: str | None) -> str:
    try:
        return resolve_name(module, package)
    except ImportError:
        return ""


def _spec(module: str) -> ModuleSpec | None:
    """Like `find_spec`, which would import the parent packages and, with a careless one, torch."""
    top, *rest = module.split(".")
    try:
        spec = getattr(sys.modules.get(top), "__spec__", None) or find_spec(top)
    except (ImportError, ValueError):
        return None
    name = top
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec
