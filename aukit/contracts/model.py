"""Contracts of the parts of a model. They are protocols: a component keeps one by its shape, not by inheriting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@runtime_checkable
class Backbone(Protocol):
    """Frames to feature maps. Wiring: none. In evaluation, frames do not see each other."""

    channels: int
    stride: int

    def __call__(self, x: Tensor) -> Tensor:
        """`(N,3,H,W)` in 0..1 to `(N,C,h,w)` before the last ReLU. Normalises its input itself."""
        ...


@runtime_checkable
class Temporal(Protocol):
    """Feature maps of a clip to states. Wiring: channels.

    Law, where `causal`: `f(x[:, :t])` then `f(x[:, t:], state)` equals `f(x)`, and no future frame changes an earlier
    output. A state is a tensor, or a (nested) tuple of tensors, whose first dimension is B; None is the state before
    the first frame. `lookahead` is the number of later frames an output may depend on: 0 where causal.

    A causal module may also offer `encode(x)`, `(N,C,h,w)` to `(N,...)`, what each frame gives whatever the state, and
    `advance(encoded, state)`, one frame's `(B,...)` and the state before it to the output `(B,C',h',w')` and the state
    after it. Law: frame by frame they equal the call. Prediction then encodes each frame once, not once for each
    window that it is in.
    """

    channels: int
    causal: bool
    lookahead: int

    def __call__(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """`(B,T,C,h,w)` and a state to `(B,T,C',h',w')` and the state after the last frame."""
        ...


@runtime_checkable
class Head(Protocol):
    """States to intensities. Wiring: channels, aus. In evaluation, frames do not see each other."""

    def __call__(self, h: Tensor) -> Tensor:
        """`(N,C,h,w)` to `(N,A)`, unclipped."""
        ...


class Model(Protocol):
    """What an objective or a stage is handed: the three parts, already on the device."""

    backbone: Any
    temporal: Any
    head: Any
    aus: tuple[str, ...]


@runtime_checkable
class Objective(Protocol):
    """A self-supervised loss. Wiring: channels (of the features) and state_channels (of the temporal part)."""

    frames: int
    context: int
    views: int

    def __call__(self, model: Model, clips: Tensor) -> tuple[Tensor, Mapping[str, float]]:
        """`(views,B,T,3,H,W)` in 0..1 to a scalar loss and numbers to log. Its own parameters train with the model."""
        ...

    def after_step(self, model: Model, step: int) -> None:
        """Called after each optimiser step: momentum encoders, queues."""
        ...


@runtime_checkable
class Loss(Protocol):
    """Predictions against labels with gaps. Wiring: none.

    A batch without any label has no mean: it is a DataError, or 0 without a gradient; never NaN.
    """

    def __call__(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """`(N,A)` and `(N,A)` with NaN for "not labelled" to a scalar: the mean over labelled cells."""
        ...


@runtime_checkable
class Augmentation(Protocol):
    """Random views of clips. Wiring: none. One draw a clip unless a parameter says otherwise."""

    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        """uint8 `(B,T,H,W,3)` on any device to float `(B,T,3,H,W)` in 0..1 on the same device."""
        ...
