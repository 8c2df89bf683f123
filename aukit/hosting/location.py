"""Where a class is written, found without running its module or the packages above it."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path


def locate(build: str) -> str:
    """`package.module:Class` to `path/module.py:line`; without the line, or empty, where there is none."""
    module, _, name = build.partition(":")
    spec = _spec(module)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return ""
    line = _line(Path(spec.origin), name)
    return f"{spec.origin}:{line}" if line else spec.origin


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


def _line(file: Path, name: str) -> int:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return 0
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node.lineno
    return 0
