"""Tables as data: rows of plain values, which the page, the model card and the terminal each set in their own way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from aukit.evaluation.result import AUResult, Evaluation, Score
from aukit.report.facs import au_name

MEAN = "mean"


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One AU, or the mean over AUs (`au` is then "mean", counts are None, the verdict is empty).

    `shown_by`: how many of the labelled people show the AU; of the labelled blocks, where the same people are tested.
    """

    au: str
    name: str
    scores: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, float]]
    positives: int | None
    labelled: int | None
    shown_by: str
    missing: int
    verdict: str
    reason: str
    by_fold: Mapping[str, float]


def score_rows(evaluation: Evaluation) -> list[ScoreRow]:
    """A row for each AU, then the mean."""
    rows = [
        ScoreRow(
            au=result.au,
            name=au_name(result.au),
            scores=result.scores,
            baselines=result.baselines,
            positives=result.positives,
            labelled=result.labelled,
            shown_by=_shown_by(result),
            missing=result.missing,
            verdict=result.verdict,
            reason=result.reason,
            by_fold=result.by_fold,
        )
        for result in evaluation.aus
    ]
    left_out = evaluation.undefined.get("icc", ())
    mean = ScoreRow(
        au=MEAN,
        name=f"without {', '.join(left_out)}, where ICC is undefined" if left_out else "over AUs",
        scores=evaluation.means,
        baselines=evaluation.baseline_means,
        positives=None,
        labelled=None,
        shown_by="",
        missing=sum(row.missing for row in rows),
        verdict="",
        reason="",
        by_fold=evaluation.mean_by_fold,
    )
    return [*rows, mean]


def _shown_by(result: AUResult) -> str:
    if result.blocks is None:
        return f"{result.people_with_positives} of {result.people}"
    return f"{result.blocks_with_positives} of {result.blocks}"


def number(value: float | None, digits: int = 2) -> str:
    """A number with two digits and a true minus; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def interval(score: Score, digits: int = 2) -> str:
    """`low to high`; a dash where there is no interval."""
    if math.isnan(score.low) and math.isnan(score.high):
        return "–"
    return f"{number(score.low, digits)} to {number(score.high, digits)}"


def duration(seconds: float) -> str:
    """`48 s`, `4 min 10 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def people(count: int) -> str:
    """`1 person`, `8 people`."""
    return "1 person" if count == 1 else f"{count} people"


def headline(evaluation: Evaluation, *, unseen: bool) -> str:
    """The result in two sentences. `unseen`: nobody who is scored had any part in training."""
    icc = evaluation.means["icc"]
    verdicts = [result.verdict for result in evaluation.aus]
    counts = [f"{verdicts.count(v)} {v}" for v in ("usable", "weak", "not shown") if v in verdicts]
    bounds = f" ({evaluation.confidence:.0%} interval {interval(icc)})" if not math.isnan(icc.low) else ""
    whom, title = people(evaluation.people) + (" never seen before" if unseen else ""), ""
    if evaluation.same_people:
        whom = f"{evaluation.blocks} blocks of the videos of {people(evaluation.people)} who were trained on"
        title = "Same people. "
    return (
        f"{title}Mean ICC {number(icc.value)}{bounds} on {whom}. Of {len(verdicts)} AUs: {', '.join(counts)}."
    )
