"""The paper's augmentations at a fraction of their cost: colours as one linear map, applied while pixels are moved."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from aukit.builtin.augmentations.colour import grey, linear_map
from aukit.builtin.augmentations.geometry import warp
from aukit.builtin.augmentations.views import RandomViews


class FastAugmentation(RandomViews):
    """The ranges of `paper`. Hue turns around the grey axis, and values are clamped once, not after each change."""

    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        """uint8 `(B,T,H,W,3)` to float32 `(B,T,3,H,W)` in 0..1 on the same device."""
        affine, colours = self.draw(clips, rng)
        some = clips[:, :, ::4, ::4].float()  # every sixteenth pixel is enough for a mean
        mean = grey(some.mean((2, 3) if self.colour_per_frame else (1, 2, 3)) / 255).view(len(clips), -1)
        matrix, offset = linear_map(colours, mean)
        shape = clips.shape[:2]
        return warp(clips, affine, (matrix / 255).expand(*shape, 3, 3), offset.expand(*shape, 3))
