"""Momentum contrast: one view's key among many older ones (He et al., CVPR 2020)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.objectives.momentum import Momentum
from aukit.builtin.objectives.nce import contrast
from aukit.builtin.objectives.pooled import Level, vectors
from aukit.contracts.model import Model
from aukit.training import distributed

Negatives = Literal["queue", "same-clip"]


class Moco(nn.Module):
    """A frame (or clip) of one view must find itself in the other view, as a slow copy of the encoder sees it.

    With q the projection of the first view and k that of the second through the slow copy, both of length 1,
    `-log exp(q.k / t) / sum exp(q.k' / t)` (equation 1). The other k' are the `queue` of keys of earlier steps, or the
    keys of the other frames of the `same-clip`: within a clip the person stays the same, so that who it is does not
    help. Several losses are averaged. The slow copy and the queue move in `after_step` and are never trained; of
    several processes each has the same queue, of the keys of all.

    Batch normalisation would give a key away: it bears the same statistics as its query, those of the queue bear
    others. So keys are made of `key_groups` random groups of clips, each with statistics of its own (section 3.3:
    shuffling over GPUs).

    Logged, as shares: `top1` among the own key and the queue, and for frames `top1_time` among the keys of the same
    clip, where chance is 1/T. A `top1` far above `top1_time` was reached by knowing the person.
    """

    views = 2
    queue: Tensor
    place: Tensor

    def __init__(
        self,
        *,
        channels: int,
        state_channels: int,
        frames: int = 8,
        level: Level = "frame",
        negatives: Sequence[Negatives] = ("queue",),
        dimensions: int = 128,
        hidden: int = 0,
        queue: int = 4096,
        momentum: float = 0.999,
        temperature: float = 0.07,
        key_groups: int = 2,
    ) -> None:
        super().__init__()
        self.frames = self.context = frames
        self.level = level
        self.negatives = tuple(negatives)
        self.temperature = temperature
        self.key_groups = key_groups
        inputs = channels if level == "frame" else state_channels
        first = [nn.Linear(inputs, hidden), nn.ReLU()] if hidden else []
        self.projection = nn.Sequential(*first, nn.Linear(hidden or inputs, dimensions))
        self.slow_backbone, self.slow_temporal, self.slow_projection = (Momentum(momentum) for _ in range(3))
        self.register_buffer("queue", F.normalize(torch.randn(queue, dimensions), dim=1))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64))
        self._new: Tensor | None = None

    def forward(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(2,B,T,3,H,W)` in 0..1 to the loss and the numbers to log."""
        queries = self.projection(vectors(model.backbone, model.temporal, clips[0], self.level))
        backbone, temporal = (
            partial(slow, fast)
            for slow, fast in ((self.slow_backbone, model.backbone), (self.slow_temporal, model.temporal))
        )
        keys = self.slow_projection(
            self.projection, self._in_groups(partial(vectors, backbone, temporal), clips[1])
        )
        queries, keys = (F.normalize(x.float(), dim=-1) for x in (queries, keys))
        if self.training:
            self._new = keys.flatten(0, 1)
        return self.score(queries, keys)

    def _in_groups(self, encode: Callable[[Tensor, Level], Tensor], clips: Tensor) -> Tensor:
        """`encode` on random groups of clips `(B,T,3,H,W)`, and their vectors in the clips' own order."""
        if not self.training:
            return encode(clips, self.level)
        order = torch.randperm(len(clips), device=clips.device)
        found = torch.cat([encode(clips[group], self.level) for group in order.chunk(self.key_groups)])
        return found[order.argsort()]

    def score(self, queries: Tensor, keys: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """Loss and numbers of queries and keys `(B,T,D)` of length 1; T is 1 for clips."""
        q, k = (x.flatten(0, 1) for x in (queries, keys))
        with torch.autocast(q.device.type, enabled=False):
            own = (q * k).sum(1, keepdim=True)
            scores = torch.cat([own, q @ self.queue.mT], 1) / self.temperature
        losses = {"queue": scores.logsumexp(1).sub(scores[:, 0]).mean()}
        shares = {"top1": (scores[:, :1] > scores[:, 1:]).all(1).float().mean()}
        if self.level == "frame":
            losses["same-clip"], rank = contrast(queries / self.temperature, keys)
            shares["top1_time"] = (rank < 1).float().mean()
        loss = torch.stack([losses[kind] for kind in self.negatives]).mean()
        return loss, dict(zip(shares, torch.stack(list(shares.values())).tolist(), strict=True))

    @torch.no_grad()
    def after_step(self, model: Model, step: int) -> None:
        """Let the slow copy follow, and put the step's keys in the place of the oldest."""
        self.slow_backbone.update(model.backbone)
        if self.level == "clip":
            self.slow_temporal.update(model.temporal)
        self.slow_projection.update(self.projection)
        if self._new is not None:
            keys, self._new = distributed.gather(self._new), None
            keys = keys.roll(
                distributed.rank() * len(keys) // distributed.size(), 0
            )  # in one order everywhere
            places = (self.place + torch.arange(len(keys), device=keys.device)) % len(self.queue)
            kept = min(len(keys), len(self.queue))  # of more keys than places, the last
            self.queue[places[-kept:]] = keys[-kept:]
            self.place.add_(len(keys)).remainder_(len(self.queue))
