"""The contract of backbones."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from aukit.testing.contract import Make, require, require_whole
from aukit.testing.tensors import (
    make_module,
    require_determinism,
    require_gradients,
    require_state,
    require_tensor,
    same,
    stir,
)


def check_backbone(make: Make, *, size: int = 128) -> None:
    """`(N,3,H,W)` in 0..1 to `(N,C,h,w)`, frame by frame, before the last ReLU.

    `size` is H and W of the frames it is tried with.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    build = partial(make_module, make)
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    before = x.clone()

    def run(module: Any) -> Tensor:
        features: Tensor = module(x).detach()
        return features

    module = build()
    require_whole(module, "channels", 1)
    require_whole(module, "stride", 1)
    cells = -(-size // module.stride)
    features = require_tensor(module(x), (2, module.channels, cells, cells), "its output")
    require(torch.equal(x, before), "it changes its input")
    require(bool((features < 0).any()), "no output is below zero: the last ReLU belongs to the temporal part")
    stir(module)
    require_gradients(module, module(x).square().mean())
    module.eval()
    require(
        same(run(module)[:1], module(x[:1]).detach()),
        "in evaluation a frame's features depend on other frames",
    )
    require_determinism(build, run)
    require_state(build, run)
