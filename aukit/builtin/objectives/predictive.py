"""What objectives share that predict the features of the next frames and tell them from all others.

They differ in how they predict; the score and the numbers to log are the same, so that they compare.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.objectives.nce import contrast, ranks
from aukit.contracts.model import Model
from aukit.errors import ComponentError
from aukit.training import distributed

Negatives = Literal["all", "same-clip", "same-cell"]


class Predictive(nn.Module, ABC):
    """Predictions of the P frames after the context, contrasted with the features of those frames cell by cell.

    Targets are the backbone's raw features. A prediction is the only one that belongs to its (clip, time, cell); the
    features of all other clips, times and cells are its negatives. Of several processes each tells its predictions
    apart from the features of its own batch; with `gather`, in training mode, from those of all batches.

    Logged with the loss, as shares: `top1`, `top3`, `top5` among all features; `top1_time` among the P times of the
    same cell of the same clip, where chance is 1/P: the part that takes dynamics, not just knowing the clip and the
    cell; and the same four for a guess that copies the last frame seen (`copy_...`). A copy cannot tell times apart,
    so its `top1_time` is chance: what `top1` has above `copy_top1` was learnt about change. In evaluation mode also
    `top1_step{k}`, `top3_step{k}`, `top5_step{k}`, `top1_time_step{k}` and `copy_top1_step{k}`: the same among the
    same candidates, of the predictions of the k-th next frame alone, k = 1...P.
    """

    views = 1

    def __init__(
        self,
        *,
        frames: int,
        context: int,
        negatives: Sequence[Negatives],
        normalize: bool,
        temperature: float,
        target_stop_gradient: bool,
        gather: bool,
    ) -> None:
        super().__init__()
        self.frames = frames
        self.context = context
        self.negatives = tuple(negatives)
        self.normalize = normalize
        self.temperature = temperature
        self.target_stop_gradient = target_stop_gradient
        self.gather = gather

    def forward(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(1,B,T,3,H,W)` in 0..1 to the loss and the numbers to log.

        Raises:
            ComponentError: the states lie on another grid of cells than the features they should predict.
        """
        features = self.features(model, clips)
        return self.judge(self.predict(model, features[:, : self.context]), features)

    def features(self, model: Model, clips: Tensor) -> Tensor:
        """`(1,B,T,3,H,W)` to the backbone's features `(B,T,C,h,w)`."""
        return model.backbone(clips[0].flatten(0, 1)).unflatten(0, clips.shape[1:3])  # type: ignore[no-any-return]

    @abstractmethod
    def predict(self, model: Model, features: Tensor) -> Tensor:
        """Features `(B,context,C,h,w)` to the predictions `(B,P,C,h,w)` that follow them."""

    def judge(self, predictions: Tensor, features: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """Loss and numbers of predictions `(B,P,C,h,w)` of the last P frames of features `(B,T,C,h,w)`."""
        targets = features[:, self.context :]
        if self.target_stop_gradient:
            targets = targets.detach()
        last = features[:, self.context - 1].detach()
        return self.score(*(x.movedim(-3, -1) for x in (predictions, targets, last)))

    def score(self, predictions: Tensor, targets: Tensor, last: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """Loss and numbers of predictions and targets `(B,P,h,w,C)` and the last frame's features `(B,h,w,C)`."""
        if self.normalize:
            predictions, targets, last = (F.normalize(x, dim=-1) for x in (predictions, targets, last))
        predictions = predictions / self.temperature
        candidates = {kind: _group(targets, kind) for kind in (*self.negatives, "all", "same-cell")}
        if self.gather and self.training:
            candidates["all"] = distributed.gather(candidates["all"][0]).unsqueeze(0)
        found = {kind: contrast(_group(predictions, kind), candidates[kind]) for kind in self.negatives}
        loss = torch.stack([found[kind][0] for kind in self.negatives]).mean()
        predictions, candidates = predictions.detach(), {kind: x.detach() for kind, x in candidates.items()}
        for kind in ("all", "same-cell"):
            if kind not in found:  # not learnt from, but looked at
                found[kind] = contrast(_group(predictions, kind), candidates[kind])
        in_all, in_time = found["all"][1], found["same-cell"][1]
        shares = _shares("", in_all, in_time)
        own = torch.arange(targets[..., 0].numel(), device=targets.device).view(targets.shape[:-1])
        copied = ranks(last.flatten(0, 2), candidates["all"][0], own.movedim(1, -1).flatten(0, 2))
        copies = _group(last.unsqueeze(1).expand_as(targets), "same-cell")
        shares |= _shares("copy_", copied, contrast(copies, candidates["same-cell"])[1])
        if not self.training:
            by_step = in_all.view(*targets.shape[:2], -1).transpose(1, 2).flatten(0, 1)
            shares |= _shares_by_step(by_step, in_time, copied)
        return loss, dict(zip(shares, torch.stack(list(shares.values())).tolist(), strict=True))

    def after_step(self, model: Model, step: int) -> None:
        """Nothing to keep: negatives come from the batch alone."""


def roll_out(temporal: Any, read: Callable[[Tensor], Tensor], features: Tensor, steps: int) -> Tensor:
    """Predict one frame after the other, each prediction fed back as the next input.

    Args:
        temporal: what turns features into states.
        read: a state (B,C',h,w) to the prediction of the next frame's features (B,C,h,w).
        features: (B,t,C,h,w).
        steps: P, how many frames to predict.

    Returns:
        (B,P,C,h,w).

    Raises:
        ComponentError: the states lie on another grid of cells than the features they should predict.
    """
    states, state = temporal(features)
    require_same_grid(states, features)
    predictions = [read(states[:, -1])]
    while len(predictions) < steps:
        states, state = temporal(predictions[-1].unsqueeze(1), state)
        predictions.append(read(states[:, -1]))
    return torch.stack(predictions, dim=1)


def require_same_grid(states: Tensor, features: Tensor) -> None:
    """Nothing can be predicted cell by cell where the cells are others.

    Raises:
        ComponentError: the states lie on another grid of cells than the features they should predict.
    """
    cells, expected = tuple(states.shape[-2:]), tuple(features.shape[-2:])
    if cells != expected:
        raise ComponentError(
            f"the temporal part gives {cells} cells where the backbone has {expected}",
            hint="the objective predicts features cell by cell: choose a temporal part that keeps the grid",
        )


def _shares(prefix: str, in_all: Tensor, in_time: Tensor) -> dict[str, Tensor]:
    shares = {f"{prefix}top{k}": (in_all < k).float().mean() for k in (1, 3, 5)}
    return shares | {f"{prefix}top1_time": (in_time < 1).float().mean()}


def _shares_by_step(in_all: Tensor, in_time: Tensor, copied: Tensor) -> dict[str, Tensor]:
    """Shares of each column of ranks (n,P)."""
    kinds = {f"top{k}": in_all < k for k in (1, 3, 5)} | {"top1_time": in_time < 1, "copy_top1": copied < 1}
    return {
        f"{kind}_step{step}": share
        for kind, hits in kinds.items()
        for step, share in enumerate(hits.float().mean(0), start=1)
    }


def _group(x: Tensor, negatives: str) -> Tensor:
    """Rows `(B,P,h,w,C)` in groups `(G,n,C)` within which features are told apart."""
    if negatives == "all":
        return x.reshape(1, -1, x.shape[-1])
    if negatives == "same-clip":
        return x.flatten(1, 3)
    return x.permute(0, 2, 3, 1, 4).flatten(0, 2)
