"""`write_plugin`: what it writes, and what it refuses. That the packages work is in tests/plugins."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aukit.contracts.component import KINDS
from aukit.errors import AukitError, ComponentError, PluginError, StorageError
from aukit.hosting.new_plugin import plugin_files, write_plugin
from aukit.testing import empty_host

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_of_each_kind_is_written(tmp_path, kind):
    folder = write_plugin("my-own-thing", kind, tmp_path, registry=empty_host())
    assert folder == tmp_path / "aukit-my-own-thing"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "README.md",
        "pyproject.toml",
        "aukit_my_own_thing/__init__.py",
        "aukit_my_own_thing/module.py",
        "tests/test_aukit_my_own_thing.py",
    }
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "aukit-my-own-thing"
    assert project["project"]["entry-points"]["aukit"] == {"my-own-thing": "aukit_my_own_thing"}
    assert f"a {kind} for aukit" in (folder / "README.md").read_text()
    module = ast.parse((folder / "aukit_my_own_thing" / "module.py").read_text())
    assert "MyOwnThing" in [node.name for node in module.body if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_template_is_left(kind):
    for text in plugin_files("thing", kind).values():
        assert "$" not in text
        assert "TODO" not in text


def test_the_prefix_may_be_given(tmp_path):
    assert write_plugin("aukit-thing", "head", tmp_path, registry=empty_host()).name == "aukit-thing"


@pytest.mark.parametrize(
    "name", ["My-Thing", "my_thing", "9lives", "a--b", "-a", "", "a/b", "aukit-", "ein ding"]
)
def test_a_name_that_will_not_do_is_refused(tmp_path, name):
    with pytest.raises(PluginError, match="will not do as the name of a component"):
        write_plugin(name, "head", tmp_path, registry=empty_host())
    assert not list(tmp_path.iterdir())


def test_an_unknown_kind_is_told_the_nearest(tmp_path):
    with pytest.raises(ComponentError, match="no kind of component `temporl`") as caught:
        write_plugin("x", "temporl", tmp_path)
    assert "`temporal`" in caught.value.hint


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(ComponentError, match=r"there is a temporal `convgru` already, from aukit \d"):
        write_plugin("convgru", "temporal", tmp_path)
    assert not list(tmp_path.iterdir())
    write_plugin("convgru", "head", tmp_path)


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "aukit-thing").mkdir()
    with pytest.raises(PluginError, match="exists already"):
        write_plugin("thing", "head", tmp_path)
    assert not list((tmp_path / "aukit-thing").iterdir())


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written") as caught:
        write_plugin("thing", "head", tmp_path / "file")
    assert isinstance(caught.value, AukitError)
    assert caught.value.exit_code == 1


@pytest.fixture
def packages(tmp_path):
    """A package of every kind."""
    return [write_plugin(f"tidy-{kind}", kind, tmp_path, registry=empty_host()) for kind in KINDS]


def run(*command: str | Path, cwd: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_the_packages_are_typed(packages, tmp_path):
    pytest.importorskip("mypy")
    modules = [next(folder.glob("aukit_*")) for folder in packages]
    code, output = run("mypy", "--strict", f"--cache-dir={ROOT / '.mypy_cache'}", *modules, cwd=tmp_path)
    assert code == 0, output


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_the_packages_are_linted_and_formatted_like_aukit(packages, tmp_path, command):
    pytest.importorskip("ruff")
    code, output = run("ruff", *command, "--config", ROOT / "pyproject.toml", *packages, cwd=tmp_path)
    assert code == 0, output
