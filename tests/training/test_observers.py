"""The log file tells of looks, in lines that can be read."""

from __future__ import annotations

from pathlib import Path

from aukit.contracts.run import Metrics, StageFinished
from aukit.training.observers import LogFile


def test_a_line_leaves_out_shares_of_single_steps(tmp_path: Path) -> None:
    values = {"validation_top1": 0.25, "validation_top1_step1": 0.5, "validation_top1_step12": 0.125}
    log = LogFile(tmp_path / "train.log")
    log.on(Metrics(stage="pretrain", step=100, values=values))
    log.on(StageFinished(stage="pretrain", seconds=2.0, metrics=values))
    told = [line[21:] for line in (tmp_path / "train.log").read_text().splitlines()]
    assert told == [
        "pretrain step 100: validation_top1 0.25",
        "pretrain finished in 2.0 s: validation_top1 0.25",
    ]
