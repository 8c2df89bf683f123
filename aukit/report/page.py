"""report.html: one file that opens anywhere, asks nothing of a network, and is made from the run folder alone."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from aukit.clips.blocks import SAME_PEOPLE
from aukit.evaluation.baselines import INTERPOLATE, LEFT_OUT, label_statistics
from aukit.evaluation.bootstrap import MIN_PEOPLE
from aukit.evaluation.evaluate import MIN_PEOPLE_WITH_POSITIVES, USABLE_ICC
from aukit.evaluation.result import Score
from aukit.report import plots
from aukit.report.cite import cite_run
from aukit.report.folder import Run, read_run
from aukit.report.provenance import ORIGINS, data_facts, facts, notes, same_people, unseen
from aukit.report.tables import duration, headline, interval, number, people, score_rows
from aukit.rundir.atomic import write_text
from aukit.rundir.layout import RunFolder

AXIS = (0, USABLE_ICC, 1)

MARKS = {"usable": "●", "weak": "◐", "not shown": "○"}


def write_page(folder: str | Path) -> Path:
    """Write report.html into a run folder and return its path.

    Raises:
        RunFolderError: the folder holds no run.
        DataError: one of its files is damaged.
        StorageError: the page cannot be written.
    """
    layout = RunFolder(Path(folder))
    write_text(layout.report, render(read_run(layout.path)))
    return layout.report


def templates(*packages: str) -> Environment:
    """Templates of the report, and of other packages before them. Text is escaped; a name that is not there fails."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "aukit.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(run: Run) -> str:
    """The page of a run."""
    environment = templates()
    environment.filters |= {
        "number": number,
        "interval": interval,
        "duration": duration,
        "people": people,
        "forest": forest,
        "sentence": lambda text: text[:1].upper() + text[1:],
        "thousands": lambda count: f"{count:,}".replace(",", "\u202f"),
    }
    return environment.get_template("report.html.j2").render(
        run=run,
        evaluation=run.evaluation,
        headline=headline(run.evaluation, unseen=unseen(run)) if run.evaluation else "",
        title=f"{run.name} ({SAME_PEOPLE})" if same_people(run) else run.name,
        units="blocks" if run.evaluation and run.evaluation.same_people else "people",
        guesses=_guesses(run),
        banner=ORIGINS.get(run.origin, "" if run.origin == "real" else ORIGINS["unknown"]),
        notes=notes(run),
        rows=score_rows(run.evaluation) if run.evaluation else [],
        marks=MARKS,
        axis=axis(),
        tracks=_tracks(run),
        curves=_curves(run),
        copies=any("copy" in name for row in run.rows for name in row),
        worst=_worst(run),
        levels=_levels(run),
        data=data_facts(run),
        facts=facts(run),
        sources=cite_run(run),
        rule={"icc": USABLE_ICC, "people": MIN_PEOPLE, "showing": MIN_PEOPLE_WITH_POSITIVES},
    )


def _guesses(run: Run) -> dict[str, str]:
    """The baselines that stand beside each error, with their short names."""
    names = {"predict-mean": "mean", "predict-zero": "zero", INTERPOLATE: "lines", LEFT_OUT: "near"}
    there = run.evaluation.baseline_means if run.evaluation else {}
    return {name: short for name, short in names.items() if name in there}


def forest(score: Score) -> Markup:
    """An interval as a line with a dot on an axis from -0.2 to 1; nothing where the score is undefined."""
    if math.isnan(score.value):
        return Markup("")
    marks = "".join(f'<line x1="{_x(at)}" x2="{_x(at)}" y1="1" y2="15" class="tick"/>' for at in AXIS)
    reach = ""
    if not math.isnan(score.low):
        reach = f'<line x1="{_x(score.low)}" x2="{_x(score.high)}" y1="8" y2="8" class="reach"/>'
    dot = f'<circle cx="{_x(score.value)}" cy="8" r="3.5" class="dot"/>'
    return Markup(f'<svg class="forest" viewBox="-4 0 108 16" aria-hidden="true">{marks}{reach}{dot}</svg>')


def axis() -> Markup:
    """The numbers of `forest`'s axis."""
    marks = "".join(f'<text x="{_x(at)}" y="10">{at:g}</text>' for at in AXIS)
    return Markup(f'<svg class="axis" viewBox="-4 0 108 12" aria-hidden="true">{marks}</svg>')


def _x(value: float) -> float:
    return round(100 * (min(max(value, -0.2), 1.0) + 0.2) / 1.2, 1)


def _tracks(run: Run) -> dict[str, Any] | None:
    if run.examples is None or run.predictions is None or run.evaluation is None:
        return None
    strip = run.examples.strip
    fold = str(run.predictions.video(strip.video).fold)
    means = {au: row["mean"] for au, row in run.evaluation.training.get(fold, {}).items()}
    figure = plots.tracks(run.predictions, run.examples, means)
    return {"figure": Markup(figure), "strip": strip}


def _curves(run: Run) -> list[dict[str, Any]]:
    stages = dict.fromkeys(str(row["stage"]) for row in run.rows)
    calls = run.settings.get("stages", {})
    return [
        {
            "stage": stage,
            "component": calls.get(stage, {}).get("name", ""),
            "steps": max(int(row["step"]) for row in run.rows if row["stage"] == stage),
            "seconds": run.seconds.get(stage),
            "figure": Markup(plots.curves(run.rows, stage)),
        }
        for stage in stages
    ]


def _worst(run: Run) -> list[dict[str, Any]]:
    if run.examples is None:
        return []
    faces = run.examples.worst_faces
    return [{"one": one, "face": data_uri(face)} for one, face in zip(run.examples.worst, faces, strict=True)]


def _levels(run: Run) -> Markup | None:
    if run.evaluation is None or run.predictions is None:
        return None
    training = next(iter(run.evaluation.training.values()))
    test = label_statistics((video.labels for video in run.predictions.videos), run.predictions.aus)
    counts = {au: row["histogram"] for au, row in test.to_json().items()}
    return Markup(plots.levels({au: row["histogram"] for au, row in training.items()}, counts))


def data_uri(pixels: NDArray[np.uint8]) -> str:
    """Pixels (H,W,3) as a PNG that lies inside the page."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
