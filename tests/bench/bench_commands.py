"""How long a command takes, in processes of their own, as a user has it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from rows import ROUNDS, Row, at_most

RECIPE = str(Path(__file__).parents[2] / "recipes" / "disfa_2pct.toml")
COMMANDS = {
    "`aukit --help`, warm": (["--help"], 0.4),
    "`aukit list-components`, warm": (["list-components"], 0.8),
    "`aukit validate` of a recipe, warm": (["validate", RECIPE], 1.0),
}


def bench_commands() -> list[Row]:
    """Seconds of the light commands; that torch stays out is a test of its own."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(ROUNDS + 1):
        for name, (arguments, _) in COMMANDS.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-m", "aukit", *arguments], check=True, capture_output=True)
            if number:  # the first round warms the disk's cache
                seconds[name].append(time.perf_counter() - begun)
    how = f"median of {ROUNDS} processes"
    return [
        at_most(name, statistics.median(seconds[name]), "s", limit, how)
        for name, (_, limit) in COMMANDS.items()
    ]
