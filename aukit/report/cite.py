"""What to cite for a run: the sources of every component that shaped its numbers, and of its data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aukit.report.folder import Run, read_run


@dataclass(frozen=True)
class Citation:
    """A source, and what of the run it stands behind."""

    text: str
    used_for: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.text}  [{', '.join(self.used_for)}]"

    def to_json(self) -> dict[str, str | list[str]]:
        """Plain values."""
        return {"text": self.text, "used_for": list(self.used_for)}


def cite(folder: str | Path) -> list[Citation]:
    """The sources of a run folder, each once, in the order of the recipe.

    Raises:
        RunFolderError: the folder holds no run.
    """
    return cite_run(read_run(Path(folder)))


def cite_run(run: Run) -> list[Citation]:
    """The sources of a run that was read."""
    found: dict[str, list[str]] = {}
    for text, used_for in _sources(run):
        uses = found.setdefault(text, [])
        if used_for not in uses:
            uses.append(used_for)
    return [Citation(text, tuple(uses)) for text, uses in found.items()]


def _sources(run: Run) -> Iterator[tuple[str, str]]:
    for component in run.components.values():
        for text in _split(component.get("cite", "")):
            yield text, f"{component['kind']} {component['name']}"
    for table in run.data.get("tables", {}).values():
        for text in _split(table.get("cite", "")):
            yield text, f"data {', '.join(table.get('data_sets', []))}"
    built_on = [(run.data.get("weights") or {}, "the weights that training started from")]
    built_on += [(one, f"the run that `{path}` names") for path, one in run.data.get("runs", {}).items()]
    for other, what in built_on:
        for one in other.get("cite", ()):
            for text in _split(one):
                yield text, f"data of {what}"
    version = run.environment.get("aukit", "")
    if version:
        yield f"aukit {version}", "training and evaluation"


def _split(text: str) -> list[str]:
    """A record may name several sources, separated by `;`."""
    return [part.strip() for part in text.split(";") if part.strip()]
