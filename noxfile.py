"""Every check of the project. `nox -l` lists them; `nox -s tests -- -k icc` passes words on to pytest."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "tests", "plugins", "docs"]
nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "venv"

ROOT = Path(__file__).parent
CONSTRAINTS = ("-c", str(ROOT / "constraints.txt"))
# One thread a process: the tests run in two, and sums in one order are the same bit for bit.
SERIAL = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def install_aukit(session: nox.Session, extras: str) -> None:
    """Install this checkout with `extras`, at the tested versions."""
    session.install(*CONSTRAINTS, "-e", f"{ROOT}[{extras}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and import direction: ruff and import-linter. Needs neither torch nor aukit installed."""
    session.install(*CONSTRAINTS, "ruff", "import-linter")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": str(ROOT)})


@nox.session
def types(session: nox.Session) -> None:
    """Type check with mypy, strict."""
    install_aukit(session, "types")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, the slow ones too, in two processes. Words after `--` go to pytest instead."""
    install_aukit(session, "test,video,libface,parquet,tensorboard")
    session.run("pytest", *(session.posargs or ["-n", "2", "--dist", "worksteal"]), env=SERIAL)


@nox.session
def plugins(session: nox.Session) -> None:
    """Install every package in plugins/ for real, run its tests; the broken one must break nothing."""
    install_aukit(session, "test")
    packages = sorted(file.parent for file in (ROOT / "plugins").glob("*/pyproject.toml"))
    session.install(*CONSTRAINTS, *(str(package) for package in packages))
    for package in packages:
        if (package / "tests").is_dir():
            session.run("pytest", str(package / "tests"), env=SERIAL)
    session.run("aukit", "list-components")
    session.run("aukit", "plugins")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link or a missing page is an error."""
    install_aukit(session, "docs")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure speed and memory against their floors: a table, and bench.json. Names run only those."""
    install_aukit(session, "test,video")
    session.run("python", "tests/bench/run.py", "--json", "bench.json", *session.posargs)
