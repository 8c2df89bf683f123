"""Intensities from few labelled frames, through time (paper, sections 3.4 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor, nn

from aukit.builtin.params.stages import PARTS, RegressionParams
from aukit.builtin.stages.mean_teacher import MeanTeacher, MixedBatch, MixedPlan, read_mixed
from aukit.builtin.stages.selection import Selection
from aukit.clips.clipset import ClipSet
from aukit.clips.loader import Batch, Loader, read_batch
from aukit.clips.windows import LabelPlan, SpanPlan
from aukit.contracts.run import StageContext, StageResult
from aukit.errors import DataError, UsageError, did_you_mean
from aukit.training.batches import WithFuture, label_position, packed, to_device, to_unit
from aukit.training.device import autocast
from aukit.training.distributed import own_key
from aukit.training.loop import Loop
from aukit.training.normalisation import freeze, recalibrate
from aukit.training.packing import predict_at
from aukit.training.steps import count_steps, stride_of

Plan = LabelPlan | SpanPlan | WithFuture


class RegressionStage:
    """Trains the whole model on labelled frames.

    `sparse`: a window ends at its labelled frame (where the temporal module looks ahead, it goes on after it) and has a
    random length; only its own frames are computed. `dense`: windows of labelled frames, all of them in the loss.
    `labels`: those of an earlier stage are learnt in place of the sampler's. `mean_teacher` adds unlabelled windows.
    """

    def __init__(self, params: RegressionParams) -> None:
        self.params = params

    def check(self, ctx: StageContext) -> None:
        """What would fail later, found before anything is trained.

        Raises:
            DataError: no labels, none of an AU, none to select by, or a window longer than every video.
            UsageError: `start` or `labels` names no earlier stage, or `labels` one that makes none.
        """
        for stage, does in (
            (self.params.start, "starts from"),
            (self.params.labels, "learns from the labels of"),
        ):
            if stage and stage not in ctx.results:
                raise UsageError(
                    f"the stage `{ctx.name}` {does} `{stage}`, which is no earlier stage",
                    hint=did_you_mean(stage, ctx.results),
                )
        self._train(ctx).require_labels()
        plan = self._plan(ctx)
        if self.params.mean_teacher.weight:
            self._mixed(ctx, plan)
        if self.params.select == "best" and not Selection(ctx, self.params).clips:
            raise DataError(
                f"the stage `{ctx.name}` keeps the best weights and has no validation labels to judge by",
                hint='give the split validation people with labels, or set `select = "last"`',
            )

    def run(self, ctx: StageContext) -> StageResult:
        """Train; the numbers are those of the last look at the validation people."""
        self.check(ctx)
        self._start(ctx)
        loop = self.loop(ctx)
        metrics = loop.run()
        if self.params.recalibrate:
            metrics |= self._recalibrate(ctx, loop)
        for parameter in ctx.model.parameters():
            parameter.requires_grad_(True)
        return StageResult(model=ctx.model, metrics=metrics)

    def loop(self, ctx: StageContext) -> Loop:
        """The stage as a loop that is ready to run."""
        params, model = self.params, ctx.model
        criterion: nn.Module = ctx.build("loss", params.loss).to(ctx.device)
        augment = ctx.build("augmentation", params.augmentation)
        clips, plan = self._train(ctx), self._plan(ctx)
        steps = count_steps(params, plan.steps_per_epoch)
        teacher = MeanTeacher(model, params.mean_teacher, steps) if params.mean_teacher.weight else None
        rates = {part: getattr(params.rates, part) for part in PARTS}
        for part, rate in rates.items():
            getattr(model, part).requires_grad_(bool(rate))
        groups = [(list(getattr(model, part).parameters()), rate) for part, rate in rates.items()]

        def training_mode() -> None:
            model.train()
            for part, rate in rates.items():
                if not rate:
                    getattr(model, part).eval()
            if params.freeze_statistics:
                freeze(model)

        def loss(step: int, batch: Batch) -> tuple[Tensor, Mapping[str, float], int]:
            rng = ctx.rng("augment", step, *own_key())
            predictions, labels = self._forward(ctx, batch, partial(augment, rng=rng))
            value, frames = criterion(predictions.float(), labels), int(batch.lengths.sum())
            if teacher is None or not isinstance(batch, MixedBatch):
                return value, {}, frames
            pixels = to_device(batch.unlabelled.frames, ctx.device)
            views = [augment(pixels, ctx.rng(whose, step, *own_key())) for whose in ("student", "teacher")]
            apart = teacher.consistency(model, *views)
            numbers = {"supervised": value.item(), "consistency": apart.item()}
            return value + teacher.weight(step) * apart, numbers, frames + int(batch.unlabelled.lengths.sum())

        selection = Selection(ctx, params)
        return Loop(
            ctx=ctx,
            params=params,
            steps=steps,
            plan=self._mixed(ctx, plan) if teacher else plan,
            read=partial(read_mixed if teacher else read_batch, clips),
            loss=loss,
            model=model,
            others={"loss": criterion} | ({"mean_teacher": teacher} if teacher else {}),
            groups=[*groups, (list(criterion.parameters()), 1.0)],
            training_mode=training_mode,
            after_step=partial(teacher.update, model) if teacher else None,
            look=selection.look if params.evaluate_every and selection.clips else None,
            look_every=params.evaluate_every,
            select_best=params.select == "best",
        )

    def _forward(
        self, ctx: StageContext, batch: Batch, view: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Predictions and labels `(N,A)` of a batch."""
        pixels = to_device(batch.frames, ctx.device)
        if self.params.mode == "dense":
            predictions, _ = ctx.model(view(pixels))
            return predictions.flatten(0, 1), to_device(batch.labels, ctx.device).flatten(0, 1)
        frames, order, lengths = packed(pixels, batch.lengths.tolist(), view)
        positions = [label_position(batch.windows[index]) for index in order]
        predictions = predict_at(ctx.model, frames, lengths, positions)
        return predictions, to_device(batch.labels[order, positions], ctx.device)

    def _train(self, ctx: StageContext) -> ClipSet:
        """The training clips with the labels to learn from.

        Raises:
            UsageError: they are to come from a stage that makes none.
        """
        clips: ClipSet = ctx.clips("train")
        if not self.params.labels:
            return clips
        made = ctx.results[self.params.labels].labels
        if not made:
            raise UsageError(
                f"the stage `{ctx.name}` learns from the labels of `{self.params.labels}`, which makes none",
                hint="name a stage that does, such as one called `pseudo-label`",
            )
        return clips.relabelled(made)

    def _mixed(self, ctx: StageContext, plan: Plan) -> MixedPlan:
        """Unlabelled windows beside the labelled ones."""
        params = self.params
        return MixedPlan(
            plan,
            ctx.clips("train"),
            frames=params.window,
            stride=stride_of(params),
            batch=params.mean_teacher.batch,
            rng=ctx.rng,
        )

    def _plan(self, ctx: StageContext, key: str = "train") -> Plan:
        params, clips = self.params, self._train(ctx)
        frames, stride, batch, rng = params.window, stride_of(params), params.batch, partial(ctx.rng, key)
        if params.mode == "dense":
            return SpanPlan(clips, frames=frames, stride=stride, batch=batch, labelled=True, rng=rng)
        plan = LabelPlan(clips, frames=frames, stride=stride, batch=batch, rng=rng)
        temporal = ctx.model.temporal
        return plan if temporal.causal else WithFuture(plan, clips, temporal.lookahead)

    def _start(self, ctx: StageContext) -> None:
        """Weights of an earlier stage, where asked for; then parts that start anew."""
        if self.params.start:
            ctx.model.load_state_dict(ctx.results[self.params.start].model.state_dict())
        for part in self.params.reset:
            getattr(ctx.model, part).load_state_dict(ctx.new_part(part).state_dict())

    def _recalibrate(self, ctx: StageContext, loop: Loop) -> dict[str, float]:
        """New normalisation statistics from training windows as prediction sees them; returns the new numbers."""
        plan = self._plan(ctx, "recalibrate")
        batches = -(-self.params.recalibrate_windows // self.params.batch)

        def forward() -> None:
            for batch in Loader(partial(read_batch, ctx.clips("train")), plan, 0, batches):
                with autocast(ctx.device, ctx.precision):
                    self._forward(ctx, batch, to_unit)

        recalibrate(ctx.model, forward)
        if loop.look is None:
            return {}
        found = {f"recalibrated_{name}": value for name, value in loop.look(loop.steps).values.items()}
        ctx.log(loop.steps, found)
        return found
