"""What a suite would do, without doing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aukit.rundir.suite import SuiteFolder, read_plan
from aukit.suites.load import Suite
from aukit.suites.plan import tasks, tuning_tasks
from aukit.suites.run import suite_folder
from aukit.suites.schedule import chain
from aukit.suites.state import states


def outlook(suite: Suite, out: Path | None) -> dict[str, Any]:
    """The runs of a suite, what has become of each, and which of their stages are made once for several.

    Raises:
        RecipeError: a recipe does not stand, or data are missing.
    """
    folder = SuiteFolder(out or suite_folder(suite))
    tuned = read_plan(folder.path).tuned if folder.plan.exists() else {}
    known = [
        *tuning_tasks(suite, folder.path, suite.variants),
        *tasks(suite, folder.path, suite.variants, tuned),
    ]
    status, seen, rows = states(folder, known), set[str](), []
    for task in known:
        links = chain(task.recipe)
        shared = [name for name, link in links.items() if link in seen]
        seen |= set(links.values())
        rows.append(
            {
                "run": task.planned.folder,
                "status": status[task.planned.folder].status,
                "reason": status[task.planned.folder].reason,
                "stages": ", ".join(f"({name})" if name in shared else name for name in links),
                "taken over": shared,
                "needs": list(task.needs),
            }
        )
    return {
        "suite": suite.name,
        "hypothesis": suite.table.hypothesis,
        "primary_metric": suite.table.primary,
        "folder": str(folder.path),
        "written_before": read_plan(folder.path).written if folder.plan.exists() else "",
        "in_brackets": "stages that another run has made by then",
        "runs": rows,
    }
