"""The contract of label samplers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import Draw
from aukit.testing.contract import Make, require


def check_sampler(make: Make) -> None:
    """`{video: (T,A) with NaN}` and a generator to `{video: bool (T,A)}`, true only where a label exists.

    A `Draw` speaks of every AU or of none, in plain JSON, and its key frames are among the labels it chose.

    Raises:
        ContractError: with the first sentence that is not kept.
    """
    rng = np.random.default_rng(0)
    labels = {f"v{i}": rng.integers(0, 6, (120, 3)).astype(np.float32) for i in range(4)}
    labels["v1"][:40] = np.nan
    labels["v2"][:, 1] = np.nan
    labels["none"] = np.full((50, 3), np.nan, np.float32)
    before = {video: values.copy() for video, values in labels.items()}

    def run(seed: int = 3) -> Mapping[str, NDArray[np.bool_]]:
        chosen: Any = make()(labels, np.random.default_rng(seed))
        require(isinstance(chosen, Mapping), f"it returns a {type(chosen).__name__}, expected a mapping")
        require(set(chosen) == set(labels), "its videos are not those it was given")
        for video, mask in chosen.items():
            fits = isinstance(mask, np.ndarray) and mask.dtype == bool and mask.shape == labels[video].shape
            require(fits, f"its mask of a video is no bool array of the labels' shape {labels[video].shape}")
            require(not mask[np.isnan(labels[video])].any(), "it chooses a cell that has no label")
        require(any(mask.any() for mask in chosen.values()), "it chooses nothing, though labels exist")
        if isinstance(chosen, Draw):
            _check_draw(chosen, len(labels["none"].T))
        found: Mapping[str, NDArray[np.bool_]] = chosen
        return found

    first = run()
    unchanged = all(np.array_equal(labels[video], before[video], equal_nan=True) for video in labels)
    require(unchanged, "it changes the labels")
    legacy = np.random.get_state()
    np.random.seed(7)
    try:
        again = run()
    finally:
        np.random.set_state(legacy)
    repeated = all(np.array_equal(first[video], again[video]) for video in labels)
    require(repeated, "two draws from one generator state differ")


def _check_draw(draw: Draw, aus: int) -> None:
    for field in ("by_au", "asked"):
        count = len(getattr(draw, field))
        require(count in (0, aus), f"its draw has {count} entries in `{field}` for {aus} AUs")
    asked: tuple[Any, ...] = draw.asked
    whole = all(isinstance(count, int) and count >= 0 for count in asked)
    require(whole, f"its draw asked for {asked}, expected whole numbers of labels")
    try:
        json.dumps([draw.facts, draw.by_au], allow_nan=False)
    except (TypeError, ValueError) as error:
        require(False, f"the facts of its draw are no plain JSON: {error}")
    for video, by_au in draw.key_frames.items():
        fits = video in draw and len(by_au) == aus
        require(fits, f"the key frames of its draw name {video!r} with {len(by_au)} of {aus} AUs")
        for au, found in enumerate(by_au):
            rows = sorted([*found.peaks, *found.valleys])
            chosen = all(0 <= row < len(draw[video]) and draw[video][row, au] for row in rows)
            require(chosen, "its draw has key frames that it did not choose")
            consecutive = set(found.segments) <= set(pairwise(rows))
            require(consecutive, "a segment of its draw does not lie between two consecutive key frames")
