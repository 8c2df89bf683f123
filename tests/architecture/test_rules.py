"""Rules that hold for every file: who imports whom, who prints, how long a file may be, what is never loaded."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "aukit").rglob("*.py"))
LONGEST = 330


def calls(file: Path) -> set[str]:
    """The dotted names that a file calls: `print`, `torch.load`, `pickle.loads`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
    return found


def imports(file: Path) -> set[str]:
    """The modules that a file imports, at any depth, type checking included."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def tops(file: Path) -> set[str]:
    return {module.partition(".")[0] for module in imports(file)}


@pytest.fixture(scope="module", autouse=True)
def _there_are_files() -> None:
    assert len(FILES) > 80


def test_imports_run_one_way() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    "module",
    [
        "aukit",
        "aukit.errors",
        "aukit.contracts.run",
        "aukit.hosting.host",
        "aukit.builtin.hooks",
        "aukit.recipe",
        "aukit.clips",
        "aukit.clips.reader",
        "aukit.clips.loader",
        "aukit.ingest.make",
        "aukit.evaluation.metrics",
        "aukit.rundir.layout",
        "aukit.report",
        "aukit.cli.app",
    ],
)
def test_a_light_module_does_not_import_torch(module: str) -> None:
    program = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_only_the_terminal_prints_and_only_it_imports_rich() -> None:
    terminal = ROOT / "aukit" / "cli" / "terminal.py"
    assert "print" in calls(terminal)
    assert "rich" in tops(terminal)
    for file in set(FILES) - {terminal}:
        assert not calls(file) & {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"}, file
        assert "rich" not in tops(file), file


def test_each_library_of_the_outer_shell_has_one_room() -> None:
    rooms = {"typer": "cli", "pluggy": "hosting", "jinja2": "report"}
    for file in FILES:
        room = file.relative_to(ROOT / "aukit").parts[0]
        for library, home in rooms.items():
            assert room == home or library not in tops(file), file
        assert "click" not in tops(file), file


def test_nothing_is_ever_unpickled() -> None:
    loads = re.compile(
        r"\b(torch\.load|np\.load|numpy\.load|read_pickle|allow_pickle=True|pickle\.(?!PicklingError)\w)"
    )
    for file in FILES:
        assert not tops(file) & {"cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}, file
        assert not loads.findall(file.read_text("utf-8")), file
        assert "from pickle" not in file.read_text("utf-8"), file


def test_nothing_reaches_for_the_network() -> None:
    libraries = {"http", "requests", "httpx", "httpx2", "ftplib", "huggingface_hub"}
    for file in FILES:
        assert not tops(file) & libraries, file
        assert not imports(file) & {"urllib.request", "torch.hub"}, file


def test_no_file_grows_too_long() -> None:
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert {str(file): length for file, length in lengths.items() if length > LONGEST} == {}


def test_nothing_is_left_for_later() -> None:
    marks = ("TODO", "FIXME", "XXX")
    for file in FILES:
        text = file.read_text("utf-8")
        assert not [mark for mark in marks if mark in text], file


def test_the_package_is_marked_as_typed() -> None:
    assert (ROOT / "aukit" / "py.typed").exists()
