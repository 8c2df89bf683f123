"""The heavy augmentations of the paper's pre-training (section 4), with exact hue."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from aukit.builtin.augmentations.colour import change_colours
from aukit.builtin.augmentations.geometry import warp
from aukit.builtin.augmentations.views import RandomViews


class PaperAugmentation(RandomViews):
    """Rotation, scale, flip, crop jitter, then brightness, contrast, saturation and HSV's hue; one draw a clip."""

    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        """uint8 `(B,T,H,W,3)` to float32 `(B,T,3,H,W)` in 0..1 on the same device."""
        affine, colours = self.draw(clips, rng)
        to_unit = (torch.eye(3, device=clips.device) / 255).expand(*clips.shape[:2], 3, 3)
        views = warp(clips, affine, to_unit, to_unit.new_zeros(to_unit.shape[:3]))
        for number, view in enumerate(views):  # a clip at a time stays in the cache
            view.copy_(change_colours(view[None], colours.clip(number))[0])
        return views
