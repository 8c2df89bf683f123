"""timm imports whether or not torchvision's native operators load. Each case runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OPERATORS = """
try:
    torch.ops.torchvision.{name}
    print("declared")
except AttributeError:
    print("unknown")
"""


def python(program: str, *path: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(folder) for folder in path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def package(folder: Path, text: str) -> Path:
    """A package `torchvision` that stands in front of the installed one."""
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text(text)
    return folder


def test_timm_imports_and_builds_a_model() -> None:
    program = """
from aukit.builtin.torchvision_guard import import_timm
print(import_timm().create_model("resnet18", pretrained=False).num_features)
"""
    assert python(program) == "512\n"


def test_a_torchvision_that_lacks_its_operators_imports_at_the_second_try(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        """
import torch
import torchvision.first
torch.library.register_fake("torchvision::nms")(lambda *_: None)
torch.library.register_fake("torchvision::qnms")(lambda *_: None)
""",
    )
    (folder / "torchvision" / "first.py").write_text("print('imported')")
    program = "import torch; from aukit.builtin.torchvision_guard import mend_torchvision as mend\n"
    program += "print(mend(), mend())" + OPERATORS.format(name="nms")
    assert python(program, folder) == "imported\nimported\nTrue False\ndeclared\n"


def test_nothing_is_declared_where_torchvision_imports(tmp_path: Path) -> None:
    program = "import torch; from aukit.builtin.torchvision_guard import mend_torchvision\n"
    program += "print(mend_torchvision())" + OPERATORS.format(name="nms")
    assert python(program, package(tmp_path, "")) == "False\nunknown\n"


@pytest.mark.parametrize("failure", ["RuntimeError('out of memory')", "ImportError('libpng is missing')"])
def test_another_failure_of_torchvision_is_not_hidden(tmp_path: Path, failure: str) -> None:
    program = f"""
from aukit.builtin.torchvision_guard import mend_torchvision
try:
    mend_torchvision()
except {failure.partition("(")[0]} as error:
    print(error)
"""
    expected = failure.split("'")[1] + "\n"
    assert python(program, package(tmp_path, f"raise {failure}")) == expected
