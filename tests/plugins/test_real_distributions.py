"""Packages that pip really built and installed, seen from processes of their own."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from aukit.contracts.component import KINDS
from aukit.hosting.new_plugin import write_plugin
from aukit.testing import empty_host, run_cli

PLUGINS = Path(__file__).parents[2] / "plugins"
TESTED = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installed:
    """A folder into which distributions were installed."""

    site: Path

    @property
    def env(self) -> dict[str, str]:
        return {"PYTHONPATH": os.pathsep.join([str(self.site), str(TESTED)])}

    def aukit(self, *arguments: str, **env: str) -> tuple[int, str, str]:
        done = run_cli(*arguments, cwd=self.site, env={**self.env, **env})
        return done.code, done.stdout, done.stderr

    def pytest(self, folders: Iterable[Path]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider"]
        return subprocess.run(
            [*command, "-W", "error", "-c", "/dev/null", f"--rootdir={self.site}", *folders],
            cwd=self.site,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            check=False,
        )


def install(site: Path, *sources: Path) -> Installed:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--target", str(site), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Installed(site)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return install(tmp_path_factory.mktemp("example"), PLUGINS / "aukit-example-temporal")


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    folders = [PLUGINS / "aukit-broken", PLUGINS / "aukit-example-temporal"]
    return install(tmp_path_factory.mktemp("broken"), *folders)


@pytest.mark.parametrize("folder", sorted(path.parent for path in PLUGINS.glob("*/pyproject.toml")), ids=str)
def test_a_plugin_uses_the_public_names_only(folder):
    imported = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    ours = {name for name in imported if name.partition(".")[0] == "aukit"}
    assert ours
    assert {name for name in ours if not name.startswith("aukit.contracts")} <= {
        "aukit",
        "aukit.errors",
        "aukit.testing",
    }


def test_the_example_passes_its_own_tests(example):
    done = example.pytest([PLUGINS / "aukit-example-temporal" / "tests"])
    assert done.returncode == 0, done.stdout


def test_the_example_is_listed_with_its_provider(example):
    code, out, _ = example.aukit("list-components", "--kind", "temporal", "--json")
    assert code == 0
    (record,) = [item for item in json.loads(out) if item["name"] == "min-gru"]
    assert record["provider"] == "aukit-example-temporal"


def test_a_recipe_can_name_the_example(example):
    recipe = example.site / "with_min_gru.toml"
    recipe.write_text('extends = "quickstart"\n[model.temporal]\nname = "min-gru"\nmemory = 4.0\n')
    code, out, err = example.aukit("validate", str(recipe))
    assert code == 0, err
    code, out, err = example.aukit("explain", str(recipe))
    assert code == 0, err
    assert "aukit-example-temporal" in out
    assert "aukit_example_temporal" in out


def test_without_the_example_the_recipe_is_told_how_to_get_it(tmp_path):
    recipe = tmp_path / "with_min_gru.toml"
    recipe.write_text('extends = "quickstart"\n[model.temporal]\nname = "min-gru"\n')
    done = run_cli("validate", recipe)
    assert done.code == 2
    assert "aukit-example-temporal" in done.stderr
    assert "pip install" in done.stderr


def test_the_broken_package_passes_its_own_tests(broken):
    done = broken.pytest([PLUGINS / "aukit-broken" / "tests"])
    assert done.returncode == 0, done.stdout


def test_beside_the_broken_package_everything_else_works(broken):
    code, out, err = broken.aukit("list-components", "--json")
    assert code == 0
    assert "aukit-broken 0.1.0" in err
    names = {item["name"] for item in json.loads(out)}
    assert {"convgru", "min-gru", "broken-survivor"} <= names
    code, _, err = broken.aukit("validate", "quickstart")
    assert code == 0, err


def test_plugins_says_what_broke_and_why(broken):
    code, out, _ = broken.aukit("plugins", "--json")
    assert code == 0
    failed = {item["name"]: item["reason"] for item in json.loads(out) if item["status"] == "failed"}
    assert len(failed) == 10
    assert "a_package_that_nobody_has" in failed["broken-import"]
    code, out, _ = broken.aukit("plugins")
    assert code == 0
    assert "the hook fell over" in " ".join(out.split())


def test_the_doors_close(broken):
    code, out, _ = broken.aukit("plugins", "--json", AUKIT_DISABLE_PLUGINS="aukit-broken")
    assert code == 0
    assert {i["status"] for i in json.loads(out) if i["distribution"] == "aukit-broken"} == {"disabled"}
    code, out, _ = broken.aukit("list-components", "--no-plugins", "--json")
    assert {item["provider"] for item in json.loads(out)} == {"aukit"}
    code, _, err = broken.aukit("list-components", AUKIT_PLUGINS_STRICT="1")
    assert code == 2
    assert "failed" in err
    assert "Traceback" not in err


def test_a_name_that_a_broken_plugin_may_bring_says_so(broken):
    recipe = broken.site / "unknown.toml"
    recipe.write_text('extends = "quickstart"\n[model.temporal]\nname = "wanted"\n')
    code, _, err = broken.aukit("validate", str(recipe))
    assert code == 2
    assert "may bring it" in " ".join(err.split())


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A written package of every kind, installed together, and their folders."""
    into = tmp_path_factory.mktemp("written")
    folders = [write_plugin(f"tried-{kind}", kind, into, registry=empty_host()) for kind in KINDS]
    return install(tmp_path_factory.mktemp("site"), *folders), folders


def test_written_packages_of_every_kind_pass_their_tests(written):
    installed, folders = written
    done = installed.pytest(folder / "tests" for folder in folders)
    assert done.returncode == 0, done.stdout
    assert f"{2 * len(KINDS)} passed" in done.stdout


def test_written_packages_of_every_kind_are_listed(written):
    installed, _ = written
    code, out, err = installed.aukit("list-components", "--json")
    assert (code, err) == (0, "")
    listed = {(item["kind"], item["name"], item["provider"]) for item in json.loads(out)}
    assert {(kind, f"tried-{kind}", f"aukit-tried-{kind}") for kind in KINDS} <= listed
