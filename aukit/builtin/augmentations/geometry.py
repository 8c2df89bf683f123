"""Rotation, scale, flip and crop jitter: one affine map a clip, applied to all of its frames at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

FRAMES_AT_ONCE = 16
PIXELS_AT_ONCE = 4096
"""The block that stays in a core's cache: 4096 pixels of 16 frames are 768 KiB."""


def draw_affine(
    rng: np.random.Generator, clips: int, *, rotation: float, scale: float, flip: float, jitter: float
) -> NDArray[np.float64]:
    """Maps (clips,2,3) from pixels of the view to those of the frame, both counted from the middle.

    Rotation is in degrees; the last column is in parts of the frame's width and height. A view that is s times as
    large takes its pixels from 1/s as far out.
    """
    angle = np.deg2rad(rng.uniform(-rotation, rotation, clips))
    size = rng.uniform(1 - scale, 1 + scale, clips)
    mirror = np.where(rng.random(clips) < flip, -1.0, 1.0)
    shift = rng.uniform(-jitter, jitter, (clips, 2))
    cos, sin = np.cos(angle) / size, np.sin(angle) / size
    return np.stack(
        [np.stack([mirror * cos, sin, shift[:, 0]], 1), np.stack([-mirror * sin, cos, shift[:, 1]], 1)], 1
    )


def warp(clips: Tensor, affine: NDArray[np.float64], matrix: Tensor, offset: Tensor) -> Tensor:
    """Bilinear views of clips with linearly mapped colours; outside the frame its border goes on.

    A pixel of the view is `matrix @ (r, g, b) + offset` of the place in the frame that `affine` names, clamped to 0..1.
    `F.grid_sample` goes through the frames plane by plane. Here a pixel of a clip is one row, all frames and channels
    side by side, so that each of the four neighbours is one contiguous read; one product, with the frames' matrices on
    its diagonal and the offsets as a last column, then maps the colours and turns rows back into planes.

    Args:
        clips: uint8 (B,T,H,W,3).
        affine: (B,2,3), from `draw_affine`.
        matrix: (B,T,3,3), applied to colours in 0..255.
        offset: (B,T,3).

    Returns:
        float32 (B,T,3,H,W) in 0..1, contiguous.
    """
    batch, frames, height, width, _ = clips.shape
    views = torch.empty(batch, frames * 3, height * width, device=clips.device)
    # Bilinear weights add up to 1, so a last column of ones is still one when it meets the offsets.
    one = torch.ones(height * width, 1, device=clips.device)
    for clip, view, where, matrices, offsets in zip(clips, views, affine, matrix, offset, strict=True):
        neighbours, weights = _neighbours(where.tolist(), height, width, clips.device)
        for first in range(0, frames, FRAMES_AT_ONCE):
            part = slice(first, first + FRAMES_AT_ONCE)
            rows = torch.cat([*clip[part].float().view(-1, height * width, 3), one], dim=1)
            diagonal: Tensor = torch.block_diag(*matrices[part])  # type: ignore[no-untyped-call]
            mix = torch.cat([diagonal, offsets[part].reshape(-1, 1)], dim=1)
            planes = view[3 * first : 3 * first + len(mix)]
            for start in range(0, height * width, PIXELS_AT_ONCE):
                block = slice(start, start + PIXELS_AT_ONCE)
                pixels = F.embedding_bag(
                    neighbours[block], rows, mode="sum", per_sample_weights=weights[block]
                )
                torch.mm(mix, pixels.mT, out=planes[:, block])
                planes[:, block].clamp_(0, 1)
    return views.view(batch, frames, 3, height, width)


def _neighbours(
    affine: Sequence[Sequence[float]], height: int, width: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """The four pixels around each source place, as numbers of rows (H·W,4), and their bilinear weights."""
    (xx, xy, shift_x), (yx, yy, shift_y) = affine
    across = torch.arange(width, device=device) - (width - 1) / 2
    down = (torch.arange(height, device=device) - (height - 1) / 2).unsqueeze(1)
    x = xx * across + xy * down + (shift_x * width + (width - 1) / 2)
    y = yx * across + yy * down + (shift_y * height + (height - 1) / 2)
    left, top = x.floor(), y.floor()
    to_right, to_bottom = x - left, y - top
    columns = [(left + step).clamp_(0, width - 1).int() for step in (0, 1)]
    rows = [(top + step).clamp_(0, height - 1).int() * width for step in (0, 1)]
    neighbours = torch.empty(height, width, 2, 2, dtype=torch.int32, device=device)
    weights = torch.empty(height, width, 2, 2, device=device)
    for i, (row, by_row) in enumerate(zip(rows, (1 - to_bottom, to_bottom), strict=True)):
        for j, (column, by_column) in enumerate(zip(columns, (1 - to_right, to_right), strict=True)):
            torch.add(row, column, out=neighbours[:, :, i, j])
            torch.mul(by_row, by_column, out=weights[:, :, i, j])
    return neighbours.view(-1, 4), weights.view(-1, 4)
