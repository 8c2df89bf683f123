"""Where the pixels of a view come from, against loops in numpy and against torch's own sampling."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aukit.builtin.augmentations import geometry
from aukit.builtin.augmentations.geometry import draw_affine, warp

Array = NDArray[np.float64]
IDENTITY = np.array([[[1.0, 0, 0], [0, 1, 0]]])


def clips(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype(np.uint8))


def plain(x: torch.Tensor, affine: Array) -> Array:
    """The view of clips with unchanged colours, as float64 in 0..255."""
    batch, frames = x.shape[:2]
    matrix = (torch.eye(3) / 255).expand(batch, frames, 3, 3)
    return 255 * warp(x, affine, matrix, torch.zeros(batch, frames, 3)).double().numpy()


def reference(frame: Array, affine: Array) -> Array:
    """One frame (H,W,3) to its view (3,H,W), a pixel at a time."""
    height, width, _ = frame.shape
    view = np.zeros((3, height, width))
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    for i, j in np.ndindex(height, width):
        x, y = affine[:, :2] @ (np.array([j, i]) - middle) + affine[:, 2] * (width, height) + middle
        left, top = int(np.floor(x)), int(np.floor(y))
        for column, by_x in ((left, left + 1 - x), (left + 1, x - left)):
            for row, by_y in ((top, top + 1 - y), (top + 1, y - top)):
                pixel = frame[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
                view[:, i, j] += by_x * by_y * pixel
    return view


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 999),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    at_once=st.sampled_from([(1, 5), (2, 4096), (16, 7)]),
)
def test_views_equal_bilinear_sampling_in_loops(
    seed: int, height: int, width: int, at_once: tuple[int, int]
) -> None:
    x = clips(2, 3, height, width, seed=seed)
    affine = draw_affine(np.random.default_rng(seed), 2, rotation=180, scale=0.5, flip=0.5, jitter=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geometry, "FRAMES_AT_ONCE", at_once[0])
        patch.setattr(geometry, "PIXELS_AT_ONCE", at_once[1])
        views = plain(x, affine)
    for b, t in np.ndindex(2, 3):
        np.testing.assert_allclose(views[b, t], reference(x[b, t].double().numpy(), affine[b]), atol=1e-2)


def test_views_equal_torchs_grid_sample_with_borders() -> None:
    x = clips(3, 20, 32, 48)
    affine = draw_affine(np.random.default_rng(1), 3, rotation=20, scale=0.1, flip=0.5, jitter=0.05)
    height, width = 32, 48
    theta = affine * np.array([[1, height / width, 2], [width / height, 1, 2]])
    grid = F.affine_grid(torch.from_numpy(theta), [3, 1, height, width], align_corners=False)
    planes = x.permute(0, 1, 4, 2, 3).double().flatten(1, 2)
    expected = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    np.testing.assert_allclose(plain(x, affine), expected.view(3, 20, 3, height, width).numpy(), atol=1e-2)


def test_identity_flip_and_a_quarter_turn_are_exact() -> None:
    x = clips(1, 2, 8, 8)
    frames = x.permute(0, 1, 4, 2, 3).double().numpy()
    np.testing.assert_allclose(plain(x, IDENTITY), frames, atol=1e-4)
    flip = draw_affine(np.random.default_rng(0), 1, rotation=0, scale=0, flip=1, jitter=0)
    np.testing.assert_allclose(plain(x, flip), frames[..., ::-1], atol=1e-4)
    turn = np.array([[[0.0, 1, 0], [-1, 0, 0]]])
    np.testing.assert_allclose(plain(x, turn), np.rot90(frames, -1, axes=(3, 4)), atol=1e-4)


def test_colours_are_mapped_frame_by_frame() -> None:
    x = clips(2, 3, 5, 4)
    rng = torch.Generator().manual_seed(0)
    matrix, offset = torch.rand(2, 3, 3, 3, generator=rng), torch.rand(2, 3, 3, generator=rng)
    expected = torch.einsum("btij,bthwj->btihw", matrix / 255, x.float()) + offset[..., None, None]
    assert expected.max() > 1
    warped = warp(x, np.concatenate([IDENTITY] * 2), matrix / 255, offset)
    torch.testing.assert_close(warped, expected.clamp(0, 1))


def test_draws_fill_their_ranges_and_no_more() -> None:
    affine = draw_affine(np.random.default_rng(0), 4000, rotation=20, scale=0.1, flip=0.3, jitter=0.05)
    linear, shift = affine[:, :, :2], affine[:, :, 2]
    determinant = np.linalg.det(linear)
    size = 1 / np.sqrt(np.abs(determinant))
    angle = np.rad2deg(np.arctan2(linear[:, 0, 1], linear[:, 1, 1]))
    for values, bound in ((size - 1, 0.1), (angle, 20), (shift, 0.05)):
        assert 0.99 * bound < np.abs(values).max() <= bound + 1e-9
        assert abs(values.mean()) < 0.05 * bound
    assert (determinant < 0).mean() == pytest.approx(0.3, abs=0.03)
    np.testing.assert_allclose(
        linear @ linear.transpose(0, 2, 1), np.eye(2) / size[:, None, None] ** 2, atol=1e-12
    )
