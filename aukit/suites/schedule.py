"""In which order runs go: after those they need, and never beside one that is making a stage that they could take over.

Nothing here runs anything. A run's chain has a name for each of its stages, equal for two runs where the stage and all
before it are the same; the first run that has a link makes it, and the others wait for it alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from aukit.recipe import Recipe
from aukit.suites.plan import Task


def chain(recipe: Recipe) -> dict[str, str]:
    """By stage, the name of the stage and of all before it, from the recipe alone."""
    tables = recipe.tables()
    link = json.dumps([recipe.seed, tables["model"], recipe.compute.precision], sort_keys=True, default=list)
    found = {}
    for name, table in tables["stages"].items():
        data = {one: tables["data"][one] for one in getattr(recipe.params(f"stages.{name}"), "data", ())}
        said = json.dumps([link, table, data], sort_keys=True, default=list)
        link = found[name] = hashlib.sha256(said.encode()).hexdigest()[:16]
    return found


@dataclass
class Schedule:
    """The runs that wait, run, and are done. `done` begins with those that were finished before."""

    waiting: list[Task]
    done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.chains = {task.planned.folder: chain(task.recipe) for task in self.waiting}
        self.running: dict[str, set[str]] = {}
        """By folder of a run that is under way, the links of its chain that it has still to make."""
        self.made: set[str] = set()

    def next(self) -> Task | None:
        """The first run that can begin now; it is then under way. None where none can."""
        making = {link for links in self.running.values() for link in links}
        for task in self.waiting:
            ahead = [link for link in self.chains[task.planned.folder].values() if link not in self.made]
            if set(task.needs) <= self.done and not (ahead and ahead[0] in making):
                self.waiting.remove(task)
                self.running[task.planned.folder] = set(ahead)
                return task
        return None

    def hopeless(self) -> list[Task]:
        """Runs that need one that failed, or that nobody makes; they are taken out."""
        found: list[Task] = []
        while True:
            coming = self.done | self.running.keys() | {task.planned.folder for task in self.waiting}
            lost = [task for task in self.waiting if not coming.issuperset(task.needs)]
            if not lost:
                return found
            found += lost
            self.waiting = [task for task in self.waiting if task not in lost]

    def stage_made(self, folder: str, stage: str) -> None:
        """A run has finished a stage: others may take it over."""
        link = self.chains[folder].get(stage, "")
        self.made.add(link)
        self.running.get(folder, set()).discard(link)

    def ended(self, folder: str, *, well: bool) -> None:
        """A run is over."""
        links = self.running.pop(folder)
        if well:
            self.done.add(folder)
            self.made |= links
