"""The figures of a comparison: for the page, and each as an SVG file of its own that says what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aukit.compare import plots
from aukit.compare.distributions import ALL, TRAINING
from aukit.compare.result import Arm, Comparison
from aukit.compare.tables import primary_first
from aukit.report.plots import levels
from aukit.report.svg import LEVELS, VARIABLES, standalone
from aukit.rundir.atomic import storage, write_text


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure as an `<svg>` element. `name` is that of its file; `key`: texts and the page's names of colours."""

    name: str
    title: str
    svg: str
    key: Sequence[tuple[str, str]]
    note: str = ""


def figures(found: Comparison) -> list[Figure]:
    """The figures; those with nothing to show are left out."""
    return [figure for figure in _figures(found) if figure.svg]


def write_figures(found: Comparison, folder: Path) -> list[Path]:
    """Write each figure as an SVG file into a folder, which is made where it is not there; returns the files.

    A file carries what it is about, where the data comes from unless that is real people, and whether its table was
    forced: a figure travels without its page.

    Raises:
        StorageError: a file cannot be written.
    """
    with storage(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files = []
    for figure in figures(found):
        files.append(folder / f"{figure.name}.svg")
        lines = [f"{found.title}: {figure.title}", *_marks(found), *filter(None, [figure.note])]
        write_text(files[-1], standalone(figure.svg, lines, figure.key))
    return files


def _marks(found: Comparison) -> Iterator[str]:
    if found.forced:
        yield "NOT COMPARABLE: this table was forced"
    if found.origin != "real":
        yield f"{found.origin.upper()} DATA: the numbers say nothing of real people"


def _figures(found: Comparison) -> Iterator[Figure]:
    shades = plots.colours(found)
    arms = [arm for arm in found.arms if arm.name in shades]

    def key(some: Sequence[Arm]) -> list[tuple[str, str]]:
        return [(arm.title, VARIABLES[shades[arm.name]]) for arm in some]

    if found.shows == "intensity":
        base, metrics = found[found.against], primary_first(found)[:2]
        interval = f"{found.confidence:.0%} intervals over {found.units}"
        for metric in metrics:
            yield Figure(
                name=f"scores-{metric}",
                title=f"{metric.upper()} by AU",
                svg=plots.scores(found, metric),
                key=key(arms),
                note=_dots(found, interval),
            )
        for metric in metrics:
            yield Figure(
                name=f"differences-{metric}",
                title=f"Difference in {metric.upper()} from {base.title}",
                svg=plots.differences(found, metric),
                key=key([arm for arm in arms if arm.name != base.name]),
                note=f"paired on the same frames, with {interval}",
            )
    elif found.shows == "prediction":
        yield Figure(
            name="by-step",
            title="Top-1 accuracy by predicted step",
            svg=plots.by_step(found),
            key=key(arms),
            note="solid: the model; dashed: the last frame seen, repeated; dotted: which moment of one place it is",
        )
    else:
        for number, arm in enumerate(found.arms):
            parts = (arm.levels[ALL], arm.levels[TRAINING])
            name = f"levels-{number}"
            yield Figure(
                name=name,
                title=arm.title,
                svg=levels(*parts, said=(ALL, TRAINING), name=name),
                key=[(f"level {level}", VARIABLES[LEVELS[level]]) for level in range(1, len(LEVELS))],
            )


def _dots(found: Comparison, interval: str) -> str:
    """What stands in a figure of scores."""
    several = any(len(arm.seeds) > 1 for arm in found.arms)
    printed = any(arm.published for arm in found.arms)
    parts = (
        f"dots: scores with {interval}",
        several and "rings: seeds",
        "dashes: trivial baselines",
        printed and "diamonds: as published",
    )
    return "; ".join(part for part in parts if part)
