"""What a label budget will buy, before it is spent: how many positives of each AU a sampler is likely to draw, of how
many people, and which AUs those labels cannot teach or test.

The sampler itself is drawn many times, each time with another seed, so the forecast holds for every sampler.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aukit.clips.blocks import SAME_PEOPLE
from aukit.clips.clipset import ClipSet, join
from aukit.clips.masks import draw_mask
from aukit.contracts.params import Choice
from aukit.evaluation.bootstrap import MIN_PEOPLE
from aukit.evaluation.evaluate import MIN_PEOPLE_WITH_POSITIVES
from aukit.hosting.build import build
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe
from aukit.training import seeding
from aukit.training.data import RunData, evaluation_table, has_labels, open_data

DRAWS = 100
LOW = 0.05
"""The pessimistic end: one draw in twenty is worse."""
MIN_POSITIVES = 10
"""Ours, a rule of thumb: below ten positives the few levels of an AU are each seen once or twice."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One stage's labels of one AU. `labelled` and `positives` (1 or more) are there; the rest is expected to be drawn:
    `drawn` labels, `positives_drawn` on average and in the worst twentieth of draws (`positives_low`), and the `people`
    who show it in the drawn labels. `short` are labels that a sampler was asked for and does not find, on average.
    `problem` is empty where they may do.
    """

    labelled: int
    positives: int
    drawn: float
    positives_drawn: float
    positives_low: float
    people: float
    short: float
    problem: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The test labels of one AU; `problem` is empty where a score can be had."""

    labelled: int
    positives: int
    people: int
    people_with_positives: int
    problem: str


def forecast(recipe: Recipe, *, registry: Registry, draws: int = DRAWS) -> dict[str, Any]:
    """`{"stages": {stage: {AU: Budget}}, "evaluation": {AU: Judged}, "problems": [sentences]}`, as plain JSON.

    `unknown` names generated tables that are not made yet: what is labelled there is not known before.

    Raises:
        AukitError: all that a run would refuse before it trains.
    """
    data = open_data(recipe, registry=registry, emit=lambda event: None, make=False)
    unknown = [name for name, table in data.tables.items() if not table.made]
    stages: dict[str, Mapping[str, Budget]] = {}
    for name in recipe.stages:
        params = recipe.params(f"stages.{name}")
        if has_labels(params) and not set(data.stages[name].tables) & set(unknown):
            sampler: Choice = getattr(params, "sampler")  # noqa: B009
            stages[name] = _budget(recipe, name, data, sampler, registry, draws)
    same_people = data.protocol == SAME_PEOPLE
    judged = {} if evaluation_table(recipe) in unknown else _judged(data.test, same_people)
    problems = [
        f"{stage}: {au}: {budget.problem}"
        for stage, table in stages.items()
        for au, budget in table.items()
        if budget.problem
    ]
    for stage, table in stages.items():
        short = [f"{budget.short:.0f} of {au}" for au, budget in table.items() if budget.short]
        if short:
            problems.append(
                f"{stage}: labels that its sampler is asked for and does not find: {', '.join(short)}"
            )
    problems += [f"evaluation: {au}: {one.problem}" for au, one in judged.items() if one.problem]
    return {
        "draws": draws,
        "unknown": unknown,
        "stages": {
            stage: {au: asdict(budget) for au, budget in table.items()} for stage, table in stages.items()
        },
        "evaluation": {au: asdict(one) for au, one in judged.items()},
        "problems": problems,
    }


def _budget(
    recipe: Recipe, stage: str, data: RunData, choice: Choice, registry: Registry, draws: int
) -> dict[str, Budget]:
    names = data.stages[stage].tables
    train = join([data.tables[one].parts["train"] for one in names], names=names).for_aus(data.aus)
    sampler = build("sampler", choice.name, registry=registry, **choice.params)
    labels = np.concatenate([clip.usable_labels for clip in train.clips])
    known, positive = ~np.isnan(labels), labels >= 1
    people = sorted({clip.person for clip in train.clips})
    whose = np.concatenate([np.full(clip.length, people.index(clip.person)) for clip in train.clips])
    drawn, positives, showing, short = (np.zeros((draws, len(data.aus))) for _ in range(4))
    for draw in range(draws):
        mask = draw_mask(train, sampler, seeding.rng(recipe.seed, "forecast", draw))
        chosen = np.concatenate([mask[clip.id] for clip in train.clips])
        drawn[draw] = (chosen & known).sum(axis=0)
        positives[draw] = (chosen & positive).sum(axis=0)
        short[draw] = np.maximum(np.array(mask.asked or drawn[draw]) - drawn[draw], 0)
        showing[draw] = [len(np.unique(whose[column])) for column in (chosen & positive).T]
    low = np.quantile(positives, LOW, axis=0, method="lower")
    found = {}
    for column, au in enumerate(data.aus):
        expected = float(showing[:, column].mean())
        found[au] = Budget(
            labelled=int(known[:, column].sum()),
            positives=int(positive[:, column].sum()),
            drawn=round(float(drawn[:, column].mean()), 1),
            positives_drawn=round(float(positives[:, column].mean()), 1),
            positives_low=float(low[column]),
            people=round(expected, 1),
            short=round(float(short[:, column].mean()), 1),
            problem=_cannot_learn(
                float(low[column]),
                # where these very people are measured, it may learn who they are
                math.inf if data.protocol == SAME_PEOPLE else expected,
                int(positive[:, column].sum()),
            ),
        )
    return found


def _cannot_learn(positives: float, people: float, existing: int) -> str:
    if not existing:
        return "no training frame shows it"
    if positives < MIN_POSITIVES:
        return f"as few as {positives:.0f} positives may be drawn; fewer than {MIN_POSITIVES} teach little"
    if people < MIN_PEOPLE_WITH_POSITIVES:
        return f"the drawn labels show it on {people:.1f} people: the model may learn who, not what"
    return ""


def _judged(test: ClipSet, same_people: bool) -> dict[str, Judged]:
    """The rules go by people, or by blocks where the same people are tested: by what is resampled."""
    found = {}
    for column, au in enumerate(test.aus):
        labels = [(clip, clip.usable_labels[:, column]) for clip in test.clips]
        there = [clip for clip, values in labels if not np.isnan(values).all()]
        shown = [clip for clip, values in labels if (values >= 1).any()]
        people, showing = ({clip.person for clip in clips} for clips in (there, shown))
        counts, what = (len(people), len(showing)), "people"
        if same_people:
            counts, what = (len(there), len(shown)), "blocks"
        found[au] = Judged(
            labelled=int(sum((~np.isnan(values)).sum() for _, values in labels)),
            positives=int(sum((values >= 1).sum() for _, values in labels)),
            people=len(people),
            people_with_positives=len(showing),
            problem=_cannot_judge(*counts, what),
        )
    return found


def _cannot_judge(there: int, showing: int, what: str) -> str:
    """The same rule as the verdict `not shown` of a finished run."""
    if there < MIN_PEOPLE:
        return f"{there} {what} have labels; an interval needs {MIN_PEOPLE}"
    if showing < MIN_PEOPLE_WITH_POSITIVES:
        return f"{showing} of {there} {what} show it; a verdict needs {MIN_PEOPLE_WITH_POSITIVES}"
    return ""
