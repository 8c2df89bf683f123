"""The contract of augmentations."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from aukit.testing.contract import Make, require
from aukit.testing.tensors import require_tensor


def check_augmentation(make: Make, *, size: int = 32) -> None:
    """uint8 `(B,T,H,W,3)` and a generator to float `(B,T,3,H,W)` in 0..1.

    The generator is the only source of chance, so a step can be repeated.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    augmentation = make()
    shape = (3, 4, size, size, 3)
    clips = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8))
    before = clips.clone()

    def run(clips: Tensor, seed: int = 5) -> Tensor:
        return require_tensor(
            augmentation(clips, np.random.default_rng(seed)), (*clips.shape[:2], 3, size, size), "its output"
        )

    first = run(clips)
    require(torch.equal(clips, before), "it changes its input")
    for name, example in (("noise", clips), ("black", clips * 0), ("white", clips * 0 + 255)):
        views = torch.stack([run(example, seed) for seed in range(8)])
        low, high = float(views.min()), float(views.max())
        require(low >= 0 and high <= 1, f"a view of {name} is outside 0..1: {low:.4g} to {high:.4g}")
        require(name != "white" or high > 0.1, "white clips come out black: uint8 255 is 1")
    require(torch.equal(run(clips), first), "two views from one generator state differ")
    torch.manual_seed(7)
    legacy = np.random.get_state()
    np.random.seed(7)
    try:
        again = run(clips)
    finally:
        np.random.set_state(legacy)
    require(
        torch.equal(again, first), "it draws from a global seed: the generator it is given is the only chance"
    )
    require(torch.equal(make()(clips, np.random.default_rng(5)), first), "a new one gives other views")
    run(clips[:1, :1])
