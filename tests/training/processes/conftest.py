"""Processes as `torchrun` starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Launch = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def launch() -> Launch:
    """`launch(count, *arguments, cwd=...)`: `torchrun --nproc_per_node count`; the source tested is this one."""

    def go(count: int, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        root = str(Path(__file__).parents[3])
        command = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc_per_node",
            str(count),
        ]
        return subprocess.run(
            [*command, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            **options,
        )

    return go
