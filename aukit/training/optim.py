"""Optimisers and schedules built from their tables, and the average of weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from aukit.builtin.params.optim import OptimizerParams, ScheduleParams


def build_optimizer(
    params: OptimizerParams, groups: Iterable[tuple[Iterable[nn.Parameter], float]]
) -> torch.optim.Optimizer:
    """A torch optimiser over `(parameters, learning-rate multiplier)` groups; multiplier 0 leaves a group out.

    Each group remembers its multiplier as `rate`, for `set_rate`.
    """
    arguments = params.arguments()
    lr = arguments.pop("lr")
    tables = [{"params": list(group), "lr": lr * rate, "rate": rate} for group, rate in groups if rate]
    kind = getattr(torch.optim, params.name)
    optimizer: torch.optim.Optimizer = kind(
        [table for table in tables if table["params"]], lr=lr, **arguments
    )
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group the learning rate `rate` times the group's own multiplier."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["rate"]


class Schedule:
    """The learning rate as a function of the step, so that nothing needs saving.

    torch's own scheduler runs on an optimiser with one dummy parameter; its rates are kept as they come. The warm-up
    multiplies them by (step + 1) / (warmup + 1) over the first `warmup` steps.
    """

    def __init__(self, params: ScheduleParams, lr: float, steps: int) -> None:
        self._warmup = params.warmup
        self._rates = [lr]
        self._scheduler: torch.optim.lr_scheduler.LRScheduler | None = None
        if params.name == "constant":
            return
        arguments = params.arguments(steps)
        dummy = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
        if params.name == "OneCycleLR":
            arguments |= {"max_lr": lr, "cycle_momentum": False}
        if params.name == "MultiStepLR":
            arguments["milestones"] = list(arguments["milestones"])
        kind = getattr(torch.optim.lr_scheduler, params.name)
        self._scheduler = kind(dummy, **arguments)
        self._last = int(arguments.get("total_steps", 0))
        self._rates = [dummy.param_groups[0]["lr"]]
        self._dummy = dummy

    def rate(self, step: int) -> float:
        """The learning rate of step `step` (from 0)."""
        if self._scheduler is None:
            rate = self._rates[0]
        else:
            # a cycle that has ended stays at its last rate, where torch would raise
            step_known = min(step, self._last - 1) if self._last else step
            while len(self._rates) <= step_known:
                with warnings.catch_warnings():
                    warnings.simplefilter(
                        "ignore"
                    )  # "scheduler before optimizer": there is nothing to optimise
                    self._scheduler.step()
                self._rates.append(self._dummy.param_groups[0]["lr"])
            rate = self._rates[step_known]
        return rate * min(1.0, (step + 1) / (self._warmup + 1)) if self._warmup else rate


class Average:
    """Exponential moving average of a module's floating-point weights and statistics; off where `decay` is 0.

    The decay grows from (1 + n) / (10 + n) to `decay`, so that the first steps do not weigh for ever.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values: dict[str, torch.Tensor] = {}
        if decay:
            self.values = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after step `step` (from 0)."""
        if not self.decay:
            return
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        state = module.state_dict()
        old, new = [], []
        for name, value in self.values.items():
            if value.is_floating_point():
                old.append(value)
                new.append(state[name].detach())
            else:
                value.copy_(state[name])
        torch._foreach_lerp_(old, new, weight)

    def weights(self, module: nn.Module) -> Mapping[str, torch.Tensor]:
        """The averaged weights; the module's own where there is no average."""
        return self.values if self.decay else module.state_dict()

    def load(self, values: Mapping[str, torch.Tensor]) -> None:
        """Go on from saved values."""
        for name, value in self.values.items():
            value.copy_(values[name])


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """The optimiser's state as named tensors: `<parameter index>.<name>`."""
    found: dict[str, torch.Tensor] = {}
    for index, parameter in enumerate(_parameters(optimizer)):
        for name, value in optimizer.state.get(parameter, {}).items():
            found[f"{index}.{name}"] = (
                value if torch.is_tensor(value) else torch.tensor(value, dtype=torch.float64)
            )
    return found


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Put saved state back, in each parameter's own memory layout, so that the next step is bit for bit the same."""
    for index, parameter in enumerate(_parameters(optimizer)):
        prefix = f"{index}."
        state: dict[str, Any] = {}
        for key, value in tensors.items():
            if not key.startswith(prefix):
                continue
            name = key[len(prefix) :]
            if value.shape == parameter.shape and value.dim():
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
            elif value.dtype == torch.float64:  # a plain number: NAdam's and ASGD's
                state[name] = value.item()
            else:
                state[name] = value.clone()
        if state:
            optimizer.state[parameter] = state


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
