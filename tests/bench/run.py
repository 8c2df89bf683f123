"""Runs the `bench_*` functions of tests/bench/bench_*.py, prints a table and writes JSON.

    python tests/bench/run.py [--json FILE] [NAME ...]

A name picks the functions whose name holds it. The exit code is 1 where a floor is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from rows import Row  # noqa: E402  (found only once its folder is on the path)


def benches(names: list[str]) -> Iterator[tuple[str, Callable[[], object]]]:
    """The functions to run, by file and then in the order they are written."""
    for file in sorted(HERE.glob("bench_*.py")):
        module = importlib.import_module(file.stem)
        for name, function in vars(module).items():
            if (
                name.startswith("bench_")
                and callable(function)
                and (not names or any(n in name for n in names))
            ):
                yield name, function


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the rows here")
    parser.add_argument("names", nargs="*", help="run only functions whose name holds one of these")
    options = parser.parse_args()
    rows: list[Row] = []
    for name, function in benches(options.names):
        print(f"{name} ...", file=sys.stderr, flush=True)
        found = function()
        rows += [found] if isinstance(found, Row) else list(found)  # type: ignore[call-overload]
    print_table(rows)
    if options.json:
        machine = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "machine": platform.machine(),
        }
        text = json.dumps({"machine": machine, "rows": [row.to_json() for row in rows]}, indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")
    return int(any(row.ok is False for row in rows))


def print_table(rows: list[Row]) -> None:
    """Aligned columns."""
    cells = [("what", "measured", "floor", "")] + [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
