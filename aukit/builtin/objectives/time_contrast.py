"""Time-contrastive triplets within a clip (Sermanet et al., ICRA 2018: a single view)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aukit.builtin.objectives.pooled import vectors
from aukit.contracts.model import Model


class TimeContrast(nn.Module):
    """A frame lies nearer to its neighbours in time than to frames far from it, in the same clip.

    Embeddings are a linear layer on pooled features, of length 1. For an anchor a, a positive p at most `inside`
    frames away and a negative n more than `outside` frames away, `max(0, |a - p|^2 - |a - n|^2 + margin)`, the mean
    over all such triplets of every clip: what a random draw of them would estimate. Who it is is the same in all
    three, so it cannot help. It trains the backbone; the temporal part is left as it is.

    Logged: `ordered`, the share of triplets whose positive is the nearer one, chance 1/2, and `active`, the share
    that still has a loss.
    """

    views = 1
    triplets: Tensor

    def __init__(
        self,
        *,
        channels: int,
        state_channels: int,
        frames: int = 15,
        inside: int = 2,
        outside: int = 4,
        margin: float = 0.2,
        dimensions: int = 32,
    ) -> None:
        super().__init__()
        self.frames = self.context = frames
        self.margin = margin
        self.projection = nn.Linear(channels, dimensions)
        times = torch.arange(frames)
        apart = (times.unsqueeze(1) - times).abs()
        positive, negative = (apart > 0) & (apart <= inside), apart > outside
        found = (positive.unsqueeze(2) & negative.unsqueeze(1)).nonzero().unbind(1)
        self.register_buffer("triplets", torch.stack(found), persistent=False)

    def forward(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(1,B,T,3,H,W)` in 0..1 to the loss and the numbers to log."""
        pooled = vectors(model.backbone, model.temporal, clips[0], "frame")
        return self.score(F.normalize(self.projection(pooled).float(), dim=-1))

    def score(self, embeddings: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """Loss and numbers of the embeddings `(B,T,D)`."""
        far = (embeddings.unsqueeze(2) - embeddings.unsqueeze(1)).square().sum(3)
        anchor, positive, negative = self.triplets
        gap = far[:, anchor, positive] - far[:, anchor, negative]
        hinge = F.relu(gap + self.margin)
        shares = torch.stack([(gap < 0).float().mean(), (hinge > 0).float().mean()]).tolist()
        return hinge.mean(), dict(zip(("ordered", "active"), shares, strict=True))

    def after_step(self, model: Model, step: int) -> None:
        """Nothing to keep: triplets come from the clip alone."""
