"""What must stay light does: in a fresh process, nothing heavy is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

import aukit


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh process has after this code."""
    shown = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}\n{shown}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_aukit_imports_next_to_nothing():
    assert not loaded("import aukit") & {"torch", "numpy", "pydantic", "pluggy", "h5py", "typer", "rich"}


def test_a_plugin_module_needs_no_torch():
    code = "import aukit; aukit.hookimpl, aukit.Component, aukit.Ablation, aukit.Schema, aukit.Params, aukit.slot"
    assert not loaded(code) & {"torch", "h5py", "timm"}


def test_listing_and_locating_every_component_imports_no_torch():
    code = """
from aukit.hosting.host import load_host
registry = load_host()
assert all(item.location for item in registry.components())
registry.ablations(), registry.schemas(), registry.recipes(), registry.plugins()
"""
    assert not loaded(code) & {"torch", "h5py", "timm", "numpy"}


def test_the_metrics_are_there_after_import_aukit():
    code = "import aukit; assert abs(aukit.evaluation.metrics.icc([1, 2, 3], [1, 2, 3]) - 1) < 1e-9"
    assert "torch" not in loaded(code)


@pytest.mark.parametrize("name", aukit.__all__)
def test_every_public_name_is_there(name):
    assert getattr(aukit, name) is not None
    assert name in dir(aukit)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module `aukit` has no attribute `nothing`"):
        _ = aukit.nothing
