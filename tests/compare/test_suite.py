"""A suite's folder: the plan, the table, what is missing, failed or stale; printed numbers beside real data."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from aukit.cli.compare import show
from aukit.compare import published
from aukit.compare.compare import compare_runs
from aukit.compare.formats import csv_text, markdown
from aukit.compare.page import render
from aukit.compare.words import basis, heading, state
from aukit.errors import DataError, RunFolderError, UsageError
from aukit.rundir.atomic import write_json
from aukit.rundir.suite import PlannedRun, Variant, read_plan, write_plan

Make = Callable[..., Path]


@pytest.fixture
def make(make_suite: Make, tmp_path: Path) -> Make:
    return lambda **how: make_suite(tmp_path / "suite", **how)


def test_the_plan_stands_above_the_table(make: Make) -> None:
    changes = ({"written": "2026-11-25", "what": "one more seed"},)
    found = compare_runs(make(seeds=(0,), plan={"changes": changes}))
    assert heading(found) == [
        "pre-training or none",
        "hypothesis: pre-trained beats scratch",
        "primary metric: ICC",
        "plan written 2026-11-24T03:00:00+00:00",
        "changed 2026-11-25: one more seed",
    ]
    assert state(found) == ["2 of 2 runs are finished"]
    assert [arm.title for arm in found.arms] == ["Scratch", "Base", "predict-zero", "predict-mean"]


def test_what_is_missing_failed_or_stale_is_said(make: Make) -> None:
    suite = make(seeds=(0, 1, 2), leave=("base/fold1-seed1", "base/fold1-seed2"))
    write_json(suite / "failures.json", {"base/fold1-seed2": "training met a loss that is not finite"})
    resolved = suite / "scratch" / "fold1-seed0" / "resolved.toml"
    tables = tomllib.loads(resolved.read_text())
    tables["stages"]["finetune"]["optimizer"]["lr"] = 3.0
    resolved.write_text(tomli_w.dumps(tables))
    found = compare_runs(suite)
    assert state(found) == [
        "4 of 6 runs are finished",
        "not finished: base/fold1-seed1",
        "failed: base/fold1-seed2: training met a loss that is not finite",
        "stale: scratch/fold1-seed0 was made with another recipe than the plan's",
    ]
    assert found["base"].seeds == (0,)
    assert any("other seeds" in line for line in basis(found))
    (resolved.parent / "summary.json").unlink()
    assert "not finished: scratch/fold1-seed0, base/fold1-seed1" in state(compare_runs(suite))


def test_a_machine_or_a_tracker_makes_no_run_stale(make: Make) -> None:
    suite = make(seeds=(0,))
    resolved = suite / "base" / "fold1-seed0" / "resolved.toml"
    tables = tomllib.loads(resolved.read_text()) | {"trackers": [{"name": "jsonl"}]}
    tables["compute"]["device"] = "cuda"
    resolved.write_text(tomli_w.dumps(tables))
    assert compare_runs(suite).suite.stale == ()


def test_a_variant_without_a_whole_seed_waits(make: Make) -> None:
    suite = make(seeds=(0,), folds=(1, 2), leave=("base/fold2-seed0",))
    found = compare_runs(suite)
    assert [arm.name for arm in found.arms if not arm.baseline] == ["scratch"]
    assert "Base: seed 0 left out, not all folds are finished" in found.notes
    with pytest.raises(RunFolderError, match="no run of this suite is finished"):
        compare_runs(make_empty(suite))


def test_a_suite_without_a_whole_row_says_what_each_lacks(make: Make) -> None:
    suite = make(
        seeds=(0,), folds=(1, 2, 3), leave=("base/fold2-seed0", "scratch/fold2-seed0", "scratch/fold3-seed0")
    )
    with pytest.raises(UsageError) as caught:
        compare_runs(suite)
    assert caught.value.message.splitlines() == [
        "no variant has all folds of a seed yet",
        "  Scratch, seed 0: fold 2, 3 is not finished",
        "  Base, seed 0: fold 2 is not finished",
    ]


@pytest.mark.parametrize("shows", ["prediction", "labels"])
def test_what_has_no_differences_has_no_base(make: Make, shows: str) -> None:
    with pytest.raises(UsageError, match=f"a table of {shows} has no differences"):
        compare_runs(make(seeds=(0,)), shows=shows, against="base")


def make_empty(suite: Path) -> Path:
    for summary in suite.glob("*/*/summary.json"):
        summary.unlink()
    return suite


def test_runs_that_only_chose_a_value_are_no_rows(make: Make) -> None:
    extra = PlannedRun(variant="base", fold=1, seed=7, folder="tuning/base-0", digest="", tuning=True)
    suite = make(seeds=(0,))
    plan = read_plan(suite)
    write_plan(suite, replace(plan, runs=(*plan.runs, extra)))
    assert state(compare_runs(suite)) == ["2 of 2 runs are finished"]


def test_labels_that_differ_on_purpose_are_no_reason_to_refuse(
    make_suite: Make, make_run: Make, tmp_path: Path
) -> None:
    for name, differs in (("refused", ()), ("meant", ("labels",))):
        suite = make_suite(
            tmp_path / name, seeds=(0,), leave=("base/fold1-seed0",), plan={"differs": differs}
        )
        make_run(suite / "base/fold1-seed0", "base", labels=9)
    with pytest.raises(UsageError, match="other training labels"):
        compare_runs(tmp_path / "refused")
    assert not compare_runs(tmp_path / "meant").forced


PRINTED: dict[str, Any] = {
    "published": "table2",
    "variants": (
        Variant(name="scratch", title="Scratch", published="R18+GRU-scratch"),
        Variant(name="base", title="Base", published="Ours(*Affwild2)"),
    ),
}


def test_printed_numbers_stand_beside_results_on_real_people(make: Make) -> None:
    found = compare_runs(make(seeds=(0,), origin="real", data_set="disfa", plan=PRINTED))
    row = next(r for r in published.numbers("table2") if (r.method, r.metric) == ("Ours(*Affwild2)", "icc"))
    assert found["base"].published["icc"] == row
    text = markdown(found)
    assert "0.383" in text and "0.657" in text and row.source in text
    assert "R18 (2 %)" in text  # rows of the table without a variant here
    assert ",0.657," in csv_text(found)
    assert "0.383" in render(found)
    assert found.to_json()["arms"][1]["published"]["icc"]["aus"]["AU04"] == 0.657


def test_scores_of_validation_people_are_called_so_and_stand_alone(make: Make) -> None:
    suite = make(seeds=(0,), origin="real", data_set="disfa", plan=PRINTED)
    for resolved in suite.glob("*/*/resolved.toml"):
        tables = tomllib.loads(resolved.read_text())
        resolved.write_text(tomli_w.dumps(tables | {"evaluation": {"split": "validation"}}))
    found = compare_runs(suite)
    text = markdown(found)
    assert "6 validation people, " in text and "test people" not in text
    assert "this is no test on people never seen" in text
    assert "0.657" not in text and "Sanchez" not in text


def test_a_suite_without_a_finished_run_says_what_failed(make: Make) -> None:
    suite = make_empty(make(seeds=(0,)))
    write_json(suite / "failures.json", {"base/fold1-seed0": "the loss is not finite"})
    with pytest.raises(RunFolderError, match=r"finished\n  base/fold1-seed0 failed: the loss is not finite$"):
        compare_runs(suite)


@pytest.mark.parametrize(
    "text", ["{", "[]", "3", '{"format": "aukit suite"}', '{"format": "aukit suite", "version": 1}']
)
def test_a_damaged_plan_is_named(make: Make, text: str) -> None:
    suite = make(seeds=(0,))
    (suite / "suite.json").write_text(text)
    with pytest.raises(RunFolderError) as caught:
        compare_runs(suite)
    assert caught.value.where == str(suite / "suite.json")


def test_damaged_failures_are_named(make: Make) -> None:
    suite = make(seeds=(0,))
    (suite / "failures.json").write_text("{")
    with pytest.raises(DataError, match=r"failures\.json: not JSON"):
        compare_runs(suite)


@pytest.mark.parametrize("origin", ["rendered", "synthetic", "stand-in"])
def test_printed_numbers_never_stand_beside_anybody_else(origin: str, make: Make) -> None:
    found = compare_runs(make(seeds=(0,), origin=origin, plan=PRINTED))
    for text in (markdown(found), csv_text(found), render(found), str(found.to_json())):
        assert "0.383" not in text and "0.657" not in text and "Sanchez" not in text
    assert f"data: {origin}; the numbers say nothing of real people" in basis(found)


def test_printed_numbers_never_stand_beside_other_data(make: Make) -> None:
    found = compare_runs(make(seeds=(0,), origin="real", data_set="our-lab", plan=PRINTED))
    assert "0.383" not in markdown(found) and "Sanchez" not in render(found)


def test_a_doubtful_cell_is_marked(make: Make) -> None:
    plan = {"published": "table4"}
    text = markdown(compare_runs(make(seeds=(0,), origin="real", data_set="fera2015", plan=plan)))
    doubtful = next(row for row in published.numbers("table4") if row.doubtful)
    assert f"{doubtful.aus['AU12']:.3f}?" in text
    assert f"({doubtful.method}, AU12): {doubtful.note}" in text


def test_accuracy_of_the_predictive_task(make: Make) -> None:
    plan = {
        "shows": "prediction",
        "published": "table1",
        "variants": (Variant(name="base", title="Base", published="disfa"),),
    }
    found = compare_runs(make(variants=("base",), origin="real", data_set="disfa", plan=plan))
    accuracy = found["base"].accuracy
    assert accuracy["top1"].seeds == pytest.approx((0.1, 0.11, 0.12))
    assert accuracy["top1"].value == pytest.approx(0.11)
    text = markdown(found)
    assert (
        "| Base | 0.110 (0.100 to 0.120) | 0.165 | 0.310 (0.300 to 0.320) | 0.467 |" in text
    )  # the second as printed
    assert "| Base | 0.080 | 0.240 | 0.400 | 0.450 | 0.400 | 0.333 |" in text  # one in three steps
    assert "| Base | 2 | 0.060 | 0.180 | 0.300 | 0.050 | 0.250 |" in text
    assert "by predicted step" in render(found)
    assert "base,Base,0,1,0 1 2,top1_step3,0.04," in csv_text(found)


def test_labels_by_intensity(make: Make) -> None:
    found = compare_runs(make(plan={"shows": "labels"}))
    levels = found["base"].levels
    assert levels["all labels"]["AU04"] == (59, 5, 3, 2, 1, 0)
    assert "training labels are those of the first fold and seed" in basis(found)
    assert "| AU04 | 70 | 84.3% | 7.1% |" in markdown(found)
    assert "base,Base,0,1,0 1 2,all labels,AU04,0,59,synthetic," in csv_text(found)
    assert render(found).count("<svg") == 2


def test_show_prints_the_table_and_writes_the_page(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    suite = make(seeds=(0,))
    show(suite)
    out, err = capsys.readouterr()
    assert out.startswith("little-suite\npre-training or none\nhypothesis: pre-trained beats scratch\n")
    assert out.endswith("2 of 2 runs are finished\n")
    assert err == f"report: {suite / 'compare.html'}\n"
    assert (suite / "compare.html").is_file()
