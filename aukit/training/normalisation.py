"""Running statistics of normalisation layers: kept as they are, or estimated anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase


def running(module: nn.Module) -> Iterator[_NormBase]:
    """The layers of a module that keep running statistics."""
    for layer in module.modules():
        if isinstance(layer, _NormBase) and layer.track_running_stats:
            yield layer


def moving_statistics(module: nn.Module) -> Iterator[Tensor]:
    """The running means and variances that a pass in training moves; a slow copy holds them as bare buffers."""
    for part in module.modules():
        if part.training and getattr(part, "track_running_stats", True):
            for name, value in part.named_buffers(recurse=False):
                if name.endswith(("running_mean", "running_var")):
                    yield value


def freeze(module: nn.Module) -> None:
    """Let these layers use their running statistics, and leave them as they are."""
    for layer in running(module):
        layer.eval()


@torch.no_grad()
def recalibrate(model: nn.Module, forward: Callable[[], None]) -> int:
    """Estimate running statistics anew; returns the number of layers.

    `forward` runs the model on a number of batches. Each layer's statistics become the plain mean over these batches
    (momentum None), with everything but the normalisation in evaluation mode.
    """
    layers = list(running(model))
    before = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None
        layer.train()
    try:
        forward()
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum
        model.eval()
    return len(layers)
