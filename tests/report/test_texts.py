"""Model card, citations, and the small words of tables."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aukit.evaluation.result import Evaluation, Score
from aukit.recipe import load_recipe
from aukit.report.cite import cite
from aukit.report.folder import read_run
from aukit.report.model_card import model_card
from aukit.report.provenance import facts
from aukit.report.tables import duration, headline, interval, number, people, score_rows
from aukit.rundir.atomic import read_json
from aukit.rundir.environment import describe


def test_numbers() -> None:
    assert [number(v) for v in (0.456, -0.456, -0.001, 2, None, math.nan, math.inf)] == [
        "0.46",
        "−0.46",
        "0.00",
        "2.00",
        "–",
        "–",
        "–",
    ]
    assert interval(Score(0.5, 0.1, 0.9)) == "0.10 to 0.90"
    assert interval(Score(0.5)) == "–"
    assert interval(Score(0.5, 0.1, math.nan)) == "0.10 to –"
    assert [duration(s) for s in (0.4, 59, 61, 3600, 7500)] == [
        "0 s",
        "59 s",
        "1 min 01 s",
        "1 h 00 min",
        "2 h 05 min",
    ]
    assert (people(1), people(8)) == ("1 person", "8 people")


def test_score_rows_end_with_the_mean(finished: Path) -> None:
    evaluation = Evaluation.from_json(read_json(finished / "results.json"))
    rows = score_rows(evaluation)
    assert [row.au for row in rows] == ["AU04", "AU12", "AU25", "mean"]
    assert rows[1].name == "lip corner puller"
    assert rows[0].shown_by == "8 of 8"
    assert rows[-1].scores["icc"] == evaluation.means["icc"]
    assert (rows[-1].positives, rows[-1].verdict) == (None, "")


def test_headline(finished: Path) -> None:
    evaluation = Evaluation.from_json(read_json(finished / "results.json"))
    text = headline(evaluation, unseen=True)
    assert text.startswith(f"Mean ICC {number(evaluation.means['icc'].value)} (95% interval ")
    assert text.endswith("on 8 people never seen before. Of 3 AUs: 1 usable, 1 weak, 1 not shown.")
    assert "never" not in headline(evaluation, unseen=False)


def test_sources_come_once_with_all_their_uses(finished: Path) -> None:
    found = cite(finished)
    assert [source.text for source in found] == [
        "He 2016",
        "Sanchez 2020",
        "Han 2019",
        "Little 2021",
        "aukit 0.1.0",
    ]
    assert found[3].used_for == ("data little set",)
    assert found[1].used_for == ("stage contrastive", "objective dpc-nce")
    assert str(found[1]) == "Sanchez 2020  [stage contrastive, objective dpc-nce]"
    assert found[1].to_json() == {
        "text": "Sanchez 2020",
        "used_for": ["stage contrastive", "objective dpc-nce"],
    }


@pytest.mark.parametrize(
    ("weight", "more"),
    [(0.0, []), (0.1, ["Tarvainen and Valpola, Mean teachers are better role models, NeurIPS 2017"])],
)
def test_an_option_that_is_on_brings_its_source(weight: float, more: list[str]) -> None:
    recipe = load_recipe("quickstart", overrides=[f"stages.finetune.mean_teacher.weight={weight}"])
    cited = describe(recipe.components, recipe.params)["stages.finetune"]["cite"]
    assert cited.split("; ") == [recipe.components["stages.finetune"].record.cite, *more]


def test_model_card(finished: Path) -> None:
    card = model_card(read_run(finished))
    assert card.startswith("# little <run>\n")
    for text in (
        "> **SYNTHETIC DATA.** Every face here was drawn by aukit.",
        "backbone `resnet18-256`, temporal `convgru`, head `pool-bn-linear`",
        "| AU12 lip corner puller | weak |",
        "- data `faces`: little set (synthetic), 2 people in train, 8 people in test. Terms of use: for tests.",
        "- Not shown to be usable: AU12, AU25.",
        "not an emotion",
        'aukit.AUEstimator.load("little")',
        "- Han 2019 (objective dpc-nce)",
    ):
        assert text in card, text
    assert "None" not in card
    assert "nan" not in card


def test_what_a_sampler_read_and_did_not_find_is_a_fact_of_the_run(finished: Path) -> None:
    run = read_run(finished)
    assert not any("not found" in name or "was read" in name for name, _ in facts(run))
    draw = {
        "reads": "whole tracks",
        "aus": {"AU04": {"short": 1200}, "AU12": {"short": 0}, "AU25": {"short": 3}},
    }
    stages = {"finetune": {"draws": {"train": draw}}}
    told = dict(facts(replace(run, data={**run.data, "stages": stages})))
    assert told["to choose the labels of finetune, train, was read"] == "whole tracks"
    assert told["labels asked for and not found for finetune, train"] == "1,200 of AU04, 3 of AU25"


@pytest.mark.parametrize("real", [True, False])
def test_only_data_that_is_not_real_is_warned_of(make, real: bool) -> None:
    card = model_card(read_run(make(people=4, origin="real" if real else "rendered")))
    assert ("DATA.**" in card) is not real


def test_reports_need_no_torch_and_citations_no_plots() -> None:
    code = "import sys, aukit.report.cite, aukit.report.tables; print('matplotlib' in sys.modules, end=' ');"
    code += "import aukit.report.page; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]
