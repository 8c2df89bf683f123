"""Colour changes against colorsys and against their definitions in numpy."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aukit.builtin.augmentations.colour import (
    Colours,
    change_colours,
    draw_colours,
    grey,
    linear_map,
    turn_hue,
)

LEVEL = st.integers(0, 255).map(lambda level: level / 255)
CPU = torch.device("cpu")


def one(brightness: float = 1, contrast: float = 1, saturation: float = 1, hue: float = 0) -> Colours:
    """The same change for one clip."""
    names = {"brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue}
    return Colours(**{name: torch.tensor([[float(value)]]) for name, value in names.items()})


@settings(max_examples=200, deadline=None)
@given(colour=st.tuples(LEVEL, LEVEL, LEVEL), turn=st.floats(-1, 1))
def test_hue_turns_as_in_colorsys(colour: tuple[float, float, float], turn: float) -> None:
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    expected = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
    pixel = torch.tensor(colour, dtype=torch.float64).view(3, 1, 1)
    turned = turn_hue(pixel, torch.full((1, 1), turn, dtype=torch.float64))
    np.testing.assert_allclose(turned.flatten().numpy(), expected, atol=1e-9)


def test_hue_turns_each_clip_and_frame_by_its_own_angle() -> None:
    x = torch.rand(2, 3, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    turns = torch.tensor([[0.1, 0.2, 0.3], [-0.1, 0.0, 0.5]])
    colours = Colours(brightness=turns * 0 + 1, contrast=turns * 0 + 1, saturation=turns * 0 + 1, hue=turns)
    changed = change_colours(x, colours)
    for b, t in np.ndindex(2, 3):
        torch.testing.assert_close(changed[b, t], turn_hue(x[b, t], turns[b, t].view(1, 1)))


def reference(x: np.ndarray, b: float, c: float, s: float, h: float) -> np.ndarray:
    """(T,3,H,W) in 0..1 by the definitions, a pixel at a time for the hue."""
    weights = np.array([0.299, 0.587, 0.114])
    x = np.clip(b * x, 0, 1)
    mean = np.tensordot(weights, x, (0, 1)).mean()
    x = np.clip(c * x + (1 - c) * mean, 0, 1)
    own = np.tensordot(weights, x, (0, 1))[:, None]
    x = np.clip(s * x + (1 - s) * own, 0, 1)
    for t, i, j in np.ndindex(x.shape[0], *x.shape[2:]):
        hue, saturation, value = colorsys.rgb_to_hsv(*x[t, :, i, j])
        x[t, :, i, j] = colorsys.hsv_to_rgb((hue + h) % 1, saturation, value)
    return x


@settings(max_examples=25, deadline=None)
@given(
    b=st.floats(0.5, 1.5),
    c=st.floats(0.5, 1.5),
    s=st.floats(0, 2),
    h=st.floats(-0.5, 0.5),
    seed=st.integers(0, 99),
)
def test_all_changes_equal_their_definitions(b: float, c: float, s: float, h: float, seed: int) -> None:
    x = np.random.default_rng(seed).random((2, 3, 3, 2))
    changed = change_colours(torch.from_numpy(x).float()[None], one(b, c, s, h))[0]
    np.testing.assert_allclose(changed.numpy(), reference(x, b, c, s, h), atol=2e-4)


def test_contrast_is_about_the_mean_of_the_clip_or_of_the_frame() -> None:
    dark_and_light = torch.tensor([0.2, 0.6]).view(1, 2, 1, 1, 1).expand(1, 2, 3, 4, 4)
    together = change_colours(dark_and_light, one(contrast=0.5))
    assert together[0, :, 0, 0, 0].tolist() == pytest.approx([0.3, 0.5])
    frames = torch.ones(1, 2)
    apart = Colours(brightness=frames, contrast=frames * 0.5, saturation=frames, hue=frames * 0)
    assert change_colours(dark_and_light, apart)[0, :, 0, 0, 0].tolist() == pytest.approx([0.2, 0.6])


@settings(max_examples=25, deadline=None)
@given(b=st.floats(0.9, 1.1), c=st.floats(0.9, 1.1), s=st.floats(0.9, 1.1), seed=st.integers(0, 99))
def test_the_linear_map_is_the_same_change_but_for_the_hue(b: float, c: float, s: float, seed: int) -> None:
    x = 0.3 + 0.4 * torch.rand(1, 2, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    mean = grey(x.movedim(2, -1)).mean().view(1, 1)
    matrix, offset = linear_map(one(b, c, s), mean)
    mapped = torch.einsum("ij,btjhw->btihw", matrix[0, 0], x) + offset[0, 0].view(3, 1, 1)
    torch.testing.assert_close(mapped, change_colours(x, one(b, c, s)), atol=1e-5, rtol=0)


def test_the_linear_hue_turns_around_the_grey_axis_the_way_hsv_turns() -> None:
    def turned(colour: list[float], hue: float) -> torch.Tensor:
        matrix, offset = linear_map(one(hue=hue), torch.zeros(1, 1))
        return matrix[0, 0] @ torch.tensor(colour) + offset[0, 0]

    torch.testing.assert_close(turned([0.5, 0.5, 0.5], 0.3), torch.full((3,), 0.5))
    torch.testing.assert_close(turned([1.0, 0.0, 0.0], 1 / 3), torch.tensor([0.0, 1, 0]), atol=1e-6, rtol=0)
    assert turned([0.8, 0.5, 0.4], 0.1).sum().item() == pytest.approx(1.7)
    skin = torch.tensor([0.8, 0.55, 0.45])
    exact = turn_hue(skin.view(3, 1, 1), torch.full((1, 1), 0.05)).flatten()
    assert (turned(skin.tolist(), 0.05) - exact).norm() < 0.7 * (skin - exact).norm()


def test_draws_fill_their_ranges() -> None:
    ranges = {"brightness": 0.4, "contrast": 0.3, "saturation": 0.2, "hue": 0.1}
    colours = draw_colours(np.random.default_rng(0), 500, 4, CPU, **ranges)
    for name, bound in ranges.items():
        values = getattr(colours, name) - (0 if name == "hue" else 1)
        assert values.shape == (500, 4)
        assert 0.98 * bound < values.abs().max() <= bound + 1e-6
        assert values.mean().abs() < 0.1 * bound
