"""What a stage's curves leave out."""

from __future__ import annotations

from aukit.report.plots import curves


def test_shares_of_single_steps_are_not_drawn() -> None:
    rows = [{"stage": "pretrain", "step": step, "validation_top1": 0.1 * step} for step in (1, 2, 3)]
    by_step = [{**row, "validation_top1_step1": 0.9, "validation_top3_step12": 0.8} for row in rows]
    assert curves(by_step, "pretrain") == curves(rows, "pretrain")
    others = [{**row, "validation_stepwise": 0.9} for row in rows]
    assert curves(others, "pretrain") != curves(rows, "pretrain")
