"""Run folders, checkpoints and disks that stand in the way: nothing that was there is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Refused = Callable[..., str]
Write = Callable[..., Path]
Store = Callable[..., Path]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, the tiny recipe and its finished run `out`."""
    from aukit.testing import run_cli, tiny_store

    folder = tmp_path_factory.mktemp("finished")
    tiny_store(folder / "tiny.h5")
    text = (
        (Path(__file__).parent / "conftest.py")
        .read_text("utf-8")
        .split('RECIPE = """\\\n')[1]
        .split('"""')[0]
    )
    (folder / "tiny.toml").write_text(text, encoding="utf-8")
    done = run_cli("run", "tiny.toml", "--out", "out", cwd=folder)
    assert done.code == 0, done.stderr
    return folder


@pytest.fixture
def here(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to spoil."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_folder_that_exists_is_left_alone(here: Path, refused: Refused) -> None:
    before = content(here / "out")
    said = refused("run", "tiny.toml", "--out", "out")
    assert "exists" in said
    assert "--out" in said
    assert content(here / "out") == before


def test_resume_with_a_changed_recipe_shows_the_difference(here: Path, refused: Refused) -> None:
    (here / "out" / "summary.json").unlink()
    before = content(here / "out")
    said = refused("run", "tiny.toml", "--set", "stages.finetune.batch=6", "--out", "out", "--resume")
    assert "batch = 4" in said
    assert "batch = 6" in said
    assert content(here / "out") == before


def test_resume_of_a_finished_run(here: Path, refused: Refused) -> None:
    assert "finished" in refused("run", "tiny.toml", "--out", "out", "--resume")


def test_resume_of_what_is_no_run(here: Path, refused: Refused) -> None:
    assert "nowhere" in refused("run", "tiny.toml", "--out", "nowhere", "--resume")
    (here / "empty").mkdir()
    assert "empty" in refused("run", "tiny.toml", "--out", "empty", "--resume")
    (here / "file").write_text("x")
    assert "file" in refused("run", "tiny.toml", "--out", "file")


def test_resume_with_changed_data(here: Path, refused: Refused) -> None:
    from aukit.testing import tiny_store

    (here / "out" / "summary.json").unlink()
    (here / "tiny.h5").unlink()
    tiny_store(here / "tiny.h5", seed=1)
    assert "data" in refused("run", "tiny.toml", "--out", "out", "--resume")


def test_a_checkpoint_of_another_model(here: Path, refused: Refused) -> None:
    facts = json.loads((here / "out" / "model" / "model.json").read_text())
    facts["parts"]["temporal"]["hidden"] = 4
    (here / "out" / "model" / "model.json").write_text(json.dumps(facts))
    said = refused("predict", "tiny.h5", "--run", "out", "--out", "tracks.csv")
    assert "model" in said
    assert not (here / "tracks.csv").exists()


def test_damaged_weights(here: Path, refused: Refused) -> None:
    weights = here / "out" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert "model.safetensors" in refused("predict", "tiny.h5", "--run", "out", "--out", "tracks.csv")


def test_predict_without_a_run_or_a_store(here: Path, refused: Refused) -> None:
    assert "nowhere" in refused("predict", "tiny.h5", "--run", "nowhere", "--out", "tracks.csv")
    assert "nowhere.h5" in refused("predict", "nowhere.h5", "--run", "out", "--out", "tracks.csv")
    assert "tracks.txt" in refused("predict", "tiny.h5", "--run", "out", "--out", "tracks.txt")
    assert "nowhere" in refused("cite", "nowhere")


def test_a_model_of_synthetic_people_refuses_real_ones(here: Path, refused: Refused, run_cli: Cli) -> None:
    from aukit.testing import tiny_store

    tiny_store(here / "real.h5", origin="real")
    said = refused("predict", "real.h5", "--run", "out", "--out", "tracks.csv")
    assert "--allow-synthetic" in said
    done = run_cli("predict", "real.h5", "--run", "out", "--out", "tracks.csv", "--allow-synthetic")
    assert done.code == 0, done.stderr
    header, *rows = (here / "tracks.csv").read_text().splitlines()
    assert header.endswith(",origin,model_origin")
    assert {tuple(row.split(",")[-2:]) for row in rows} == {("real", "synthetic")}


def test_an_existing_store_or_prediction_is_not_replaced(here: Path, refused: Refused) -> None:
    before = content(here)
    refused("data", "make", "synthetic", "--out", "tiny.h5", "--size", "32")
    assert "tiny.h5" in refused("predict", "tiny.h5", "--run", "out", "--out", "tiny.h5")
    assert content(here) == before


def test_a_folder_that_cannot_be_written(here: Path, refused: Refused) -> None:
    # A file where a folder must be: as forbidding as missing rights, and root feels it too.
    (here / "blocked").write_text("x")
    for arguments in (
        ("run", "tiny.toml", "--out", "blocked/out"),
        ("data", "make", "synthetic", "--out", "blocked/x.h5", "--size", "32"),
        ("data", "sheet", "--out", "blocked/sheet.png", "--size", "32"),
        ("recipes", "copy", "quickstart", "blocked/mine.toml"),
        ("new-plugin", "mine", "--kind", "loss", "--into", "blocked"),
    ):
        said = refused(*arguments, code=1)
        assert "blocked" in said, arguments


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "tiny.toml", "--out", "new"),
        (
            "data",
            "make",
            "synthetic",
            "--out",
            "new.h5",
            "--size",
            "32",
            "--set",
            "frames=200",
            "--processes",
            "1",
        ),
        ("predict", "tiny.h5", "--run", "out", "--out", "new.csv"),
        ("predict", "tiny.h5", "--run", "out", "--out", "new.h5"),
    ],
    ids=lambda arguments: " ".join(arguments[:1]) + Path(arguments[-1]).suffix,
)
def test_a_disk_that_fills_up(here: Path, arguments: tuple[str, ...]) -> None:
    """A limit on the size of files: the write fails in the middle, as on a full disk."""
    program = (
        "import resource, signal, sys\n"
        "from aukit.cli.app import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"sys.exit(main({list(arguments)!r}))\n"
    )
    before = content(here)
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr
    assert "unexpected" not in done.stderr
    after = content(here)
    assert {name: after[name] for name in before} == before
    assert "new.csv" not in after
    assert "new.h5" not in after
    assert "new/summary.json" not in after


def test_a_loss_that_is_not_finite_stops_with_exit_code_3(here: Path, refused: Refused) -> None:
    rate, steps = "stages.pretrain.optimizer.lr=1e30", "stages.pretrain.steps=20"
    said = refused("run", "tiny.toml", "--out", "new", "--set", rate, "--set", steps, code=3)
    assert "step" in said
    assert "pretrain" in said
    assert not (here / "new" / "summary.json").exists()
