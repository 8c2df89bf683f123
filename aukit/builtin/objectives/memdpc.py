"""Predictive coding through a memory of what features can be (Han, Xie, Zisserman, ECCV 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from aukit.builtin.objectives.predictive import Negatives, Predictive, roll_out
from aukit.builtin.temporal.convgru import ConvGRU
from aukit.contracts.model import Model


class MemDpc(Predictive):
    """`dpc-nce` whose predictions are mixtures of learnt slots: `p = softmax(phi(h)) . memory`.

    What comes next is uncertain; the weights over the slots say how likely each of a few possible features is. The
    score is that of `dpc-nce`.

    With `backward`, a second ConvGRU reads the clip from its end and predicts the first frames, with the same phi and
    memory, and both losses are added. That GRU belongs to the objective: the model stays causal and is
    saved without it. `backward_top1` is its share; all other numbers are of the forward direction.
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
        slots: int = 1024,
        backward: bool = True,
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
            nn.Conv2d(state_channels, state_channels, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(state_channels, slots, kernel_size=1),
        )
        for name, parameter in self.phi.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            else:
                nn.init.orthogonal_(parameter, gain=0.1)  # the authors' code: all slots start about as likely
        self.memory = nn.Parameter(torch.randn(slots, channels))
        self.behind = ConvGRU(channels=channels, hidden=state_channels) if backward else None

    def forward(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(1,B,T,3,H,W)` in 0..1 to the loss and the numbers to log.

        Raises:
            ComponentError: the states lie on another grid of cells than the features they should predict.
        """
        features = self.features(model, clips)
        loss, numbers = self.judge(self.predict(model, features[:, : self.context]), features)
        if self.behind is None:
            return loss, numbers
        reverse = features.flip(1)
        predictions = roll_out(
            self.behind, self.recall, reverse[:, : self.context], self.frames - self.context
        )
        more, others = self.judge(predictions, reverse)
        return loss + more, {**numbers, "backward_top1": others["top1"]}

    def predict(self, model: Model, features: Tensor) -> Tensor:
        """Features `(B,context,C,h,w)` to the predictions `(B,P,C,h,w)` that follow them."""
        return roll_out(model.temporal, self.recall, features, self.frames - self.context)

    def recall(self, state: Tensor) -> Tensor:
        """A state `(B,C',h,w)` to the mixture of slots that it expects next, `(B,C,h,w)`."""
        weights = self.phi(state).softmax(1)
        return torch.einsum("bmhw,mc->bchw", weights, self.memory)
