"""The square cut from a picture: where it lies to a fraction of a pixel, and what is beyond the border."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scripted import at, points_of

from aukit.contracts.faces import CropRule, Picture, SeenFace
from aukit.errors import DataError
from aukit.ingest.crop import EYES, cut


def picture(pixels: np.ndarray) -> Picture:
    return Picture(pixels=np.ascontiguousarray(pixels), seconds=0.0, index=0)


def face(box: Any, points: Any = ()) -> SeenFace:
    return SeenFace(id=0, box=box, score=1.0, points=tuple(points))


def ramp(width: int = 640, height: int = 480) -> np.ndarray:
    """Red grows to the right, green downwards, by a third a pixel: so a colour says where it is from."""
    y, x = np.mgrid[:height, :width]
    return (
        np.stack([(x + 0.5) / 3, (y + 0.5) / 3, np.zeros_like(x)], -1).round().clip(0, 255).astype(np.uint8)
    )


def sources(square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which x and y of a `ramp` the pixels of a square show."""
    return square[..., 0].astype(float) * 3, square[..., 1].astype(float) * 3


@given(
    x=st.floats(200, 440),
    y=st.floats(200, 280),
    side=st.floats(12, 150),
    wide=st.floats(0.5, 1.5),
    margin=st.sampled_from([0, 0.1, 0.15]),
    size=st.sampled_from([16, 64, 128]),
)
def test_a_tight_square_lies_where_its_box_is(
    x: float, y: float, side: float, wide: float, margin: float, size: int
) -> None:
    box = (x - side * wide / 2, y - side / 2, x + side * wide / 2, y + side / 2)
    square = cut(picture(ramp()), face(box), CropRule(margin=margin, size=size))
    assert square.shape == (size, size, 3) and square.dtype == np.uint8
    whole = side * max(wide, 1) * (1 + 2 * margin)
    steps = ((np.arange(size) + 0.5) / size - 0.5) * whole
    across, down = sources(square)
    assert abs(across - (x + steps)[None]).max() < 4.5  # a third a pixel, rounded twice
    assert abs(down - (y + steps)[:, None]).max() < 4.5
    assert across.mean() == pytest.approx(x, abs=1.5)
    assert down.mean() == pytest.approx(y, abs=1.5)


@given(
    x=st.floats(260, 380),
    y=st.floats(200, 260),
    apart=st.floats(4, 60),
    turn=st.floats(-math.pi, math.pi),
    margin=st.sampled_from([0, 0.1, 0.15]),
)
def test_turned_by_the_eyes_each_eye_is_at_its_place(
    x: float, y: float, apart: float, turn: float, margin: float
) -> None:
    half = complex(math.cos(turn), math.sin(turn)) * apart / 2
    right, left = complex(x, y) - half, complex(x, y) + half
    points = [(p.real, p.imag) for p in (right, left, complex(x, y), complex(x, y), complex(x, y))]
    square = cut(picture(ramp()), face(at(x, y), points), CropRule(rule="eyes", margin=margin, size=64))
    across, down = sources(square)
    rows, columns = (np.mgrid[:64, :64] + 0.5) / 64
    # The similarity, written out once more: from places in the square to the picture.
    (rx, ry), (lx, _) = (tuple(0.5 + (place - 0.5) / (1 + 2 * margin) for place in eye) for eye in EYES)
    expected = right + (left - right) / (lx - rx) * ((columns - rx) + 1j * (rows - ry))
    inside = (expected.real > 2) & (expected.real < 638) & (expected.imag > 2) & (expected.imag < 478)
    assert abs(across - expected.real)[inside].max() < 6
    assert abs(down - expected.imag)[inside].max() < 6
    assert abs((across - expected.real)[inside].mean()) < 1.5


def test_upright_eyes_give_about_the_tight_square() -> None:
    """A face that looks at the camera is as large by either rule."""
    box = at(300, side=120)
    one, two = (
        sources(cut(picture(ramp()), face(box, points_of(box)), CropRule.model_validate({"rule": rule})))
        for rule in ("tight", "eyes")
    )
    np.testing.assert_allclose(one, two, atol=8)


@pytest.mark.parametrize("side", [40.0, 130.7, 200.0])
def test_a_square_inside_is_what_pillow_makes_of_the_whole_picture(side: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    box = at(201.3, 148.8, side)
    expected = Image.fromarray(noise).resize((128, 128), Image.Resampling.BILINEAR, box=box)
    square = cut(picture(noise), face(box), CropRule(margin=0)).astype(int)
    assert abs(square - np.asarray(expected)).max() <= 1  # Pillow keeps boxes in single precision


@pytest.mark.parametrize("rule", ["tight", "eyes", "none"])
def test_fine_stripes_become_grey_not_moire(rule: str) -> None:
    stripes = np.zeros((700, 700, 3), np.uint8)
    stripes[:, ::2] = 255
    box = at(350.4, 350.3, 560)
    square = cut(picture(stripes), face(box, points_of(box)), CropRule.model_validate({"rule": rule}))
    assert abs(square.astype(float) - 127.5).max() < 25  # of 127.5


@pytest.mark.parametrize("rule", ["tight", "eyes"])
@pytest.mark.parametrize("side", [60.0, 300.0])
def test_a_square_that_glides_changes_evenly(rule: str, side: float) -> None:
    """A tenth of a pixel counts: no jumps where a corner passes from one pixel to the next."""
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (12, 16, 3)).astype(np.uint8)).resize((640, 480))
    shown = picture(np.asarray(smooth))
    boxes = [at(300 + step / 10, side=side) for step in range(30)]
    asked = CropRule.model_validate({"rule": rule, "size": 32})
    squares = np.stack([cut(shown, face(box, points_of(box)), asked) for box in boxes]).astype(float)
    change = abs(np.diff(squares, axis=0)).mean(axis=(1, 2, 3))
    assert change.max() < 3 * np.median(change) + 0.3  # grey levels: of that size is rounding


@given(
    x=st.floats(-100, 740),
    y=st.floats(-100, 580),
    side=st.floats(4, 2000),
    rule=st.sampled_from(["tight", "eyes"]),
)
def test_beyond_the_border_the_outermost_pixels_go_on(x: float, y: float, side: float, rule: str) -> None:
    inner = np.full((480, 640, 3), 90, np.uint8)
    inner[:, :320] = 60
    box = at(x, y, side)
    square = cut(
        picture(inner), face(box, points_of(box)), CropRule.model_validate({"rule": rule, "size": 32})
    )
    assert square.shape == (32, 32, 3)
    assert square.min() >= 60 and square.max() <= 90
    if x - side * 1.3 > 320 + side / 8:
        assert (square == 90).all()


def test_without_a_rule_the_whole_picture_is_kept_in_its_proportions() -> None:
    wide = ramp(300, 150)
    square = cut(picture(wide), face((1, 2, 3, 4)), CropRule(rule="none", size=100, margin=0.5))
    np.testing.assert_array_equal(square[:25], np.broadcast_to(square[25], (25, 100, 3)))
    np.testing.assert_allclose(square[25:75], np.asarray(Image.fromarray(wide).resize((100, 50))), atol=20)
    same = ramp(112, 112)
    np.testing.assert_array_equal(
        cut(picture(same), face((0, 0, 1, 1)), CropRule(rule="none", size=112)), same
    )


@pytest.mark.parametrize("points", [(), ((1.0, 1.0), (2.0, 1.0))])
def test_eyes_without_points_is_an_error_with_a_way_out(points: Any) -> None:
    with pytest.raises(DataError, match="needs five points") as caught:
        cut(picture(ramp()), face(at(300), points), CropRule(rule="eyes"))
    assert "yunet" in caught.value.hint


def test_two_eyes_at_one_place_are_an_error() -> None:
    with pytest.raises(DataError, match="at one place"):
        cut(picture(ramp()), face(at(300), [(300, 240)] * 5), CropRule(rule="eyes"))


def test_the_picture_stays_as_it_is() -> None:
    shown = ramp()
    shown.setflags(write=False)
    for rule in ("tight", "eyes", "none"):
        cut(picture(shown), face(at(10), points_of(at(10))), CropRule.model_validate({"rule": rule}))
