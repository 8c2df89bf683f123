"""Variance, invariance, covariance: two views alike, no negatives (Bardes, Ponce, LeCun, ICLR 2022)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.objectives.pooled import Level, vectors
from aukit.contracts.model import Model
from aukit.errors import UsageError

FLOOR = 1e-4
"""Added to a variance before its root (section 4.1)."""


class Vicreg(nn.Module):
    """Two views of a frame (or clip) get the same embedding, and embeddings keep their spread in every direction.

    With z and z' the (N,D) embeddings of the two views,

        invariance   mean (z - z')^2
        variance     mean over dimensions of max(0, 1 - sqrt(var z + 1e-4)), for z and for z'
        covariance   sum over pairs of dimensions of cov(z)^2 / D, for z and for z'

    are added with their weights (section 4.1; the mean over dimensions in the invariance is that of algorithm 1). The
    expander is two layers of linear, batch normalisation and ReLU, and a linear one.

    Logged: the three terms. For frames also `between_clips`, the share of the spread that lies between clips: near 1,
    an embedding tells who it is and hardly what the face does.
    """

    views = 2

    def __init__(
        self,
        *,
        channels: int,
        state_channels: int,
        frames: int = 15,
        level: Level = "clip",
        dimensions: int = 1024,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
    ) -> None:
        super().__init__()
        self.frames = self.context = frames
        self.level = level
        self.weights = {"invariance": invariance, "variance": variance, "covariance": covariance}
        inputs = channels if level == "frame" else state_channels
        self.expander = nn.Sequential(
            *(layer for size in (inputs, dimensions) for layer in _layer(size, dimensions)),
            nn.Linear(dimensions, dimensions, bias=False),  # a bias would cancel in all three terms
        )

    def forward(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(2,B,T,3,H,W)` in 0..1 to the loss and the numbers to log.

        Raises:
            UsageError: there is only one frame or clip to train on, which has no spread.
        """
        count = clips.shape[1] * (clips.shape[2] if self.level == "frame" else 1)
        if self.training and count < 2:
            raise UsageError(
                f"vicreg needs the spread of several {self.level}s in a batch, and got one",
                hint="set the stage's batch to 2 or more",
            )
        embeddings = []
        for view in clips:  # one after the other: each view has its own batch statistics
            found = vectors(model.backbone, model.temporal, view, self.level)
            embeddings.append(self.expander(found.flatten(0, 1)).unflatten(0, found.shape[:2]).float())
        return self.score(*embeddings)

    def score(self, one: Tensor, other: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """Loss and numbers of the two views' embeddings `(B,T,D)`; T is 1 for clips."""
        a, b = one.flatten(0, 1), other.flatten(0, 1)
        with torch.autocast(one.device.type, enabled=False):
            terms = {
                "invariance": F.mse_loss(a, b),
                "variance": _hinge(a) + _hinge(b),
                "covariance": _spill(a) + _spill(b),
            }
        loss = sum((self.weights[name] * term for name, term in terms.items()), start=one.new_zeros(()))
        numbers = {name: term.detach() for name, term in terms.items()}
        if self.level == "frame" and one.shape[1] > 1:
            numbers["between_clips"] = _between(one.detach())
        return loss, dict(zip(numbers, torch.stack(list(numbers.values())).tolist(), strict=True))

    def after_step(self, model: Model, step: int) -> None:
        """Nothing to keep: there are no negatives."""


def _layer(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    # no bias before a normalisation that takes it away again
    return nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()


def _hinge(z: Tensor) -> Tensor:
    variance = z.var(0, correction=min(1, len(z) - 1))  # of a single vector: 0
    return F.relu(1 - (variance + FLOOR).sqrt()).mean()


def _spill(z: Tensor) -> Tensor:
    z = z - z.mean(0)
    covariance = z.mT @ z / max(1, len(z) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / z.shape[1]


def _between(embeddings: Tensor) -> Tensor:
    """Share of the variance of embeddings (B,T,D) that lies between the means of the B clips."""
    every = embeddings.flatten(0, 1)
    total = (every - every.mean(0)).square().mean()
    return (embeddings.mean(1) - every.mean(0)).square().mean() / total.clamp_min(FLOOR**2)
