"""Distributions that are really there: a folder on the path with modules and their metadata."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest


class Site:
    """A folder of installed distributions, first on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def add(self, distribution: str, code: str, *, version: str = "1.0", entry_points: str = "") -> str:
        """Install one module with this code and return its name; one entry point `NAME-plugin` unless given."""
        module = distribution.replace("-", "_").lower()
        (self.folder / f"{module}.py").write_text("import aukit\n" + textwrap.dedent(code))
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points or f"[aukit]\n{module}-plugin = {module}\n")
        return module


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty site; modules imported from it are forgotten afterwards."""
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(site.folder)
    before = set(sys.modules)
    yield site
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]
