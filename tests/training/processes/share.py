"""What each of several processes computes. `torchrun` runs this file; a test imports it for the same in one process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from aukit.builtin.objectives.cpc import Cpc
from aukit.builtin.objectives.dpc_nce import DpcNce
from aukit.builtin.objectives.memdpc import MemDpc
from aukit.builtin.objectives.moco import Moco
from aukit.errors import DataError, Elsewhere
from aukit.testing.checks.objective import tiny_model
from aukit.training import distributed

CLIPS = 4
"""In all; of N processes each has CLIPS / N, in order."""


def own(count: int = CLIPS) -> slice:
    each = count // distributed.size()
    return slice(distributed.rank() * each, (distributed.rank() + 1) * each)


def numbers() -> tuple[NDArray[np.float64], ...]:
    """Predictions and targets `(B,P,h,w,C)` and last features `(B,h,w,C)` of all clips."""
    rng = np.random.default_rng(0)
    shape = (CLIPS, 2, 2, 2, 5)
    return rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=(CLIPS, 2, 2, 5))


def score(gather: bool, *, training: bool = True) -> dict[str, Any]:
    """The objective's loss, numbers and gradients for this process's clips."""
    predictions, targets, last = (torch.from_numpy(x[own()]) for x in numbers())
    predictions.requires_grad_()
    targets.requires_grad_()
    objective = DpcNce(channels=5, state_channels=5, frames=4, context=2, gather=gather).train(training)
    loss, logged = objective.score(predictions, targets, last)
    loss.backward()
    return {
        "loss": loss.item(),
        "predictions": predictions.grad,
        "targets": targets.grad,
        "top1": logged["top1"],
        "copy_top5": logged["copy_top5"],
    }


OBJECTIVES: dict[str, Callable[..., nn.Module]] = {
    "dpc-nce": DpcNce,
    "cpc": Cpc,
    "memdpc": partial(MemDpc, slots=16),
}


def gradients(name: str, gather: bool) -> dict[str, Any]:
    """The loss, and the gradients of a whole model averaged over the processes."""
    torch.manual_seed(1)
    model = tiny_model().double()
    objective = OBJECTIVES[name](
        channels=model.backbone.channels,
        state_channels=model.temporal.channels,
        frames=4,
        context=2,
        gather=gather,
    ).double()
    clips = torch.rand(1, CLIPS, 4, 3, 32, 32, dtype=torch.float64)[:, own()]
    loss, _ = objective(model, clips)
    loss.backward()
    named = {**dict(model.named_parameters()), **dict(objective.named_parameters())}
    distributed.average(list(named.values()), [])
    return {
        "loss": distributed.mean({"loss": loss.item()})["loss"],
        "gradients": {name: value.grad for name, value in named.items()},
    }


def queue() -> Tensor:
    """The keys that `moco` keeps after three steps, with weights that stay as they are."""
    torch.manual_seed(2)
    model = tiny_model()
    objective = Moco(
        channels=model.backbone.channels,
        state_channels=model.temporal.channels,
        frames=3,
        dimensions=7,
        queue=30,
    )
    clips = torch.rand(3, 2, CLIPS, 3, 3, 32, 32)
    for step, views in enumerate(clips):
        objective(model, views[:, own()])
        objective.after_step(model, step)
    return objective.queue


def agreed() -> dict[str, Any]:
    """What the processes tell each other."""
    rank = distributed.rank()
    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(3)]
    parameters[0].grad = torch.tensor([1.0, float(rank)])
    if rank == 0:
        parameters[1].grad = torch.ones(2)
    statistics = [torch.tensor([float(rank)]), torch.tensor([2.0, 3.0 * rank])]
    distributed.average(parameters, statistics)
    value = torch.tensor([float(rank)]).expand(1, 1).clone()
    distributed.copy_main([value])
    with distributed.alone():
        sizes = distributed.size()
    order: list[int] = []
    found = distributed.on_main(lambda: order.append(rank) or {"from": rank, "alone": distributed.size()})
    return {
        "grads": [parameter.grad for parameter in parameters],
        "statistics": statistics,
        "value": value,
        "mean": distributed.mean({"one": rank, "nan": float("nan") if rank == 1 else 0.0}),
        "anywhere": [distributed.anywhere(rank == 1), distributed.anywhere(False)],
        "on main": found,
        "worked": order,
        "alone": sizes,
        "first": distributed.main_first(lambda: rank),
        "failure": failure(),
    }


def failure() -> str:
    """How a piece of work ends here that fails in the second process."""

    def work() -> None:
        if distributed.rank() == 1:
            raise DataError("no such file", where="clips.h5", hint="look")

    try:
        distributed.together(work)
    except Elsewhere as error:
        return f"silent: {error}"
    except Exception as error:
        return f"told: {error}"
    return "nothing"


def gathered() -> Tensor:
    return distributed.gather(torch.full((2, 1), float(distributed.rank())))


def everything() -> dict[str, Any]:
    return {
        "score": {gather: score(gather) for gather in (False, True)},
        "judged": score(True, training=False),
        "gradients": {
            name: {gather: gradients(name, gather) for gather in (False, True)} for name in OBJECTIVES
        },
        "queue": queue(),
        "agreed": agreed(),
        "gathered": gathered(),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    with distributed.session():
        torch.save(everything(), Path(sys.argv[1]) / f"{distributed.rank()}.pt")
