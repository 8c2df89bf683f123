"""What `paper` and `fast` share: their ranges and their draws. They differ in how colours are applied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from aukit.builtin.augmentations.colour import Colours, draw_colours
from aukit.builtin.augmentations.geometry import draw_affine


class RandomViews:
    """Ranges of the views; see the parameters of the same names."""

    def __init__(
        self,
        *,
        rotation: float = 20.0,
        scale: float = 0.1,
        flip: float = 0.5,
        jitter: float = 0.05,
        brightness: float = 0.4,
        contrast: float = 0.4,
        saturation: float = 0.4,
        hue: float = 0.1,
        colour_per_frame: bool = False,
    ) -> None:
        self.geometry = {"rotation": rotation, "scale": scale, "flip": flip, "jitter": jitter}
        self.colour = {"brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue}
        self.colour_per_frame = colour_per_frame

    def draw(self, clips: Tensor, rng: np.random.Generator) -> tuple[NDArray[np.float64], Colours]:
        """One map and one change of colours for each of the clips `(B,T,H,W,3)`; colours for each frame if asked."""
        batch, frames = clips.shape[:2]
        affine = draw_affine(rng, batch, **self.geometry)
        drawn = frames if self.colour_per_frame else 1
        return affine, draw_colours(rng, batch, drawn, clips.device, **self.colour)
