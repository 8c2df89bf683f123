"""Recursive predictive coding with one softmax over all feature cells (paper, section 3.3; Han et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from aukit.builtin.objectives.predictive import Negatives, Predictive, roll_out
from aukit.contracts.model import Model


class DpcNce(Predictive):
    """Predict the features of the next frames from the state, one after the other, and tell them from all others.

    With h the state after the context, `p = phi(h)` predicts the next frame's features and `h = g(p, h)` goes on from
    the prediction; phi is two 1x1 convolutions with a ReLU between. Score and numbers to log are `Predictive`'s.
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
        self.phi = nn.Sequential(
            nn.Conv2d(state_channels, channels, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, kernel_size=1),
        )
        for name, parameter in self.phi.named_parameters():
            (nn.init.zeros_ if name.endswith("bias") else nn.init.orthogonal_)(parameter)

    def predict(self, model: Model, features: Tensor) -> Tensor:
        """Features `(B,context,C,h,w)` to the predictions `(B,P,C,h,w)` that follow them."""
        return roll_out(model.temporal, self.phi, features, self.frames - self.context)
