"""Optimisers and schedules are torch's own, and their state survives a checkpoint bit for bit."""

from __future__ import annotations

import copy
import inspect
import warnings

import pytest
import torch
from torch import nn

from aukit.builtin.params.optim import OPTIMIZERS, REQUIRED, SCHEDULES, SPANS, OptimizerParams, ScheduleParams
from aukit.rundir import checkpoint
from aukit.training.optim import (
    Average,
    Schedule,
    build_optimizer,
    load_optimizer,
    optimizer_tensors,
    set_rate,
)

HOW_NOT_WHAT = {"params", "foreach", "fused", "capturable", "differentiable"}
GIVEN_BY_THE_LOOP = {"optimizer", "last_epoch", "max_lr", "epochs", "steps_per_epoch"}
MOMENTUM = {"cycle_momentum", "base_momentum", "max_momentum"}


def signature(kind: type) -> dict[str, object]:
    found = inspect.signature(kind).parameters
    return {name: parameter.default for name, parameter in found.items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_table_of_optimisers_is_torchs(name: str) -> None:
    torchs = signature(getattr(torch.optim, name))
    # AdamW is Adam with this switched on; the switch has one name here
    left_out = HOW_NOT_WHAT | ({"decoupled_weight_decay"} if name == "Adam" else set())
    assert set(OPTIMIZERS[name]) == set(torchs) - left_out
    assert all(OPTIMIZERS[name][key] == torchs[key] for key in OPTIMIZERS[name])
    assert set(OPTIMIZERS[name]) <= set(OptimizerParams.model_fields)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "constant"])
def test_the_table_of_schedules_is_torchs(name: str) -> None:
    torchs = signature(getattr(torch.optim.lr_scheduler, name))
    assert set(SCHEDULES[name]) == set(torchs) - GIVEN_BY_THE_LOOP - MOMENTUM
    for key, default in SCHEDULES[name].items():
        if key == REQUIRED.get(name) or key in SPANS:
            assert not default
        else:
            assert default == torchs[key], key
    assert set(SCHEDULES[name]) <= set(ScheduleParams.model_fields)


def test_every_optimiser_of_torch_is_known_or_left_out_on_purpose() -> None:
    every = {
        name
        for name, kind in vars(torch.optim).items()
        if inspect.isclass(kind)
        and issubclass(kind, torch.optim.Optimizer)
        and kind is not torch.optim.Optimizer
    }
    assert every - set(OPTIMIZERS) <= {"LBFGS", "SparseAdam", "Muon", "Adafactor"}


def net() -> nn.Sequential:
    torch.manual_seed(0)
    found = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))
    return found.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return build_optimizer(OptimizerParams(name="SGD", lr=0.1), [(model.parameters(), 1.0)])


def train(model: nn.Module, optimizer: torch.optim.Optimizer, first: int, last: int) -> None:
    for step in range(first, last):
        torch.manual_seed(step)
        set_rate(optimizer, 0.01 / (1 + step))
        optimizer.zero_grad()
        model(torch.randn(2, 3, 6, 6)).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_goes_through_a_checkpoint_bit_for_bit(name: str, tmp_path: object) -> None:
    params = OptimizerParams(name=name, lr=0.01)

    def make(model: nn.Module) -> torch.optim.Optimizer:
        return build_optimizer(params, [(model[0].parameters(), 1.0), (list(model[1:].parameters()), 0.5)])

    whole, optimizer = net(), None
    train(whole, make(whole), 0, 6)
    model = net()
    optimizer = make(model)
    train(model, optimizer, 0, 3)
    folder = tmp_path / "checkpoint"  # type: ignore[operator]
    checkpoint.save(
        folder,
        {
            **{f"m/{k}": v for k, v in model.state_dict().items()},
            **{f"o/{k}": v for k, v in optimizer_tensors(optimizer).items()},
        },
        {},
    )
    tensors, _ = checkpoint.load(folder)
    resumed = net()
    optimizer = make(resumed)
    resumed.load_state_dict({k[2:]: v for k, v in tensors.items() if k.startswith("m/")})
    load_optimizer(optimizer, {k[2:]: v for k, v in tensors.items() if k.startswith("o/")})
    train(resumed, optimizer, 3, 6)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_groups_have_their_own_rates_and_zero_leaves_one_out() -> None:
    model = net()
    groups = [(model[0].parameters(), 2.0), (model[1].parameters(), 0.0), (model[2].parameters(), 1.0)]
    optimizer = build_optimizer(OptimizerParams(lr=0.1), groups)
    set_rate(optimizer, 0.01)
    assert [group["lr"] for group in optimizer.param_groups] == [0.02, 0.01]


SHOWN = {
    "ExponentialLR": {"gamma": 0.9},
    "StepLR": {"step_size": 3},
    "MultiStepLR": {"milestones": (2, 5)},
    "CosineAnnealingWarmRestarts": {"T_0": 4, "T_mult": 2},
    "OneCycleLR": {"total_steps": 12},
    "CosineAnnealingLR": {"eta_min": 0.01},
    "PolynomialLR": {"total_iters": 9, "power": 2.0},
}


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "constant"])
def test_rates_are_those_of_torchs_own_scheduler(name: str) -> None:
    params = ScheduleParams(name=name, **SHOWN.get(name, {}))  # type: ignore[arg-type]
    arguments = params.arguments(12)
    if name == "OneCycleLR":
        arguments |= {"max_lr": 0.1, "cycle_momentum": False}
    optimizer = torch.optim.SGD(net().parameters(), lr=0.1)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **arguments)
    expected = []
    for _ in range(12):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if len(expected) < 12:
                scheduler.step()
    found = Schedule(params, 0.1, 12)
    assert [found.rate(step) for step in range(12)] == expected
    # a function of the step, in any order
    assert [Schedule(params, 0.1, 12).rate(step) for step in (7, 0, 11)] == [expected[i] for i in (7, 0, 11)]


def test_warm_up_rises_to_the_schedule() -> None:
    found = Schedule(ScheduleParams(warmup=3), 0.4, 10)
    assert [found.rate(step) for step in range(5)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])


def test_average_follows_the_formula() -> None:
    model = net()
    average = Average(model, 0.9)
    value = model[0].weight.detach().clone().double()
    for step in range(15):
        train(model, sgd(model), step, step + 1)
        average.update(model, step)
        decay = min(0.9, (1 + step) / (10 + step))
        value = decay * value + (1 - decay) * model[0].weight.detach().double()
    torch.testing.assert_close(average.values["0.weight"].double(), value, rtol=1e-5, atol=1e-7)
    assert average.values["1.num_batches_tracked"] == model[1].num_batches_tracked
    off = Average(model, 0.0)
    off.update(model, 0)
    assert off.values == {}


def test_an_averaged_model_gets_its_own_weights_back() -> None:
    from aukit.training.loop import averaged

    model = net()
    average = Average(model, 0.5)
    train(model, sgd(model), 0, 3)
    own = copy.deepcopy(model.state_dict())
    with averaged(model, average):
        assert torch.equal(model[0].weight, average.values["0.weight"])
        assert not torch.equal(model[0].weight, own["0.weight"])
    assert all(torch.equal(value, own[name]) for name, value in model.state_dict().items())
