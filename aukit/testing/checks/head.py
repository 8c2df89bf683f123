"""The contract of heads."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

from aukit.testing.contract import Make, require
from aukit.testing.tensors import (
    make_module,
    random,
    require_determinism,
    require_gradients,
    require_state,
    require_tensor,
    same,
    stir,
)

AUS = ("AU04", "AU12", "AU25")


def check_head(make: Make, *, channels: int = 8) -> None:
    """`(N,C,h,w)` to `(N,A)`, unclipped.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    build = partial(make_module, make, channels=channels, aus=AUS)
    h = random(6, channels, 4, 4)
    before = h.clone()

    def run(module: Any) -> Tensor:
        intensities: Tensor = module(h).detach()
        return intensities

    module = build()
    require_tensor(module(h), (6, len(AUS)), "its output")
    require(torch.equal(h, before), "it changes its input")
    stir(module, 0.5)
    require_gradients(module, (module(h) - random(6, len(AUS), seed=1)).square().mean())
    module.eval()
    strong = module(100 * h)
    at_a_bound = ((strong == 0) | (strong == 5)).any()
    require(
        not at_a_bound, "an output is exactly 0 or 5: intensities are clipped by whoever shows them, not here"
    )
    require(same(run(module)[:1], module(h[:1]).detach()), "in evaluation an output depends on other frames")
    other = make_module(make, channels=channels, aus=AUS[:1])
    require_tensor(other(h), (6, 1), "its output for one AU")
    require_determinism(build, run)
    require_state(build, run)
