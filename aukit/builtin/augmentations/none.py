"""No augmentation: pixels as they are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


class NoAugmentation:
    """Only the change of type and layout that every augmentation ends with."""

    def __call__(self, clips: Tensor, rng: np.random.Generator) -> Tensor:
        """uint8 `(B,T,H,W,3)` to float32 `(B,T,3,H,W)` in 0..1 on the same device."""
        return clips.permute(0, 1, 4, 2, 3).to(torch.float32, memory_format=torch.contiguous_format) / 255
