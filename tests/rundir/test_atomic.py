"""Files are whole or not there; disk errors say what to do."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aukit.errors import StorageError
from aukit.rundir.atomic import folder_in_place, plain, read_json, write_json, write_text

LIMITED = """
import resource, sys
from pathlib import Path
import torch
from aukit.errors import StorageError
from aukit.rundir import atomic, checkpoint

path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
big = {"w": torch.zeros(100_000)}
for write in (
    lambda: atomic.write_text(path / "old.txt", "x" * 50_000),
    lambda: checkpoint.save_tensors(path / "weights.safetensors", big),
    lambda: checkpoint.Checkpoints(path / "checkpoints").save(big, {}),
):
    try:
        write()
    except StorageError as error:
        print(error.message, "|", error.exit_code, "|", error.hint)
"""


def test_a_full_disk_leaves_the_old_file_and_nothing_half(tmp_path: Path) -> None:
    """The system's limit on a file's size stands for a disk that is full."""
    write_text(tmp_path / "old.txt", "old")
    (tmp_path / "weights.safetensors").write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("the disk is full | 1 | ") and "--resume" in line for line in lines)
    assert (tmp_path / "old.txt").read_text() == "old"
    assert (tmp_path / "weights.safetensors").read_bytes() == b"old"
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert there == {"old.txt", "weights.safetensors", "checkpoints"}


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError) as caught:
        write_text(tmp_path / "file" / "new.txt", "x")
    assert str(tmp_path / "file") in str(caught.value)


def test_json_has_no_nan_and_takes_numpy(tmp_path: Path) -> None:
    value = {
        "a": math.nan,
        "b": np.float32(1.5),
        "c": np.arange(3),
        "d": (1, True, None),
        5: {"x", "y"},
        "p": Path("q"),
    }
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text()
    assert read_json(tmp_path / "x.json") == {
        "a": None,
        "b": 1.5,
        "c": [0, 1, 2],
        "d": [1, True, None],
        "5": ["x", "y"],
        "p": "q",
    }
    assert "NaN" not in text
    assert json.dumps(plain([math.inf])) == "[null]"


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with folder_in_place(tmp_path / "a") as partial:
        (partial / "one").write_text("1")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a" / "one").read_text() == "1"

    def fail() -> None:
        with folder_in_place(tmp_path / "a") as partial:
            (partial / "two").write_text("2")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "one"]
    with folder_in_place(tmp_path / "a") as partial:
        (partial / "three").write_text("3")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["three"]
