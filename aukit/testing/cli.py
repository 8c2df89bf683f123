"""The command line, as a user would have it: in a process of its own, with plain output."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class CliResult:
    """What a command left: its exit code, and what it wrote."""

    code: int
    stdout: str
    stderr: str


def run_cli(
    *arguments: str | Path,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> CliResult:
    """Run `aukit` with these arguments. `env` is added to the environment; no colours, 100 columns.

    Raises:
        subprocess.TimeoutExpired: it did not end within `timeout` seconds.
    """
    done = subprocess.run(
        [sys.executable, "-m", "aukit", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUTF8": "1", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    return CliResult(code=done.returncode, stdout=done.stdout, stderr=done.stderr)
