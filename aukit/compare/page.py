"""compare.html: one file that opens anywhere, with the tables and figures of a comparison."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from aukit.compare.figures import figures
from aukit.compare.result import Comparison
from aukit.compare.tables import tables
from aukit.compare.words import basis, heading, mark, state
from aukit.report.page import templates
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
            figures=[(figure, Markup(figure.svg)) for figure in figures(found)],
            several=any(len(arm.seeds) > 1 for arm in found.arms),
            printed=any(arm.published for arm in found.arms),
        )
    )
