"""What an action unit does to the pixels: in its own place, more with each level, visibly, and unlike the others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aukit.builtin.datasets.synthetic import ALL_AUS, DISFA_AUS, draw_sheet, write_sheet
from aukit.builtin.datasets.synthetic.camera import EXTENT, MIDDLE
from aukit.builtin.datasets.synthetic.sheet import pose_still
from aukit.errors import StorageError, UsageError

PEOPLE = tuple(f"P{number:03d}" for number in range(1, 9))
SIZE = 128

# Where each AU works: top, bottom and half-width in head units (0 is between the eyes, 1 the cheek's edge).
PLACES = {
    "AU01": (-1.02, -0.07, 0.71),
    "AU02": (-1.02, -0.07, 0.95),
    "AU04": (-0.83, 0.03, 0.81),
    "AU05": (-0.4, 0.12, 0.81),
    "AU06": (-0.49, 0.45, 1.0),
    "AU09": (-0.49, 0.79, 0.71),
    "AU10": (0.03, 0.93, 0.76),
    "AU12": (0.03, 1.02, 0.95),
    "AU14": (0.31, 1.02, 0.85),
    "AU15": (0.41, 1.22, 0.85),
    "AU17": (0.36, 1.5, 0.95),
    "AU20": (0.36, 1.07, 1.04),
    "AU25": (0.45, 1.02, 0.67),
    "AU26": (0.45, 1.5, 1.14),
    "AU45": (-0.4, 0.17, 0.81),
}


def rows(top: float, bottom: float) -> slice:
    """The rows of a still picture between two heights on the head."""
    low, high = (round(((place - MIDDLE) / EXTENT + 1) * SIZE / 2) for place in (top, bottom))
    return slice(max(low, 0), min(high, SIZE))


def columns(left: float, right: float) -> slice:
    """The columns of a still picture between two places across the head."""
    low, high = (round((place / EXTENT + 1) * SIZE / 2) for place in (left, right))
    return slice(max(low, 0), min(high, SIZE))


def place(au: str) -> tuple[slice, slice]:
    """Where an AU works, as rows and columns."""
    top, bottom, half = PLACES[au]
    return rows(top, bottom), columns(-half, half)


@cache
def ladder(subject: str, au: str) -> np.ndarray:
    """Float (6, H, W, 3): levels 0 to 5 of one AU, everything else alike."""
    shown = np.zeros((6, len(ALL_AUS)), dtype=np.float32)
    shown[:, ALL_AUS.index(au)] = np.arange(6)
    return pose_still(subject, shown, size=SIZE).astype(np.float64)


def change(subject: str, au: str) -> np.ndarray:
    """(6, H, W) absolute difference to neutral, grey levels, in the mean of the colours."""
    frames = ladder(subject, au)
    out: np.ndarray = np.abs(frames - frames[0]).mean(axis=-1)
    return out


@pytest.mark.parametrize("au", ALL_AUS)
def test_each_level_shows_more_than_the_one_below(au: str) -> None:
    for subject in PEOPLE:
        size = change(subject, au).mean(axis=(1, 2))
        assert (np.diff(size) > 0).all(), (subject, size)


@pytest.mark.parametrize("au", ALL_AUS)
def test_level_two_is_visible_in_its_place(au: str) -> None:
    for subject in PEOPLE:
        level_two = change(subject, au)[2][place(au)]
        strongest = np.sort(level_two.ravel())[-max(20, level_two.size // 20) :]
        assert level_two.mean() > 0.35 and strongest.mean() > 3.0, (
            subject,
            level_two.mean(),
            strongest.mean(),
        )


@pytest.mark.parametrize("au", ALL_AUS)
def test_an_au_works_in_its_own_place(au: str) -> None:
    for subject in PEOPLE:
        full = change(subject, au)[5]
        inside = full[place(au)].sum()
        assert inside > 0.85 * full.sum(), (subject, inside / full.sum())


def test_aus_differ_from_each_other() -> None:
    for subject in PEOPLE[:4]:
        ways = np.stack([(ladder(subject, au)[4] - ladder(subject, au)[0]).ravel() for au in DISFA_AUS])
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        alike = np.abs(ways @ ways.T) - np.eye(len(DISFA_AUS))
        one, other = np.unravel_index(alike.argmax(), alike.shape)
        assert alike.max() < 0.72, (subject, DISFA_AUS[one], DISFA_AUS[other], alike.max())
        for first, second in (("AU12", "AU20"), ("AU01", "AU02"), ("AU25", "AU26"), ("AU01", "AU04")):
            assert alike[DISFA_AUS.index(first), DISFA_AUS.index(second)] < 0.6, (subject, first, second)


def height(picture: np.ndarray, where: tuple[slice, slice]) -> float:
    """The mean row of what is dark there."""
    dark = np.clip(np.percentile(picture[where], 80) - picture[where] - 15, 0, None)
    return float((np.arange(len(dark))[:, None] * dark).sum() / dark.sum())


def test_aus_move_the_way_facs_says() -> None:
    """Read from the pictures: where the mouth's dark line, the brow and the chin are."""
    for subject in ("P004", "P010"):
        mouth = ladder(subject, "AU26")
        below = np.abs(mouth[5] - mouth[0])[rows(1.1, 1.35), columns(-0.3, 0.3)].mean()
        parted = ladder(subject, "AU25")
        assert (
            below > 3 * np.abs(parted[5] - parted[0])[rows(1.1, 1.35), columns(-0.3, 0.3)].mean()
        )  # only the jaw moves the chin
        brows = [ladder(subject, au)[5].mean(axis=-1) for au in ("AU01", "AU02", "AU04")]
        neutral = ladder(subject, "AU01")[0].mean(axis=-1)
        inner, outer = (rows(-0.85, -0.2), columns(-0.28, -0.16)), (rows(-0.85, -0.2), columns(-0.66, -0.5))
        assert height(brows[0], inner) < height(neutral, inner) - 1.0
        assert height(brows[1], outer) < height(neutral, outer) - 1.0
        assert height(brows[2], outer) > height(neutral, outer) + 0.5


def test_people_look_different() -> None:
    faces = np.stack([ladder(subject, "AU12")[0] for subject in PEOPLE])[:, 24:104, 24:104]
    for one in range(len(PEOPLE)):
        for other in range(one):
            assert np.abs(faces[one] - faces[other]).mean() > 6


def test_a_sheet_has_a_row_for_each_au_and_a_column_for_each_level(tmp_path: Path) -> None:
    page = draw_sheet(["P001", "P002"], aus=["AU12", "AU26"], levels=[0, 5], size=48)
    assert page.dtype == np.uint8 and page.shape == (18 + 2 * 48, 44 + 4 * 48, 3)
    neutral, smile = page[18:66, 44:92], page[18:66, 92:140]
    assert np.abs(neutral.astype(int) - smile).max() > 20
    path = write_sheet(tmp_path / "deep" / "sheet.png", ["P001"], aus=["AU12"], size=48)
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), draw_sheet(["P001"], aus=["AU12"], size=48))


def test_an_au_that_is_not_rendered_is_named() -> None:
    with pytest.raises(UsageError, match="AU7") as caught:
        draw_sheet(aus=["AU7"], size=48)
    assert "AU17" in caught.value.hint


def test_a_sheet_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="cannot write the sheet"):
        write_sheet(tmp_path / "file" / "sheet.png", aus=["AU12"], levels=[0], size=48)
