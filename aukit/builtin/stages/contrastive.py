"""Pre-training on unlabelled clips: backbone, temporal module, objective (paper, sections 3.3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aukit.builtin.params.stages import ContrastiveParams
from aukit.clips.loader import Batch, Loader, read_batch
from aukit.clips.windows import SpanPlan
from aukit.contracts.run import StageContext, StageResult
from aukit.training.batches import to_device, to_unit
from aukit.training.device import autocast
from aukit.training.distributed import own_key
from aukit.training.loop import Look, Loop
from aukit.training.seeding import reseed_torch
from aukit.training.steps import count_steps, stride_of


class ContrastiveStage:
    """Trains backbone and temporal module with an objective; the head is left alone."""

    def __init__(self, params: ContrastiveParams) -> None:
        self.params = params

    def check(self, ctx: StageContext) -> None:
        """What would fail later, found before anything is trained.

        Raises:
            DataError: a window is longer than every video.
        """
        objective = self._objective(ctx)
        self._plan(ctx, objective, "train")
        self._validation(ctx, objective)

    def run(self, ctx: StageContext) -> StageResult:
        """Train; the numbers are those of the last validation."""
        metrics = self.loop(ctx).run()
        return StageResult(model=ctx.model, metrics=metrics)

    def loop(self, ctx: StageContext) -> Loop:
        """The stage as a loop that is ready to run.

        Raises:
            DataError: a window is longer than every video.
        """
        params, model = self.params, ctx.model
        objective = self._objective(ctx)
        augment = ctx.build("augmentation", params.augmentation)
        plan = self._plan(ctx, objective, "train")

        def loss(step: int, batch: Batch) -> tuple[Tensor, Mapping[str, float], int]:
            frames = to_device(batch.frames, ctx.device)
            keys = [(step, view, *own_key()) for view in range(objective.views)]
            views = [augment(frames, ctx.rng("augment", *key)) for key in keys]
            clips = views[0].unsqueeze(0) if len(views) == 1 else torch.stack(views)
            value, numbers = objective(model, clips)
            return value, numbers, clips.shape[0] * clips.shape[1] * clips.shape[2]

        def training_mode() -> None:
            model.train()
            objective.train()

        parts = (model.backbone, model.temporal, objective)
        return Loop(
            ctx=ctx,
            params=params,
            steps=count_steps(params, plan.steps_per_epoch),
            plan=plan,
            read=partial(read_batch, ctx.clips("train")),
            loss=loss,
            model=model,
            others={"objective": objective},
            groups=[([p for part in parts for p in part.parameters()], 1.0)],
            training_mode=training_mode,
            after_step=partial(objective.after_step, model),
            look=self._validation(ctx, objective),
            look_every=params.validate_every,
        )

    def _objective(self, ctx: StageContext) -> Any:
        channels = {"channels": ctx.model.backbone.channels, "state_channels": ctx.model.temporal.channels}
        return ctx.build("objective", self.params.objective, **channels).to(ctx.device)

    def _plan(self, ctx: StageContext, objective: Any, split: str) -> SpanPlan:
        return SpanPlan(
            ctx.clips(split),
            frames=objective.frames,
            stride=stride_of(self.params),
            batch=self.params.batch,
            people=self.params.people or None,
            rng=partial(ctx.rng, split),
        )

    def _validation(self, ctx: StageContext, objective: Any) -> Callable[[int], Look] | None:
        """A look at validation people, without labels: the objective on the same clips each time; None if nobody."""
        clips = ctx.clips("validation")
        if not self.params.validate_every or not clips.clips:
            return None
        plan = self._plan(ctx, objective, "validation")
        batches = min(self.params.validate_batches, plan.steps_per_epoch)

        @torch.no_grad()
        def look(step: int) -> Look:
            ctx.model.eval()
            objective.eval()
            found: list[Mapping[str, float]] = []
            for number, batch in enumerate(Loader(partial(read_batch, clips), plan, 0, batches)):
                reseed_torch(ctx.seed, ctx.name, "validation", number)
                frames = to_unit(to_device(batch.frames, ctx.device))
                with autocast(ctx.device, ctx.precision):
                    value, numbers = objective(ctx.model, torch.stack([frames] * objective.views))
                found.append({"loss": value.item(), **numbers})
            return Look(
                {f"validation_{name}": float(np.mean([one[name] for one in found])) for name in found[0]}
            )

        return look
