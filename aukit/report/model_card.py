"""model_card.md: what the model is, what it was made from, how good it is, and what it is not for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aukit.clips.blocks import SAME_PEOPLE
from aukit.evaluation.baselines import INTERPOLATE, LEFT_OUT
from aukit.report.cite import cite_run
from aukit.report.folder import Run, read_run
from aukit.report.provenance import ORIGINS, data_facts, facts, notes, same_people, unseen
from aukit.report.tables import headline, interval, number, people, score_rows
from aukit.rundir.atomic import write_text

FILE = "model_card.md"


def write_model_card(folder: str | Path) -> Path:
    """Write model_card.md into a run folder and return its path.

    Raises:
        RunFolderError: the folder holds no run.
        StorageError: the card cannot be written.
    """
    path = Path(folder) / FILE
    write_text(path, model_card(read_run(path.parent)))
    return path


def model_card(run: Run) -> str:
    """The card of a run, as Markdown."""
    return (
        "\n".join([*_what(run), *_scores(run), *_made_from(run), *_limits(run), *_use(run), *_sources(run)])
        + "\n"
    )


def _what(run: Run) -> Iterator[str]:
    yield f"# {run.name}" + (f" ({SAME_PEOPLE})" if same_people(run) else "")
    yield ""
    if run.settings.get("summary"):
        yield f"{run.settings['summary']}\n"
    if run.origin in ORIGINS:
        yield f"> **{run.origin.upper()} DATA.** {ORIGINS[run.origin]}\n"
    for note in notes(run):
        yield f"> {note}\n"
    model = run.settings.get("model", {})
    parts = [f"{part} `{model[part]['name']}`" for part in ("backbone", "temporal", "head") if part in model]
    yield "Estimates the intensity of facial action units, 0 to 5, in every frame of a video of one cropped face."
    if parts:
        yield f"Model: {', '.join(parts)}."
    yield ""


def _scores(run: Run) -> Iterator[str]:
    if run.evaluation is None:
        return
    yield ("## Scores: same people\n" if run.evaluation.same_people else "## Scores\n")
    yield f"{headline(run.evaluation, unseen=unseen(run))}\n"
    columns = ["AU", "verdict", "ICC(3,1)", f"{run.evaluation.confidence:.0%} interval"]
    guesses = [name for name in (INTERPOLATE, LEFT_OUT) if name in run.evaluation.baseline_means]
    columns += ["MAE", "MAE of predict-mean", *(f"{m} of {name}" for name in guesses for m in ("ICC", "MAE"))]
    columns += ["frames at 1 or more", f"{'blocks' if run.evaluation.same_people else 'people'} showing it"]
    yield f"| {' | '.join(columns)} |"
    yield f"|---|---|---:|---|---:|---:|{'---:|' * 2 * len(guesses)}---:|---|"
    for row in score_rows(run.evaluation):
        icc, mae = row.scores["icc"], row.scores["mae"]
        cells = [
            f"{row.au} {row.name}",
            row.verdict,
            number(icc.value),
            interval(icc),
            number(mae.value),
            number(row.baselines["predict-mean"]["mae"]),
            *(number(row.baselines[name][m]) for name in guesses for m in ("icc", "mae")),
            "" if row.positives is None else str(row.positives),
            row.shown_by,
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield f"Scores are {run.evaluation.pooling}; intervals: {run.evaluation.interval}.\n"


def _made_from(run: Run) -> Iterator[str]:
    yield "## Made from\n"
    for table in data_facts(run):
        parts = ", ".join(f"{people(len(part['people']))} in {part['part']}" for part in table["parts"])
        terms = f" Terms of use: {table['terms']}." if table["terms"] else ""
        yield f"- data `{table['name']}`: {table['data_set']} ({table['origin']}), {parts}.{terms}"
    for name, value in facts(run):
        yield f"- {name}: {value}"
    yield ""


def _limits(run: Run) -> Iterator[str]:
    yield "## Limits\n"
    if run.evaluation:
        weak = [result.au for result in run.evaluation.aus if result.verdict != "usable"]
        if weak:
            yield f"- Not shown to be usable: {', '.join(weak)}. Draw no conclusion from them."
        whom = f"Scored on {people(run.evaluation.people)}"
        if run.evaluation.same_people:
            whom += " who were trained on: nothing here tells how it does on anybody else"
        yield f"- {whom}: others may differ in age, skin, occlusion, pose or camera."
    yield "- An action unit is a movement of the face, not an emotion: intensities do not tell what a person feels."
    yield "- Faces must be cropped as in training; other crops shift every intensity."
    yield "- The model carries the terms of use of the data it was trained on."
    yield ""


def _use(run: Run) -> Iterator[str]:
    yield "## Use\n"
    yield "```python"
    yield "import aukit"
    yield ""
    yield f'estimator = aukit.AUEstimator.load("{run.path.name}")'
    yield "intensities = estimator.predict(frames)  # uint8 (T, H, W, 3) to (T, A); columns: estimator.aus"
    yield "```"
    yield ""


def _sources(run: Run) -> Iterator[str]:
    found = cite_run(run)
    if found:
        yield "## Sources\n"
        yield from (f"- {source.text} ({', '.join(source.used_for)})" for source in found)
