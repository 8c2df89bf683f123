"""The terminal: data on stdout, everything else on stderr, the same words with and without colour."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from aukit.cli import terminal
from aukit.contracts.run import Note, Progress, RunStarted, StageFinished
from aukit.errors import DataError, Problem, RecipeError


def test_a_table_has_aligned_columns_and_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(
        ("AU", "ICC", "verdict"), [("AU04", "0.51", "usable"), ("mean", "-0.1", "")], right=("ICC",)
    )
    out, err = capsys.readouterr()
    assert out == ("AU      ICC   verdict\n─────────────────────\nAU04   0.51   usable\nmean   -0.1\n")
    assert err == ""


def test_a_wide_table_wraps_its_last_column_on_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(("parameter", "meaning"), [("lr", "a long sentence that does not end " * 5)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80
    assert all(line.startswith(" " * 9) for line in lines[3:])


def test_a_pipe_without_columns_gets_whole_lines() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    program = "from aukit.cli import terminal; terminal.table(('a', 'b'), [('x', 'word ' * 100)])"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert len(done.stdout.splitlines()) == 3


def test_json_is_one_document_without_nan(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.document({"icc": float("nan"), "low": float("-inf"), "file": Path("a/b"), "aus": ("AU01",)})
    assert json.loads(capsys.readouterr().out) == {"icc": None, "low": None, "file": "a/b", "aus": ["AU01"]}


def test_facts_are_aligned_and_tables_indented(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.facts(
        {"origin": "synthetic", "made": True, "stages": {"clips_bthwc": [4, 15, 64, 64, 3], "all": 1200}}
    )
    assert capsys.readouterr().out == (
        "origin  synthetic\nmade    yes\nstages\n  clips B,T,H,W,C  4, 15, 64, 64, 3\n  all              1,200\n"
    )


def test_an_error_says_what_where_and_what_instead(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.error(DataError("the file ends early", where="faces.h5", hint="copy it again"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: faces.h5: the file ends early\n  hint: copy it again\n"


def test_a_recipe_shows_all_its_problems(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.error(
        RecipeError(
            [
                Problem(
                    message="unknown parameter",
                    where="a.toml:3",
                    path="model.temporal.hiden",
                    hint="`hidden`?",
                ),
                Problem(message="no such path", where="--set", path="seeed"),
            ]
        )
    )
    assert capsys.readouterr().err == (
        "error: a.toml:3: model.temporal.hiden: unknown parameter\n  hint: `hidden`?\n"
        "error: --set: seeed: no such path\n"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (185, "3:05"), (3729, "1:02:09")]
)
def test_time_reads_like_a_clock(seconds: float, shown: str) -> None:
    assert terminal.clock(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.456, "0.46"), (None, "-"), (float("nan"), "-"), (-0.5, "-0.50")]
)
def test_a_number_that_is_not_there_is_a_dash(value: float | None, shown: str) -> None:
    assert terminal.number(value) == shown


def test_without_a_terminal_a_run_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.watch() as view:
        view.on(
            RunStarted(
                folder=Path("runs/x"),
                recipe="quickstart",
                origin="synthetic",
                stages=(("pretrain", "contrastive"),),
            )
        )
        for step in range(1, 101):
            view.on(
                Progress(
                    task="pretrain",
                    done=step,
                    total=100,
                    frames_per_second=1234.5,
                    seconds_left=100.0 - step,
                    values={"top1": 0.25, "loss": 3.14159},
                )
            )
        view.on(Note(text="a label is missing", level="warning"))
        view.on(StageFinished(stage="pretrain", seconds=61, metrics={"loss": 1.5}))
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "running quickstart in runs/x"
    assert lines[1] == "the data are synthetic: the scores say nothing of real people"
    assert lines[3] == "pretrain: 10/100  loss 3.142  1,234 frames/s  1:30 left  top1 0.25"
    assert lines[-3].startswith("pretrain: 100/100")
    assert lines[-2:] == ["warning: a label is missing", "pretrain: finished in 1:01  loss 1.5"]
    assert len(lines) == 2 + (terminal.PARTS + 1) + 2


def test_on_a_terminal_a_run_is_bars_on_stderr_and_stdout_stays_clean(tmp_path: Path) -> None:
    program = (
        "from aukit.cli import terminal\n"
        "from aukit.contracts.run import Note, Progress\n"
        "with terminal.watch() as view:\n"
        "    for step in range(101):\n"
        "        view.on(Progress(task='pretrain', done=step, total=100, values={'loss': 0.5}))\n"
        "    view.on(Note(text='nearly there'))\n"
        "terminal.out('data')\n"
    )
    main, side = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=side,
        text=True,
        timeout=60,
    )
    os.close(side)
    shown = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    assert done.returncode == 0
    assert done.stdout == "data\n"
    text = shown.decode()
    assert "100/100" in text
    assert "loss 0.5" in text
    assert "nearly there" in text
    assert "\x1b[3" not in text.replace("\x1b[?", "")  # NO_COLOR: the cursor moves, but nothing has a colour
