"""`aukit compare` as a user has it: its whole output, its formats, its page, and a refusal."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from aukit.testing import CliResult

Cli = Callable[..., CliResult]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants of two seeds on six people, as `tests/compare` writes them."""
    here = tmp_path_factory.mktemp("compared")
    made = _maker()
    for variant in ("base", "scratch"):
        for seed in (0, 1):
            made.write_run(here / f"{variant}-{seed}", variant, seed=seed)
    made.write_suite(here / "suite", seeds=(0, 1), leave=("base/fold1-seed1",))
    return here


def _maker() -> ModuleType:
    place = Path(__file__).parents[1] / "compare" / "conftest.py"
    spec: Any = importlib.util.spec_from_file_location("compare_conftest", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WHOLE = (Path(__file__).parent / "compare.txt").read_text("utf-8")
REFUSED = """\
error: these runs do not belong into one table:
other test frames at fold 1:
  base-0: 6 people, 360 frames, 1080 labels
  other: 5 people, 300 frames, 900 labels; other videos: 1, such as little/P105
  hint: compare runs that differ in what you ask about alone; `--force` makes a table all the same, marked
"""
RUNS = ("base-0", "base-1", "scratch-0", "scratch-1")


def test_the_whole_table(folders: Path, run_cli: Cli) -> None:
    done = run_cli("compare", *RUNS, "--against", "scratch-0", cwd=folders)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == WHOLE


def test_a_suite_writes_its_page_and_says_what_is_missing(folders: Path, run_cli: Cli) -> None:
    done = run_cli("compare", "suite", cwd=folders)
    assert (done.code, done.stderr) == (0, "report: suite/compare.html\n")
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "little-suite",
        "pre-training or none",
        "hypothesis: pre-trained beats scratch",
        "primary metric: ICC",
        "plan written 2026-11-24T03:00:00+00:00, not changed since",
    ]
    assert lines[-2:] == ["3 of 4 runs are finished", "not finished: base/fold1-seed1"]
    assert (folders / "suite" / "compare.html").read_text().startswith("<!doctype html>")


def test_json_is_one_document_however_it_is_asked_for(folders: Path, run_cli: Cli) -> None:
    asked = (run_cli("compare", *RUNS, *how, cwd=folders) for how in (("--json",), ("--format", "json")))
    first, second = (json.loads(done.stdout) for done in asked)
    assert first == second
    assert [arm["title"] for arm in first["arms"]][:2] == ["little", "little, without stages.pretrain"]


def test_other_kinds_of_table(folders: Path, run_cli: Cli) -> None:
    done = run_cli(
        "compare", "base-0", "base-1", "--shows", "prediction", "--format", "markdown", cwd=folders
    )
    assert "| little | 0.105 (0.100 to 0.110) | 0.305 (0.300 to 0.310) |" in done.stdout
    done = run_cli("compare", "base-0", "--shows", "labels", cwd=folders)
    assert "little: training labels by intensity" in done.stdout


def test_a_refusal_prints_no_table_and_writes_no_page(folders: Path, run_cli: Cli) -> None:
    _maker().write_run(folders / "other", "scratch", people=5)
    done = run_cli("compare", "base-0", "other", "--report", "page", cwd=folders)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == REFUSED
    assert not (folders / "page").exists()
