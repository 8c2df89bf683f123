"""Stages in two processes: all end with the same weights, and they are those of one process with the whole batch."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from aukit.testing.store import tiny_store

STAGES = Path(__file__).parent / "stages.py"


@pytest.fixture(scope="module")
def both(launch: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], Any]:
    """What each of two processes found, and what one process finds."""
    folder = tmp_path_factory.mktemp("stages")
    store = tiny_store(folder / "tiny.h5", people=6, aus=("AU04", "AU12"), frames=40)
    done = launch(2, STAGES, store, folder)
    assert done.returncode == 0, done.stderr
    spec = importlib.util.spec_from_file_location("stages", STAGES)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ranks = [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]
    return ranks, module.everything(store, folder / "one")


EVERY = ["regression", "contrastive", "mean teacher", "moco", "vicreg", "memdpc", "cpc"]


@pytest.mark.parametrize("stage", EVERY)
def test_all_processes_end_alike_and_the_main_one_logs(both: tuple[list[Any], Any], stage: str) -> None:
    (first, second), alone = both
    kept = {f"model.{name}": value for name, value in first[stage]["weights"].items()}
    other = {f"model.{name}": value for name, value in second[stage]["weights"].items()}
    for part, values in first[stage]["others"].items():
        kept |= {f"{part}.{name}": value for name, value in values.items()}
        other |= {f"{part}.{name}": value for name, value in second[stage]["others"][part].items()}
    assert kept.keys() == other.keys()
    assert [name for name, value in kept.items() if not torch.equal(value, other[name])] == []
    assert first[stage]["metrics"] == pytest.approx(second[stage]["metrics"], nan_ok=True)
    assert first[stage]["rows"] == alone[stage]["rows"]
    assert second[stage]["rows"] == 0


def test_each_process_reads_its_own_share_also_while_the_main_one_looks(both: tuple[list[Any], Any]) -> None:
    ranks, alone = both
    assert [one["windows"] for one in (*ranks, alone)] == [[True] * 12] * 3


def test_two_halves_of_a_batch_train_as_the_whole_of_it(both: tuple[list[Any], Any]) -> None:
    (first, _), alone = both
    moved = [
        not torch.equal(value, alone["regression"]["before"][name])
        for name, value in alone["regression"]["weights"].items()
    ]
    assert sum(moved) > 10
    for name, value in alone["regression"]["weights"].items():
        torch.testing.assert_close(
            first["regression"]["weights"][name], value, rtol=1e-4, atol=1e-6, msg=name
        )
    assert first["regression"]["metrics"] == pytest.approx(alone["regression"]["metrics"], rel=1e-3)


def test_an_epoch_is_counted_with_the_batches_of_all(both: tuple[list[Any], Any]) -> None:
    (first, _), alone = both
    assert first["contrastive"]["metrics"]["step"] == alone["contrastive"]["metrics"]["step"] >= 4
    # statistics are of half batches here, and pixels are augmented otherwise: near, and not the same
    name = next(name for name in alone["contrastive"]["weights"] if name.endswith("running_var"))
    two, one = (x["contrastive"]["weights"][name] for x in (first, alone))
    assert not torch.equal(two, one)
    torch.testing.assert_close(two, one, rtol=0.5, atol=0.05)
