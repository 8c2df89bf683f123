"""compare.html: one file that opens anywhere, with the tables and figures of a comparison."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from aukit.compare import plots
from aukit.compare.distributions import ALL, TRAINING
from aukit.compare.result import Comparison
from aukit.compare.tables import primary_first, tables
from aukit.compare.words import basis, heading, mark, state
from aukit.report.page import templates
from aukit.report.plots import levels
from aukit.report.provenance import ORIGINS
from aukit.rundir.atomic import storage, write_text

FILE = "compare.html"
MIXED = "The runs are not all about real people: treat no number here as a result on them."


def write_page(found: Comparison, folder: Path) -> Path:
    """Write the page into a folder, which is made where it is not there; returns its path.

    Raises:
        StorageError: it cannot be written.
    """
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / FILE, render(found))
    return folder / FILE


def render(found: Comparison) -> str:
    """The page."""
    series = plots.colours(found)
    return (
        templates("aukit.compare")
        .get_template("compare.html.j2")
        .render(
            found=found,
            banner="" if found.origin == "real" else ORIGINS.get(found.origin, MIXED),
            mark=mark(found),
            heading=heading(found),
            basis=basis(found),
            state=state(found),
            tables=tables(found),
            legend=[
                (arm.title, number % 6)
                for number, arm in enumerate(a for a in found.arms if a.name in series)
            ],
            figures=_figures(found),
            several=any(len(arm.seeds) > 1 for arm in found.arms),
            printed=any(arm.published for arm in found.arms),
        )
    )


def _figures(found: Comparison) -> list[tuple[str, Markup]]:
    """Titles and figures; those with nothing to show are left out."""
    made: list[tuple[str, str]] = []
    if found.shows == "intensity":
        metrics = primary_first(found)[:2]
        made += [(f"{metric.upper()} by AU", plots.scores(found, metric)) for metric in metrics]
        base = found[found.against].title
        made += [
            (f"Difference in {metric.upper()} from {base}", plots.differences(found, metric))
            for metric in metrics
        ]
    elif found.shows == "prediction":
        made.append(("Top-1 accuracy by predicted step", plots.by_step(found)))
    else:
        for number, arm in enumerate(found.arms):
            name, parts = f"levels-{number}", (arm.levels[ALL], arm.levels[TRAINING])
            made.append((arm.title, levels(*parts, said=(ALL, TRAINING), name=name)))
    return [(title, Markup(figure)) for title, figure in made if figure]
