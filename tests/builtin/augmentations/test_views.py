"""`paper`, `fast` and `none` on whole clips."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from aukit.builtin.augmentations.colour import change_colours
from aukit.builtin.augmentations.fast import FastAugmentation
from aukit.builtin.augmentations.geometry import warp
from aukit.builtin.augmentations.none import NoAugmentation
from aukit.builtin.augmentations.paper import PaperAugmentation
from aukit.builtin.augmentations.views import RandomViews

BOTH = pytest.mark.parametrize("views", [PaperAugmentation, FastAugmentation])
STILL = {"rotation": 0.0, "scale": 0.0, "flip": 0.0, "jitter": 0.0}
PLAIN = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}


def smooth(batch: int = 3, frames: int = 4, size: int = 24) -> torch.Tensor:
    """Clips of one colour gradient each, the same in every frame."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(60, 190, (batch, 1, 2, 2, 3))
    ramp = np.linspace(0, 1, size)
    rows = corners[:, :, 0, None] * (1 - ramp[:, None, None]) + corners[:, :, 1, None] * ramp[:, None, None]
    image = rows[..., :1, :] * (1 - ramp[:, None]) + rows[..., 1:, :] * ramp[:, None]
    return torch.from_numpy(image.round().astype(np.uint8)).expand(batch, frames, size, size, 3).contiguous()


def views_of(kind: type[Any], clips: torch.Tensor, seed: int = 0, **options: Any) -> torch.Tensor:
    return kind(**options)(clips, np.random.default_rng(seed))


@BOTH
def test_one_draw_a_clip(views: type[Any]) -> None:
    out = views_of(views, smooth())
    torch.testing.assert_close(out, out[:, :1].expand_as(out))
    assert (out[0, 0] - out[1, 0]).abs().max() > 0.01


@BOTH
def test_colour_per_frame_changes_colours_and_leaves_the_geometry(views: type[Any]) -> None:
    clips = smooth()
    out = views_of(views, clips, colour_per_frame=True)
    assert (out[:, 1:] - out[:, :-1]).abs().amax((2, 3, 4)).min() > 0.005
    only_geometry = views_of(views, clips, colour_per_frame=True, **PLAIN)
    torch.testing.assert_close(only_geometry, only_geometry[:, :1].expand_as(only_geometry))
    torch.testing.assert_close(only_geometry, views_of(views, clips, **PLAIN))


@BOTH
def test_with_all_ranges_at_zero_a_view_is_the_clip(views: type[Any]) -> None:
    clips = smooth()
    expected = NoAugmentation()(clips, np.random.default_rng(0))
    torch.testing.assert_close(views_of(views, clips, **STILL, **PLAIN), expected, atol=2e-6, rtol=0)


def test_none_divides_by_255() -> None:
    clips = smooth()
    out = NoAugmentation()(clips, np.random.default_rng(0))
    assert out.shape == (3, 4, 3, 24, 24)
    assert out.is_contiguous()
    np.testing.assert_array_equal(out.permute(0, 1, 3, 4, 2).numpy(), clips.numpy().astype(np.float32) / 255)


def test_fast_and_paper_draw_the_same_views() -> None:
    clips = smooth()
    small = {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.0}
    paper, fast = (views_of(kind, clips, **small) for kind in (PaperAugmentation, FastAugmentation))
    torch.testing.assert_close(paper, fast, atol=2e-3, rtol=0)  # the mean grey is of some pixels of the frame
    hue = {**small, "hue": 0.02}
    paper, fast = (views_of(kind, clips, **hue) for kind in (PaperAugmentation, FastAugmentation))
    assert 1e-3 < (paper - fast).abs().mean() < 0.02


def test_paper_moves_pixels_and_then_changes_colours_exactly() -> None:
    clips = smooth()
    affine, colours = RandomViews().draw(clips, np.random.default_rng(3))
    moved = warp(clips, affine, torch.eye(3).expand(3, 4, 3, 3) / 255, torch.zeros(3, 4, 3))
    torch.testing.assert_close(views_of(PaperAugmentation, clips, seed=3), change_colours(moved, colours))


@BOTH
def test_clips_of_any_length_and_shape(views: type[Any]) -> None:
    clips = torch.randint(0, 256, (2, 37, 10, 14, 3), dtype=torch.uint8)
    out = views_of(views, clips)
    assert out.shape == (2, 37, 3, 10, 14)
    assert out.min() >= 0
    assert out.max() <= 1
    torch.testing.assert_close(
        views_of(views, clips[:, 20:], **PLAIN), views_of(views, clips, **PLAIN)[:, 20:]
    )
