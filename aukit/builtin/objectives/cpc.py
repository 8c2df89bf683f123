"""Contrastive predictive coding: each step at once (van den Oord et al. 2018, sections 2.2 and 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from aukit.builtin.objectives.predictive import Negatives, Predictive, require_same_grid
from aukit.contracts.model import Model


class Cpc(Predictive):
    """Predict each of the next P frames' features straight from the state after the context.

    With c the state of a cell and z_k its features k frames later, the score of the two is bilinear, `z_k . W_k c`
    (van den Oord et al. 2018, equation 3): one matrix a step, nothing fed back. Everything is per cell, and negatives,
    score and numbers to log are `Predictive`'s, so that they compare with `dpc-nce`; the paper pools each image patch
    to a vector, and tells each step apart on its own.
    """

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
        gather: bool = False,
    ) -> None:
        super().__init__(
            frames=frames,
            context=context,
            negatives=negatives,
            normalize=normalize,
            temperature=temperature,
            target_stop_gradient=target_stop_gradient,
            gather=gather,
        )
        self.steps = nn.Conv2d(state_channels, (frames - context) * channels, kernel_size=1, bias=False)
        for weight in self.steps.weight.data.chunk(frames - context):
            nn.init.orthogonal_(weight)

    def predict(self, model: Model, features: Tensor) -> Tensor:
        """Features `(B,context,C,h,w)` to the predictions `(B,P,C,h,w)` that follow them."""
        states, _ = model.temporal(features)
        require_same_grid(states, features)
        predictions: Tensor = self.steps(states[:, -1])
        return predictions.reshape(len(features), self.frames - self.context, *features.shape[2:])
