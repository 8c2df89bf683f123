"""Loss and gradient of 2 and 4 processes against numpy, and against one process with the whole batch."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

SHARE = Path(__file__).parent / "share.py"


@pytest.fixture(scope="module")
def share() -> ModuleType:
    spec = importlib.util.spec_from_file_location("share", SHARE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=[2, pytest.param(4, marks=pytest.mark.slow)])
def found(request: pytest.FixtureRequest, launch: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What each process computed, by rank."""
    folder = tmp_path_factory.mktemp("ranks")
    done = launch(request.param, SHARE, folder)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(request.param)]


def one_softmax(
    predictions: NDArray[np.float64], features: NDArray[np.float64], first: int
) -> tuple[float, NDArray[np.float64], NDArray[np.float64], float]:
    """Mean of -log softmax of rows (n,D) whose own features are `first` to `first + n`, its gradients, and top-1."""
    scores = predictions @ features.T
    chances = np.exp(scores - scores.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    each = np.arange(len(predictions))
    loss = -np.log(chances[each, first + each]).mean()
    top1 = float((scores.argmax(1) == first + each).mean())
    chances[each, first + each] -= 1
    chances /= len(predictions)
    return loss, chances @ features, chances.T @ predictions, top1


def test_gathered_loss_and_gradient_are_those_of_all_negatives(found: list[Any], share: ModuleType) -> None:
    predictions, targets, last = share.numbers()
    rows, features = (x.reshape(-1, 5) for x in (predictions, targets))
    each = len(rows) // len(found)
    expected = [one_softmax(rows[r * each :][:each], features, r * each) for r in range(len(found))]
    to_features = sum(one[2] for one in expected)
    for rank, result in enumerate(found):
        got, wanted = result["score"][True], expected[rank]
        assert got["loss"] == pytest.approx(wanted[0], rel=1e-12)
        assert got["top1"] == pytest.approx(wanted[3])
        np.testing.assert_allclose(got["predictions"].reshape(-1, 5), wanted[1], rtol=1e-9, atol=1e-12)
        own = slice(rank * each, (rank + 1) * each)
        np.testing.assert_allclose(got["targets"].reshape(-1, 5), to_features[own], rtol=1e-9, atol=1e-12)
    # the guess that copies the last frame is judged among the same candidates
    copies = np.repeat(last[:, None], 2, 1).reshape(-1, 5) @ features.T
    better = (copies >= copies.diagonal()[:, None]).sum(1) - 1
    shares = [float((better[r * each :][:each] < 5).mean()) for r in range(len(found))]
    assert [result["score"][True]["copy_top5"] for result in found] == pytest.approx(shares)


def test_without_gathering_negatives_are_a_process_s_own(found: list[Any], share: ModuleType) -> None:
    predictions, targets, _ = (x.reshape(-1, 5) for x in share.numbers())
    each = len(predictions) // len(found)
    for rank, result in enumerate(found):
        own = slice(rank * each, (rank + 1) * each)
        loss, to_predictions, to_features, top1 = one_softmax(predictions[own], targets[own], 0)
        got = result["score"][False]
        assert got["loss"] == pytest.approx(loss, rel=1e-12)
        assert got["top1"] == pytest.approx(top1)
        np.testing.assert_allclose(got["predictions"].reshape(-1, 5), to_predictions, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got["targets"].reshape(-1, 5), to_features, rtol=1e-9, atol=1e-12)
        # validation numbers are those of one batch, however many processes train
        assert result["judged"]["loss"] == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize("name", ["dpc-nce", "cpc", "memdpc"])
def test_a_whole_model_s_gradient_is_that_of_one_process(
    found: list[Any], share: ModuleType, name: str
) -> None:
    whole = share.gradients(name, True)  # in this process: the whole batch
    assert any(value.abs().max() > 1e-3 for value in whole["gradients"].values() if value is not None)
    for result in found:
        gathered, own = (result["gradients"][name][gather] for gather in (True, False))
        assert gathered["loss"] == pytest.approx(whole["loss"], rel=1e-9)
        for key, value in whole["gradients"].items():
            other = gathered["gradients"][key]
            if value is None:
                assert other is None
            else:
                torch.testing.assert_close(other, value, rtol=1e-6, atol=1e-12)
        assert own["loss"] < whole["loss"] - 0.1  # fewer negatives are easier


def test_each_process_keeps_the_keys_of_all(found: list[Any], share: ModuleType) -> None:
    """In one order: 36 keys have come, the newest 30 stay."""
    whole = share.queue()
    for result in found:
        assert torch.equal(result["queue"], found[0]["queue"])
        torch.testing.assert_close(result["queue"], whole)


def test_processes_agree(found: list[Any]) -> None:
    size = len(found)
    mean = (size - 1) / 2
    for rank, result in enumerate(found):
        told = result["agreed"]
        first, second, none = told["grads"]
        assert first.tolist() == [1.0, mean]
        assert second.tolist() == pytest.approx([1 / size] * 2)
        assert none is None
        assert told["statistics"][0].tolist() == [mean]
        assert told["statistics"][1].tolist() == [2.0, 3 * mean]
        assert told["value"].item() == 0
        assert told["mean"]["one"] == mean
        assert math.isnan(told["mean"]["nan"])
        assert told["anywhere"] == [True, False]
        assert told["on main"] == {"from": 0, "alone": 1}
        assert told["worked"] == ([0] if rank == 0 else [])
        assert told["alone"] == 1
        assert told["first"] == rank
        told_of = f"process 1 of {size}: clips.h5: no such file"
        assert told["failure"] == (f"told: {told_of}" if rank == 0 else "silent: clips.h5: no such file")
        order = [(rank + number) % size for number in range(size)]
        assert result["gathered"].flatten().tolist() == [float(r) for r in order for _ in range(2)]


def test_one_process_meets_nobody(share: ModuleType) -> None:
    alone = share.everything()
    assert alone["agreed"]["grads"][1].tolist() == [1, 1]
    assert alone["agreed"]["failure"] == "nothing"
    for name in ("loss", "top1"):
        assert alone["score"][True][name] == alone["score"][False][name]
    assert torch.equal(alone["score"][True]["targets"], alone["score"][False]["targets"])
