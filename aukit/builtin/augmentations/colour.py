"""Brightness, contrast, saturation and hue: drawn once, applied exactly or as one linear map.

In this order, as factors b, c, s and a turn of the hue:
    brightness x -> b x;  contrast x -> c x + (1 - c) m, m the mean grey of the clip, or of the frame where colours are
    drawn a frame;  saturation x -> s x + (1 - s) grey(x);  hue: HSV's angle.
Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Factors around 1 and a turn of the hue in parts of the circle, each (B,1) for clips or (B,T) for frames."""

    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor

    def clip(self, number: int) -> Colours:
        """Those of one clip, as a batch of one."""
        part = slice(number, number + 1)
        return Colours(
            brightness=self.brightness[part],
            contrast=self.contrast[part],
            saturation=self.saturation[part],
            hue=self.hue[part],
        )


def draw_colours(
    rng: np.random.Generator,
    clips: int,
    frames: int,
    device: torch.device,
    *,
    brightness: float,
    contrast: float,
    saturation: float,
    hue: float,
) -> Colours:
    """Each uniform within its range. `frames` is 1 where a clip keeps its colours."""

    def draw(middle: float, range_: float) -> Tensor:
        values = rng.uniform(middle - range_, middle + range_, (clips, frames))
        return torch.from_numpy(values).to(device, torch.float32)

    return Colours(
        brightness=draw(1, brightness),
        contrast=draw(1, contrast),
        saturation=draw(1, saturation),
        hue=draw(0, hue),
    )


def grey(x: Tensor) -> Tensor:
    """(...,3) colours to their grey (...)."""
    return x @ x.new_tensor(GREY)


def linear_map(colours: Colours, mean_grey: Tensor) -> tuple[Tensor, Tensor]:
    """All four changes as `matrix @ x + offset`: (B,·,3,3) and (B,·,3), for colours in 0..1.

    The hue turns around the grey axis by Rodrigues' formula. That keeps r + g + b where HSV keeps the largest of the
    three, so it is near HSV's turn but not equal to it.
    """
    like = colours.hue
    ones = like.new_ones(3, 3)
    keep = torch.eye(3, device=like.device)
    turn = like.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    cos, sin, saturation = (
        x[..., None, None]
        for x in ((2 * math.pi * like).cos(), (2 * math.pi * like).sin(), colours.saturation)
    )
    hue = cos * keep + (1 - cos) * ones / 3 + sin * turn
    saturate = saturation * keep + (1 - saturation) * like.new_tensor(GREY).expand(3, 3)
    gain = colours.brightness * colours.contrast
    offset = (1 - colours.contrast) * colours.brightness * mean_grey
    return gain[..., None, None] * (hue @ saturate), offset.unsqueeze(-1).expand(*offset.shape, 3)


def change_colours(x: Tensor, colours: Colours) -> Tensor:
    """All four changes of `(B,T,3,H,W)` in 0..1, one after the other, each clamped to 0..1."""

    def spread(factors: Tensor) -> Tensor:
        return factors[..., None, None, None]

    def grey_of(x: Tensor) -> Tensor:
        return grey(x.movedim(2, -1)).unsqueeze(2)

    x = (spread(colours.brightness) * x).clamp(0, 1)
    mean = grey_of(x).mean((2, 3, 4) if colours.contrast.shape[1] > 1 else (1, 2, 3, 4), keepdim=True)
    x = (mean + spread(colours.contrast) * (x - mean)).clamp(0, 1)
    own = grey_of(x)
    x = (own + spread(colours.saturation) * (x - own)).clamp(0, 1)
    return turn_hue(x, spread(colours.hue).squeeze(2))


def turn_hue(x: Tensor, turn: Tensor) -> Tensor:
    """Turn HSV's hue of `(...,3,H,W)` in 0..1 by `turn` (...,1,1), in parts of the circle. Exact; greys stay."""
    red, green, blue = x.unbind(-3)
    value, least = x.amax(-3), x.amin(-3)
    chroma = value - least
    scale = 1 / chroma.clamp(min=torch.finfo(x.dtype).tiny)
    sixth = torch.where(
        value == red,
        (green - blue) * scale,
        torch.where(value == green, (blue - red) * scale + 2, (red - green) * scale + 4),
    )
    sixth = sixth + 6 * turn
    channels = []
    for corner in (5, 3, 1):  # how far each channel is from its own corner of the colour hexagon
        distance = (sixth + corner).remainder(6)
        channels.append(value - chroma * torch.minimum(distance, 4 - distance).clamp(0, 1))
    return torch.stack(channels, dim=-3)
