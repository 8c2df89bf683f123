"""Optimisers and schedules by torch's own names, known here without torch.

`OPTIMIZERS` and `SCHEDULES` say which parameters each one takes and torch's default for it. A test compares both tables
with the signatures of the installed torch, so they cannot drift. What is left out on purpose: parameters that change
how a step is computed, not what it computes (`foreach`, `fused`, `capturable`, `differentiable`), optimisers that need
a closure or sparse gradients (`LBFGS`, `SparseAdam`), `Muon` (matrices only), and schedules that need functions or a
metric (`LambdaLR`, `ReduceLROnPlateau`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from aukit.contracts.params import Params
from aukit.errors import did_you_mean

Value = bool | int | float | str | tuple[float, ...] | tuple[int, ...]

_ADAM: Mapping[str, Value] = {
    "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False, "maximize": False
}  # fmt: skip

OPTIMIZERS: Mapping[str, Mapping[str, Value]] = {
    "ASGD": {"lr": 0.01, "lambd": 1e-4, "alpha": 0.75, "t0": 1e6, "weight_decay": 0.0, "maximize": False},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0.0, "maximize": False},
    "Adagrad": {
        "lr": 0.01, "lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10,
        "maximize": False,
    },
    "Adam": _ADAM,
    "AdamW": {**_ADAM, "weight_decay": 0.01},
    "Adamax": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "maximize": False},
    "NAdam": {
        "lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "momentum_decay": 4e-3,
        "decoupled_weight_decay": False, "maximize": False,
    },
    "RAdam": {
        "lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "decoupled_weight_decay": False,
        "maximize": False,
    },
    "RMSprop": {
        "lr": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False,
        "maximize": False,
    },
    "Rprop": {"lr": 0.01, "etas": (0.5, 1.2), "step_sizes": (1e-6, 50.0), "maximize": False},
    "SGD": {
        "lr": 1e-3, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False, "maximize": False
    },
}  # fmt: skip
"""`torch.optim` classes: parameter -> torch's default."""

SCHEDULES: Mapping[str, Mapping[str, Value]] = {
    "constant": {},
    "ConstantLR": {"factor": 1 / 3, "total_iters": 5},
    "LinearLR": {"start_factor": 1 / 3, "end_factor": 1.0, "total_iters": 5},
    "PolynomialLR": {"total_iters": 5, "power": 1.0},
    "ExponentialLR": {"gamma": 0.0},
    "StepLR": {"step_size": 0, "gamma": 0.1},
    "MultiStepLR": {"milestones": (), "gamma": 0.1},
    "CosineAnnealingLR": {"T_max": 0, "eta_min": 0.0},
    "CosineAnnealingWarmRestarts": {"T_0": 0, "T_mult": 1, "eta_min": 0.0},
    "OneCycleLR": {
        "total_steps": 0, "pct_start": 0.3, "anneal_strategy": "cos", "div_factor": 25.0, "final_div_factor": 1e4,
        "three_phase": False,
    },
}  # fmt: skip
"""`torch.optim.lr_scheduler` classes: parameter -> torch's default. Required ones have a zero here."""

SPANS = ("T_max", "total_steps")
"""Lengths of a schedule that default, as 0, to the stage's own number of steps."""

REQUIRED: Mapping[str, str] = {
    "ExponentialLR": "gamma",
    "StepLR": "step_size",
    "MultiStepLR": "milestones",
    "CosineAnnealingWarmRestarts": "T_0",
}
"""The parameter without which a schedule does nothing sensible."""


def _complete(data: Any, tables: Mapping[str, Mapping[str, Value]], default: str) -> Any:
    """Fill a named table with the defaults of that name, so that a dump says everything."""
    if not isinstance(data, dict):
        return data
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return {**tables.get(str(data.get("name", default)), {}), **given}


def _check(params: Params, tables: Mapping[str, Mapping[str, Value]], common: frozenset[str]) -> None:
    name = str(getattr(params, "name"))  # noqa: B009
    if name not in tables:
        raise ValueError(f"unknown name `{name}`; {did_you_mean(name, tables)}")
    given = {key for key in params.model_fields_set if getattr(params, key) is not None} - common
    for key in sorted(given - set(tables[name])):
        takes = ", ".join(f"`{option}`" for option in tables[name]) or "no parameters"
        raise ValueError(f"`{name}` has no parameter `{key}`; it takes {takes}")


class OptimizerParams(Params):
    """An optimiser by torch's name; what is not given is torch's own default."""

    name: str = Field("Adam", description="a class of torch.optim")
    lr: float = Field(gt=0, description="learning rate")
    weight_decay: float | None = Field(
        None, ge=0, description="L2 penalty; decoupled where the optimiser says so"
    )
    betas: tuple[float, float] | None = Field(
        None, description="decay of the gradient's first and second moments"
    )
    eps: float | None = Field(None, gt=0, description="added to the denominator")
    amsgrad: bool | None = Field(None, description="keep the largest second moment")
    momentum: float | None = Field(None, ge=0, description="momentum factor")
    dampening: float | None = Field(None, description="damping of the momentum")
    nesterov: bool | None = Field(None, description="Nesterov's momentum")
    alpha: float | None = Field(None, description="smoothing constant (RMSprop), power of the rate (ASGD)")
    centered: bool | None = Field(None, description="normalise by the variance")
    rho: float | None = Field(None, description="decay of squared gradients")
    lambd: float | None = Field(None, description="decay term")
    t0: float | None = Field(None, description="step at which averaging begins")
    lr_decay: float | None = Field(None, ge=0, description="decay of the rate")
    initial_accumulator_value: float | None = Field(None, ge=0, description="start of the sum of squares")
    momentum_decay: float | None = Field(None, ge=0, description="decay of the momentum")
    decoupled_weight_decay: bool | None = Field(None, description="weight decay as in AdamW")
    etas: tuple[float, float] | None = Field(None, description="shrinking and growing factor of a step")
    step_sizes: tuple[float, float] | None = Field(None, description="smallest and largest step")
    maximize: bool | None = Field(None, description="climb instead of descend")

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        return _complete(data, OPTIMIZERS, "Adam")

    @model_validator(mode="after")
    def _known(self) -> OptimizerParams:
        _check(self, OPTIMIZERS, frozenset({"name", "lr"}))
        return self

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for the torch class, learning rate included."""
        return {key: getattr(self, key) for key in OPTIMIZERS[self.name]}


class ScheduleParams(Params):
    """A learning-rate schedule by torch's name, counted in optimiser steps, after a linear warm-up."""

    name: str = Field("constant", description="`constant` or a class of torch.optim.lr_scheduler")
    warmup: int = Field(0, ge=0, description="steps over which the rate rises linearly to the schedule's own")
    factor: float | None = Field(None, gt=0, description="factor until `total_iters`")
    start_factor: float | None = Field(None, gt=0, description="factor at the first step")
    end_factor: float | None = Field(None, ge=0, description="factor at the last step")
    total_iters: int | None = Field(None, ge=0, description="steps until the schedule has done its work")
    power: float | None = Field(None, gt=0, description="power of the polynomial")
    gamma: float | None = Field(None, ge=0, description="factor of a decay")
    step_size: int | None = Field(None, ge=0, description="steps between two decays")
    milestones: tuple[int, ...] | None = Field(None, description="steps at which the rate decays")
    T_max: int | None = Field(None, ge=0, description="steps of half a cosine; 0 is the whole stage")
    eta_min: float | None = Field(None, ge=0, description="the lowest rate")
    T_0: int | None = Field(None, ge=0, description="steps until the first restart")
    T_mult: int | None = Field(None, ge=1, description="factor from one restart to the next")
    total_steps: int | None = Field(None, ge=0, description="steps of the cycle; 0 is the whole stage")
    pct_start: float | None = Field(
        None, gt=0, lt=1, description="share of the cycle in which the rate rises"
    )
    anneal_strategy: str | None = Field(None, pattern="^(cos|linear)$", description="`cos` or `linear`")
    div_factor: float | None = Field(None, gt=0, description="lr / first rate")
    final_div_factor: float | None = Field(None, gt=0, description="first rate / last rate")
    three_phase: bool | None = Field(None, description="a third phase down to the last rate")

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        return _complete(data, SCHEDULES, "constant")

    @model_validator(mode="after")
    def _known(self) -> ScheduleParams:
        _check(self, SCHEDULES, frozenset({"name", "warmup"}))
        needed = REQUIRED.get(self.name)
        if needed and not getattr(self, needed):
            raise ValueError(f"`{self.name}` needs `{needed}`")
        return self

    def arguments(self, steps: int) -> dict[str, Any]:
        """Keyword arguments for the torch class in a stage of `steps` steps."""
        found = {key: getattr(self, key) for key in SCHEDULES[self.name]}
        return {key: steps if key in SPANS and not value else value for key, value in found.items()}
