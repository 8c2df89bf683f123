"""Fixtures for plugin tests, had by `pytest_plugins = ["aukit.testing.pytest_plugin"]` in a `conftest.py`.

aukit is imported inside the fixtures, so that coverage sees its modules being imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from aukit.hosting.registry import Registry
    from aukit.testing.cli import CliResult


@pytest.fixture
def empty_host() -> Callable[..., Registry]:
    """`empty_host(*records, builtins=False)`: a registry of these records only."""
    from aukit.testing.host import empty_host

    return empty_host


@pytest.fixture
def tiny_store(tmp_path: Path) -> Callable[..., Path]:
    """`tiny_store(**options)`: write a tiny clip store into the test's folder and return its path."""
    from aukit.testing.store import tiny_store

    def write(name: str = "tiny.h5", **options: Any) -> Path:
        return tiny_store(tmp_path / name, **options)

    return write


@pytest.fixture
def run_cli(tmp_path: Path) -> Callable[..., CliResult]:
    """`run_cli(*arguments)`: run `aukit` in the test's folder."""
    from aukit.testing.cli import run_cli

    def run(*arguments: str | Path, **options: Any) -> CliResult:
        return run_cli(*arguments, **{"cwd": tmp_path, **options})

    return run
