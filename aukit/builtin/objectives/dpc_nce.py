"""Recursive predictive coding with one softmax over all feature cells (paper, section 3.3; Han et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.objectives.nce import contrast, ranks
from aukit.contracts.model import Model
from aukit.errors import ComponentError

Negatives = Literal["all", "same-clip", "same-cell"]


class DpcNce(nn.Module):
    """Predict the features of the next frames from the state, one after the other, and tell them from all others.

    With h the state after the context, `p = phi(h)` predicts the next frame's features and `h = g(p, h)` goes on from
    the prediction; phi is two 1x1 convolutions with a ReLU between. Targets are the backbone's raw features. A
    prediction is the only one that belongs to its (clip, time, cell); the features of all other clips, times and cells
    are its negatives.

    Logged with the loss, as shares: `top1`, `top3`, `top5` among all features; `top1_time` among the P times of the
    same cell of the same clip, where chance is 1/P: the part that takes dynamics, not just knowing the clip and the
    cell; and the same four for a guess that copies the last frame seen (`copy_...`). A copy cannot tell times apart,
    so its `top1_time` is chance: what `top1` has above `copy_top1` was learnt about change.
    """

    views = 1

    def __init__(
        self,
        *,
        channels: int,
        state_channels: int,
        frames: int = 15,
        context: int = 10,
        negatives: Sequence[Negatives] = ("all",),
        normalize: bool = False,
        temperature: float = 1.0,
        target_stop_gradient: bool = False,
    ) -> None:
        super().__init__()
        self.frames = frames
        self.context = context
        self.negatives = tuple(negatives)
        self.normalize = normalize
        self.temperature = temperature
        self.target_stop_gradient = target_stop_gradient
        self.phi = nn.Sequential(
            nn.Conv2d(state_channels, channels, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel_size=1),
        )
        for name, parameter in self.phi.named_parameters():
            (nn.init.zeros_ if name.endswith("bias") else nn.init.orthogonal_)(parameter)

    def forward(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(1,B,T,3,H,W)` in 0..1 to the loss and the numbers to log.

        Raises:
            ComponentError: the states lie on another grid of cells than the features they should predict.
        """
        features = model.backbone(clips[0].flatten(0, 1)).unflatten(0, clips.shape[1:3])
        predictions = self.predict(model, features[:, : self.context])
        targets = features[:, self.context :]
        if self.target_stop_gradient:
            targets = targets.detach()
        last = features[:, self.context - 1].detach()
        return self.score(*(x.movedim(-3, -1) for x in (predictions, targets, last)))

    def predict(self, model: Model, features: Tensor) -> Tensor:
        """Features `(B,context,C,h,w)` to the predictions `(B,P,C,h,w)` that follow them."""
        states, state = model.temporal(features)
        predictions = [self.phi(states[:, -1])]
        cells, expected = tuple(states.shape[-2:]), tuple(features.shape[-2:])
        if cells != expected:
            raise ComponentError(
                f"the temporal part gives {cells} cells where the backbone has {expected}",
                hint="dpc-nce predicts features cell by cell: choose a temporal part that keeps the grid",
            )
        while len(predictions) < self.frames - self.context:
            states, state = model.temporal(predictions[-1].unsqueeze(1), state)
            predictions.append(self.phi(states[:, -1]))
        return torch.stack(predictions, dim=1)

    def score(self, predictions: Tensor, targets: Tensor, last: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """Loss and numbers of predictions and targets `(B,P,h,w,C)` and the last frame's features `(B,h,w,C)`."""
        if self.normalize:
            predictions, targets, last = (F.normalize(x, dim=-1) for x in (predictions, targets, last))
        predictions = predictions / self.temperature
        found = {kind: contrast(_group(predictions, kind), _group(targets, kind)) for kind in self.negatives}
        loss = torch.stack([found[kind][0] for kind in self.negatives]).mean()
        predictions, targets = predictions.detach(), targets.detach()
        for kind in ("all", "same-cell"):
            if kind not in found:  # not learnt from, but looked at
                found[kind] = contrast(_group(predictions, kind), _group(targets, kind))
        shares = _shares("", found["all"][1], found["same-cell"][1])
        own = torch.arange(targets[..., 0].numel(), device=targets.device).view(targets.shape[:-1])
        copied = ranks(last.flatten(0, 2), targets.flatten(0, 3), own.movedim(1, -1).flatten(0, 2))
        copies = _group(last.unsqueeze(1).expand_as(targets), "same-cell")
        shares |= _shares("copy_", copied, contrast(copies, _group(targets, "same-cell"))[1])
        return loss, dict(zip(shares, torch.stack(list(shares.values())).tolist(), strict=True))

    def after_step(self, model: Model, step: int) -> None:
        """Nothing to keep: negatives come from the batch alone."""


def _shares(prefix: str, in_all: Tensor, in_time: Tensor) -> dict[str, Tensor]:
    shares = {f"{prefix}top{k}": (in_all < k).float().mean() for k in (1, 3, 5)}
    return shares | {f"{prefix}top1_time": (in_time < 1).float().mean()}


def _group(x: Tensor, negatives: str) -> Tensor:
    """Rows `(B,P,h,w,C)` in groups `(G,n,C)` within which features are told apart."""
    if negatives == "all":
        return x.reshape(1, -1, x.shape[-1])
    if negatives == "same-clip":
        return x.flatten(1, 3)
    return x.permute(0, 2, 3, 1, 4).flatten(0, 2)
