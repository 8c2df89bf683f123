"""One command at a time in a folder, also after one of them was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aukit.errors import RunFolderError
from aukit.rundir.lock import FILE, locked

pytest.importorskip("fcntl")


def nothing(text: str) -> None:
    raise AssertionError(text)


def test_a_second_command_waits_and_is_refused(tmp_path: Path) -> None:
    told = list[str]()
    with locked(tmp_path / "suite", nothing):
        with (
            pytest.raises(RunFolderError, match="another command works in this folder") as caught,
            locked(tmp_path / "suite", told.append, patience=0.3),
        ):
            pass
        assert "--out DIR" in caught.value.hint
    assert len(told) == 1 and "waiting" in told[0]
    with locked(tmp_path / "suite", nothing):
        pass


def test_a_process_that_inherits_it_holds_it_on(tmp_path: Path) -> None:
    with locked(tmp_path / "suite", nothing) as descriptor:
        assert descriptor is not None
        (tmp_path / "suite" / "suite.json").touch()
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=(descriptor,),
        )
    with pytest.raises(RunFolderError), locked(tmp_path / "suite", print, patience=0.1):
        pass
    child.communicate()
    with locked(tmp_path / "suite", nothing):
        pass


def test_a_folder_that_came_to_nothing_is_gone(tmp_path: Path) -> None:
    with locked(tmp_path / "suite", nothing):
        assert (tmp_path / "suite" / FILE).exists()
    assert not (tmp_path / "suite").exists()
