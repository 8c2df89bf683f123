"""The pages as a reader has them, and a folder in which what they show can be done: small, but real."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aukit.recipe import load_recipe
from aukit.testing import run_cli
from aukit.testing.video import face_video

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import reference_pages  # noqa: E402

EXAMPLE = ROOT / "plugins" / "aukit-example-temporal"

MY_GRU = """
import aukit
from torch import nn

class MyGRU(nn.Module):
    pass

@aukit.hookimpl
def aukit_components():
    return [aukit.Component(kind="temporal", name="my-file-gru", build="my_gru:MyGRU", summary="a try")]
"""


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Path inside the documentation -> Markdown, generated pages and examples filled in."""
    docs = ROOT / "docs"
    found = {str(file.relative_to(docs)): file.read_text("utf-8") for file in sorted(docs.rglob("*.md"))}
    found = {path: reference_pages.expand(text) for path, text in found.items()}
    return found | {path: write() for path, write in reference_pages.PAGES.items()}


def own_videos(folder: Path) -> None:
    """Three short videos of two people, with the manifest and the labels that the guide shows."""
    folder.mkdir()
    for number, subject in enumerate(("P001", "P001", "P002"), 1):
        face_video(
            folder / f"visit-{number:02}.mp4", subjects=(subject,), frames=80, size=(160, 120), face=96
        )
    guide = (ROOT / "docs" / "guides" / "own-videos.md").read_text("utf-8")
    for start, name in (("video,subject", "manifest.csv"), ("video,frame", "labels.csv")):
        (shown,) = re.findall(rf"^```text\n({start}.*?)^```$", guide, re.MULTILINE | re.DOTALL)
        (folder / name).write_text(shown, "utf-8")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `recipes/quickstart.toml`, seconds long, its run `runs/first`, and a plugin file."""
    folder = tmp_path_factory.mktemp("reader")
    small = ("data.faces.size=32", "model.backbone.width=4", "model.backbone.channels=8")
    recipe = load_recipe("quickstart", smoke=True, overrides=small)
    (folder / "recipes").mkdir()
    (folder / "recipes" / "quickstart.toml").write_text(recipe.dump(), "utf-8")
    (folder / "my_gru.py").write_text(MY_GRU, "utf-8")
    own_videos(folder / "videos")
    (folder / "frozen.toml").write_text('extends = "own_videos"', "utf-8")
    done = run_cli("run", "recipes/quickstart.toml", "--out", "runs/first", "--device", "cpu", cwd=folder)
    assert done.code == 0, done.stderr
    return folder


@pytest.fixture
def reader(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Go to a fresh copy of that folder, and say where it is."""

    def go() -> Path:
        here = tmp_path / "reader"
        shutil.copytree(finished, here)
        monkeypatch.chdir(here)
        return here

    return go


@pytest.fixture
def with_example(tmp_path: Path) -> dict[str, str]:
    """An environment in which the tutorial's package is installed."""
    site = tmp_path / "site"
    shutil.copytree(EXAMPLE / "aukit_example_temporal", site / "aukit_example_temporal")
    facts = site / "aukit_example_temporal-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: aukit-example-temporal\nVersion: 0.1.0\n")
    (facts / "entry_points.txt").write_text("[aukit]\nmin-gru = aukit_example_temporal\n")
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH", ""))))
    return {"PYTHONPATH": path}
