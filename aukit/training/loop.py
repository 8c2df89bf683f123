"""The step loop of gradient training, shared by the stages: everything but the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from aukit.builtin.params.stages import GradientParams
from aukit.clips.loader import Batch, Loader
from aukit.clips.windows import Window
from aukit.contracts.run import StageContext
from aukit.errors import DivergedError, Interrupted, RunFolderError
from aukit.training import distributed
from aukit.training.device import autocast
from aukit.training.interrupt import StopRequest
from aukit.training.normalisation import moving_statistics
from aukit.training.optim import (
    Average,
    Schedule,
    build_optimizer,
    load_optimizer,
    optimizer_tensors,
    set_rate,
)
from aukit.training.pace import Pace
from aukit.training.seeding import reseed_torch

ROWS = 2000
"""About as many rows of metrics as a stage leaves; each is the mean of the steps since the one before."""


@dataclass(frozen=True)
class Look:
    """What a look at the validation people found. `score`: higher is better; None where it selects nothing."""

    values: Mapping[str, float]
    score: float | None = None


@dataclass(kw_only=True)
class Loop:
    """One stage's steps, in one process or in several.

    Of several each takes the next batch of one plan; gradients and running statistics are averaged over them at every
    step. The main process looks, logs and saves; all act on what it found. They diverge and stop together.

    Args:
        ctx: the stage's world.
        params: batch, optimiser, schedule, clip, average.
        steps: optimiser steps.
        plan: number of a batch -> its windows; a step takes one for each process.
        read: windows -> batch, called in background threads.
        loss: (step, batch) -> scalar loss, numbers to log, frames computed. Runs under the stage's precision.
        model: the model that trains; it is what `average` and `select_best` are about.
        others: further modules with parameters or state of their own, by name (an objective, a loss).
        groups: `(parameters, learning-rate multiplier)`.
        training_mode: puts all modules into the mode they train in.
        after_step: called with the step after each optimiser step.
        look: called every `look_every` steps and after the last, on averaged weights where there are any.
        select_best: keep the weights of the look with the highest score.
    """

    ctx: StageContext
    params: GradientParams
    steps: int
    plan: Callable[[int], Sequence[Window]]
    read: Callable[[Sequence[Window]], Batch]
    loss: Callable[[int, Batch], tuple[Tensor, Mapping[str, float], int]]
    model: nn.Module
    others: Mapping[str, nn.Module] = field(default_factory=dict)
    groups: Iterable[tuple[Iterable[nn.Parameter], float]]
    training_mode: Callable[[], None]
    after_step: Callable[[int], None] | None = None
    look: Callable[[int], Look] | None = None
    look_every: int = 0
    select_best: bool = False

    def __post_init__(self) -> None:
        # asked once: threads read ahead also while the main process looks, alone
        self.processes, self.rank = distributed.size(), distributed.rank()
        distributed.copy_main(
            value for _, module in self._modules() for value in module.state_dict().values()
        )
        self.optimizer = build_optimizer(self.params.optimizer, self.groups)
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.schedule = Schedule(self.params.schedule, self.params.optimizer.lr, self.steps)
        self.average = Average(self.model, self.params.average)
        self.best: dict[str, Tensor] = {}
        self.best_score: float | None = None
        self.best_step = 0
        self.sums: dict[str, float] = {}
        self.summed = 0
        self.log_every = max(1, self.steps // ROWS)
        self.last: dict[str, float] = {}
        self.looked: dict[str, float] = {}

    def run(self) -> dict[str, float]:
        """Train to the last step; the model is left with its final weights (averaged or best, as asked).

        Returns:
            The last look's numbers, and the step of the weights that were kept.

        Raises:
            DivergedError: the loss or the weights are not finite; the last good checkpoint stands.
            Interrupted: by Ctrl-C; a checkpoint was left.
        """
        first = distributed.together(self._restore)
        pace = Pace(self.ctx.progress, self.ctx.name, self.steps)
        self.training_mode()
        batches = cast(
            "Generator[Batch, None, None]", iter(Loader(self.read, self._windows, first, self.steps))
        )
        with StopRequest() as stop, closing(batches):
            for step, batch in zip(range(first, self.steps), batches, strict=True):
                frames = self.step(step, batch)
                done = step + 1
                if self.look and (done == self.steps or (self.look_every and done % self.look_every == 0)):
                    self._look(done)
                pace.step(done, frames * self.processes, self.last)
                asked = distributed.anywhere(stop.asked)
                if asked or (done < self.steps and done % self.ctx.checkpoint_every == 0):
                    self._save(done)
                if asked:
                    raise Interrupted(
                        f"stopped at step {done} of {self.steps} of the stage `{self.ctx.name}`; a checkpoint was left",
                        hint="go on with `--resume`",
                    )
        self._check_weights(self.steps)
        return self._finish()

    def _windows(self, step: int) -> Sequence[Window]:
        """This process's share of a step."""
        return self.plan(step * self.processes + self.rank)

    def step(self, step: int, batch: Batch) -> int:
        """One optimiser step; returns the number of frames that this process computed."""
        reseed_torch(self.ctx.seed, self.ctx.name, "step", step, *distributed.own_key())
        rate = self.schedule.rate(step)
        set_rate(self.optimizer, rate)
        with autocast(self.ctx.device, self.ctx.precision):
            loss, values, frames = self.loss(step, batch)
        logged = distributed.mean({"loss": loss.item(), **values})  # the step's one wait for the device
        number = logged["loss"]
        if not math.isfinite(number):
            raise self._diverged(step, number, {name: logged[name] for name in values}, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        distributed.average(self.parameters, list(self._statistics()))
        if self.params.gradient_clip:
            nn.utils.clip_grad_norm_(self.parameters, self.params.gradient_clip)
        self.optimizer.step()
        self.average.update(self.model, step)
        if self.after_step:
            self.after_step(step)
        self._log(step + 1, logged, rate)
        return frames

    def _log(self, done: int, values: Mapping[str, float], rate: float) -> None:
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value)
        self.summed += 1
        if done % self.log_every == 0 or done == self.steps:
            self.last = {name: total / self.summed for name, total in self.sums.items()}
            self.ctx.log(done, {**self.last, "lr": rate})
            self.sums, self.summed = {}, 0

    def _look(self, done: int) -> None:
        assert self.look is not None
        look = self.look
        with averaged(self.model, self.average):
            found = distributed.on_main(lambda: look(done))
            if self.select_best and self._better(found.score):
                self.best_score, self.best_step = found.score, done
                self.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.looked = dict(found.values)
        self.ctx.log(done, found.values)
        self.training_mode()

    def _better(self, score: float | None) -> bool:
        """A score that is not defined is never better; of equal ones the first is kept."""
        if score is None or math.isnan(score):
            return False
        return self.best_score is None or score > self.best_score

    def _finish(self) -> dict[str, float]:
        if self.best:
            self.model.load_state_dict(self.best)
        elif self.params.average:
            self.model.load_state_dict(self.average.values)
        return {**self.looked, "step": self.best_step if self.best else self.steps}

    def _modules(self) -> Iterator[tuple[str, nn.Module]]:
        yield "model", self.model
        yield from self.others.items()

    def _statistics(self) -> Iterator[Tensor]:
        """Running means and variances that this step has moved, of copies that a part keeps of another too."""
        for _, module in self._modules():
            yield from moving_statistics(module)

    def _save(self, done: int) -> None:
        self._check_weights(done)
        groups = {name: module.state_dict() for name, module in self._modules()}
        groups |= {
            "optimizer": optimizer_tensors(self.optimizer),
            "average": self.average.values,
            "best": self.best,
        }
        tensors = {
            f"{group}/{name}": value for group, values in groups.items() for name, value in values.items()
        }
        state = {
            "step": done,
            "processes": self.processes,
            "sums": self.sums,
            "summed": self.summed,
            "best_score": self.best_score,
            "best_step": self.best_step,
            "looked": self.looked,
        }
        self.ctx.save(tensors, state)

    def _restore(self) -> int:
        """Put the checkpoint's state back; returns the first step to run."""
        found = self.ctx.restore()
        if found is None:
            return 0
        tensors, state = found
        processes = state.get("processes", 1)
        if processes != self.processes:
            raise RunFolderError(
                f"the stage `{self.ctx.name}` was begun by {processes} processes, not by {self.processes}",
                where=str(self.ctx.folder),
                hint=f"a step would see other data: go on with `torchrun --nproc_per_node {processes}`"
                if processes > 1
                else "a step would see other data: go on without torchrun",
            )

        def group(name: str) -> dict[str, Tensor]:
            return {
                key.partition("/")[2]: value for key, value in tensors.items() if key.startswith(f"{name}/")
            }

        for name, module in self._modules():
            module.load_state_dict(group(name))
        load_optimizer(self.optimizer, group("optimizer"))
        self.average.load(group("average"))
        self.best = {name: value.to(self.ctx.device) for name, value in group("best").items()}
        self.best_score, self.best_step = state["best_score"], state["best_step"]
        self.sums, self.looked = (
            {name: math.nan if value is None else value for name, value in state[key].items()}
            for key in ("sums", "looked")
        )
        self.summed = state["summed"]
        return int(state["step"])

    def _check_weights(self, done: int) -> None:
        """Nothing broken is ever saved."""
        largest = torch.stack([parameter.detach().abs().max() for parameter in self.parameters])
        if not torch.isfinite(largest).all():
            raise self._diverged(done - 1, math.nan, {}, None)

    def _diverged(
        self, step: int, loss: float, values: Mapping[str, float], batch: Batch | None
    ) -> DivergedError:
        broken = [name for name, value in named_weights(self._modules()) if not torch.isfinite(value).all()]
        odd = [name for name, value in values.items() if not math.isfinite(value)]
        rate = self.schedule.rate(step)
        if broken:
            cause = (
                f"weights are not finite, `{broken[0]}` first: a step went too far at learning rate {rate:g}"
            )
            hint = "lower `optimizer.lr`, set `gradient_clip = 1.0`, or warm up with `schedule.warmup`"
        elif batch is not None and np.isinf(batch.labels).any():
            cause = "weights are finite, but a label of this batch is infinite"
            hint = "`aukit data check` names the video; labels are 0 to 5, NaN where there is none"
        elif self.ctx.precision == "bf16":
            cause = "weights are finite, so it arose in the forward pass, which runs in bf16"
            hint = 'set `compute.precision = "fp32"`'
        else:
            cause = f"weights are finite, so it arose in the forward pass (learning rate {rate:g})"
            hint = "lower `optimizer.lr`, set `gradient_clip = 1.0`, and look at the data of this step"
        also = f"; not finite too: {', '.join(odd)}" if odd else ""
        return DivergedError(
            f"the loss of the stage `{self.ctx.name}` became {loss} at step {step + 1} of {self.steps}: {cause}{also}",
            hint=f"{hint}; the last good checkpoint is kept",
            stage=self.ctx.name,
            step=step + 1,
            tensor=broken[0] if broken else (odd[0] if odd else "loss"),
        )


def named_weights(modules: Iterable[tuple[str, nn.Module]]) -> Iterator[tuple[str, Tensor]]:
    """Every parameter and floating-point statistic, as `module.name`."""
    for name, module in modules:
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                yield f"{name}.{key}", value


@contextmanager
def averaged(model: nn.Module, average: Average) -> Iterator[None]:
    """The model with its averaged weights while the block runs; nothing happens where there is no average."""
    if not average.decay:
        yield
        return
    own = {name: value.detach().clone() for name, value in model.state_dict().items()}
    model.load_state_dict(average.values)
    try:
        yield
    finally:
        model.load_state_dict(own)
