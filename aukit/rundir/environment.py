"""What made a run: code, packages, machine, command line. A run that cannot say this cannot be reproduced."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import aukit
from aukit.contracts.component import Component
from aukit.contracts.params import Params
from aukit.hosting.registry import Provided
from aukit.rundir.atomic import read_json, write_json


def collect(
    *,
    seed: int,
    components: Mapping[str, Mapping[str, str]],
    device: str = "",
    threads: int = 0,
    processes: int = 1,
) -> dict[str, Any]:
    """The facts for environment.json.

    `components` says for each place of the recipe which component, provider and version stands there. The host's name
    is left out: a run folder is something people share.
    """
    return {
        "aukit": aukit.__version__,
        "components": dict(components),
        "python": sys.version.split()[0],
        "torch": _version("torch"),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": threads,
        "processes": processes,
        "device": device,
        "seed": seed,
        "argv": sys.argv,
        "cwd": str(Path.cwd()),
        "git": {"aukit": git_state(Path(aukit.__file__).parent), "cwd": git_state(Path.cwd())},
        "packages": packages(),
    }


def describe(
    places: Mapping[str, Provided[Component]], params: Callable[[str], Params]
) -> dict[str, dict[str, str]]:
    """By place of the recipe: which component, of which kind, provider and version stands there, and its sources."""
    return {
        place: {
            "name": provided.name,
            "kind": provided.record.kind,
            "provider": provided.provider,
            "version": provided.version,
            "cite": "; ".join(filter(None, (provided.record.cite, params(place).cites()))),
        }
        for place, provided in places.items()
    }


def write(path: Path, facts: Mapping[str, Any]) -> None:
    """Write environment.json. Where there is one, the run was resumed: the first facts stay, the new ones are added."""
    if path.exists():
        before = read_json(path)
        again = {name: value for name, value in facts.items() if before.get(name) != value}
        facts = {**before, "resumed": [*before.get("resumed", []), again]}
    write_json(path, facts)


def packages() -> dict[str, str]:
    """Every installed distribution with its version."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found[name] = distribution.version
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit and whether the working tree differs from it; None where there is no repository or no git."""
    commit = _git(folder, ["rev-parse", "HEAD"])
    if not commit:
        return None
    status = _git(folder, ["status", "--porcelain", "--untracked-files=no"])
    return {"commit": commit, "dirty": bool(status)}


def _git(folder: Path, arguments: Iterable[str]) -> str:
    program = shutil.which("git")
    if program is None:
        return ""
    command = [program, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
