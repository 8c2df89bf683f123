"""The synthetic data set as its users see it: schema, sources, determinism, frame rates, what every split holds."""

from __future__ import annotations

import time

import numpy as np
import pytest
from pydantic import ValidationError

from aukit.builtin.datasets.synthetic import ALL_AUS, DISFA_AUS, SyntheticFaces
from aukit.builtin.datasets.synthetic.people import draw_person
from aukit.builtin.datasets.synthetic.tracks import DISFA_SHARES, Place, Tracks, coded
from aukit.builtin.params.data import SyntheticParams
from aukit.contracts.data import Dataset
from aukit.contracts.schema import Split
from aukit.errors import DataError


def labels(data: SyntheticFaces) -> dict[str, np.ndarray]:
    """Coded intensity of each video without rendering it, (T, 15)."""
    out = {}
    (split,) = data.schema.splits["default"]
    assert isinstance(split, Split)
    for part, people in split.parts():
        for number, subject in enumerate(people):
            for source in data.videos():
                if source.subject == subject:
                    place = Place(part, number, len(people))
                    person = draw_person(data._seed, subject)
                    tracks = Tracks(data._seed, source.video, person, place, int(source.session) - 1)
                    out[source.video] = coded(tracks(np.arange(source.length) / source.fps))
    return out


def test_chunks_hold_what_the_schema_promises() -> None:
    data = SyntheticFaces(train=2, validation=1, test=1, frames=70, size=32, videos=2, aus=["AU12", "AU45"])
    assert isinstance(data, Dataset)
    assert data.schema.subjects == ("P001", "P002", "P003", "P004")
    assert data.schema.splits["default"] == (
        Split(train=("P001", "P002"), validation=("P003",), test=("P004",)),
    )
    assert data.schema.origin == "synthetic"
    sources = list(data.videos())
    assert [(source.video, source.subject) for source in sources[:3]] == [
        ("P001-1", "P001"),
        ("P001-2", "P001"),
        ("P002-1", "P002"),
    ]
    chunks = list(sources[0].read())
    assert [len(chunk.frames) for chunk in chunks] == [64, 6]
    assert chunks[1].frames.shape == (6, 32, 32, 3) and chunks[1].frames.dtype == np.uint8
    assert chunks[1].intensity.shape == (6, 2) and chunks[1].intensity.dtype == np.float32
    np.testing.assert_array_equal(chunks[1].frame_index, np.arange(64, 70))
    np.testing.assert_allclose(chunks[1].timestamp, np.arange(64, 70) / 20.0)
    coded_levels = np.concatenate([chunk.intensity for chunk in chunks])
    np.testing.assert_array_equal(coded_levels, np.round(coded_levels))
    assert coded_levels.min() >= 0 and coded_levels.max() <= 5


def test_one_seed_is_one_set_of_bytes() -> None:
    def video(seed: int, subject: str = "P002-1") -> np.ndarray:
        data = SyntheticFaces(train=4, validation=0, test=0, frames=20, size=48, seed=seed)
        return np.concatenate([c.frames for s in data.videos() if s.video == subject for c in s.read()])

    first = video(5)
    np.testing.assert_array_equal(first, video(5))
    assert np.abs(first.astype(int) - video(6)).mean() > 5
    assert np.abs(first.astype(int) - video(5, "P003-1")).mean() > 5


def test_a_video_does_not_depend_on_the_size_of_its_chunks_or_on_the_other_videos() -> None:
    data = SyntheticFaces(train=3, validation=0, test=0, frames=40, size=48)
    whole, intensity = data.render("P002-1", np.arange(40) / 20)
    some, some_intensity = data.render("P002-1", np.array([31, 7]) / 20)
    np.testing.assert_array_equal(intensity[[31, 7]], some_intensity)
    assert np.abs(whole[[31, 7]].astype(int) - some).max() <= 1  # regions are cut by the batch's poses


def test_the_frame_rate_only_samples_the_motion() -> None:
    at = {
        fps: SyntheticFaces(train=1, validation=0, test=0, frames=2 * fps, fps=fps, size=48)
        for fps in (20, 30, 60)
    }
    seen = {fps: [np.concatenate([getattr(c, what) for c in next(iter(data.videos())).read()])
                  for what in ("frames", "intensity")] for fps, data in at.items()}  # fmt: skip
    for fps, (frames, intensity) in seen.items():
        step = fps // 10
        assert np.abs(frames[::step].astype(int) - seen[20][0][::2]).max() <= 1
        np.testing.assert_array_equal(intensity[::step], seen[20][1][::2])


def test_labelled_aus_choose_columns_not_motion() -> None:
    few = SyntheticFaces(train=1, validation=0, test=0, size=32, aus=("AU26", "AU04"))
    full = SyntheticFaces(train=1, validation=0, test=0, size=32, aus=ALL_AUS)
    t = np.linspace(0, 9, 30)
    (frames, chosen), (same, everything) = few.render("P001-1", t), full.render("P001-1", t)
    np.testing.assert_array_equal(frames, same)
    np.testing.assert_array_equal(chosen, everything[:, [ALL_AUS.index("AU26"), ALL_AUS.index("AU04")]])


@pytest.mark.parametrize("seed", range(6))
def test_every_split_shows_every_au(seed: int) -> None:
    data = SyntheticFaces(train=9, validation=4, test=5, frames=200, seed=seed)
    (split,) = data.schema.splits["default"]
    assert isinstance(split, Split)
    shown = labels(data)
    for part, people in split.parts():
        top = np.concatenate([shown[f"{subject}-1"] for subject in people]).max(axis=0)
        weak = [au for au in DISFA_AUS if top[ALL_AUS.index(au)] < 2]
        assert not weak, (part, weak)


def test_shares_follow_the_order_of_disfa() -> None:
    shown = np.concatenate(
        [
            track
            for seed in range(4)
            for track in labels(
                SyntheticFaces(train=40, validation=4, test=8, frames=600, fps=10, seed=seed)
            ).values()
        ]
    )
    shares = {au: float((shown[:, ALL_AUS.index(au)] > 0).mean()) for au in DISFA_AUS}
    assert sorted(shares, key=shares.__getitem__) == sorted(DISFA_SHARES, key=DISFA_SHARES.__getitem__)
    for au, share in shares.items():
        assert 0.8 * DISFA_SHARES[au] < share < 1.8 * DISFA_SHARES[au], (au, share)


def test_aus_keep_company_as_in_life_but_not_always() -> None:
    shown = np.concatenate(list(labels(SyntheticFaces(train=40, frames=600, fps=10)).values()))
    together = np.corrcoef(shown.T)

    def pair(one: str, other: str) -> float:
        return float(together[ALL_AUS.index(one), ALL_AUS.index(other)])

    for one, other in (("AU06", "AU12"), ("AU01", "AU02"), ("AU25", "AU26"), ("AU12", "AU25")):
        assert 0.2 < pair(one, other) < 0.75, (one, other)
    assert pair("AU12", "AU15") < 0


def test_blinks_come_every_two_to_six_seconds() -> None:
    person = draw_person(0, "P001")
    t = np.arange(0, 120, 0.02)
    shut = Tracks(0, "P001-1", person, Place("train", 0, 1), 0)(t)[:, ALL_AUS.index("AU45")] > 2.5
    begins = t[1:][shut[1:] & ~shut[:-1]]
    gaps = np.diff(begins)
    assert len(begins) > 20 and gaps.min() > 1.9 and gaps.max() < 6.1


def test_tracks_rise_and_fall_smoothly() -> None:
    t = np.arange(0, 60, 0.005)
    tracks = Tracks(0, "P001-1", draw_person(0, "P001"), Place("train", 0, 1), 0)(t)
    without_blinks = np.delete(tracks, ALL_AUS.index("AU45"), axis=1)
    assert np.abs(np.diff(without_blinks, axis=0)).max() / 0.005 < 80  # levels a second: 0 to 4 in over 0.1 s
    assert tracks.min() >= 0 and tracks.max() <= 5


def test_people_differ_in_expressiveness() -> None:
    factors = np.stack([draw_person(0, f"P{number:03d}").factor for number in range(40)])
    assert factors.min() >= 0.75 and factors.max() <= 1.25
    assert (factors[:, :-1].std(axis=0) > 0.08).all()


def test_given_subjects_are_shared_out_in_proportion() -> None:
    ids = [f"SN{number:03d}" for number in range(1, 28)]
    data = SyntheticFaces(subjects=ids, origin="stand-in", data_set="disfa", train=12, validation=6, test=9)
    (split,) = data.schema.splits["default"]
    assert isinstance(split, Split)
    assert [len(people) for _, people in split.parts()] == [12, 6, 9]
    assert data.schema.origin == "stand-in" and data.schema.name == "disfa"


def test_an_unknown_video_is_named() -> None:
    with pytest.raises(DataError, match="P01-1") as caught:
        SyntheticFaces().render("P01-1", [0.0])
    assert "did you mean `P0" in caught.value.hint


@pytest.mark.parametrize(
    "table", [{"aus": ["AU7"]}, {"aus": []}, {"subjects": ["A", "A"]}, {"frames": 0}, {"size": 8}]
)
def test_wrong_parameters_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SyntheticParams.from_table(table)


def test_defaults_of_class_and_parameters_agree() -> None:
    params = SyntheticParams()
    data = SyntheticFaces(**{name: getattr(params, name) for name in SyntheticParams.model_fields})
    plain = SyntheticFaces()
    assert data.schema == plain.schema
    assert [(s.video, s.length, s.fps) for s in data.videos()] == [
        (s.video, s.length, s.fps) for s in plain.videos()
    ]
    small = SyntheticParams.from_table({**params.table(), **params.smoke()})
    assert small.frames <= 100 and small.train + small.validation + small.test <= 5


def test_rendering_is_fast() -> None:
    data = SyntheticFaces(train=1, validation=0, test=0, size=64, frames=256)
    source = next(iter(data.videos()))
    next(source.read())
    before = time.process_time()
    count = sum(len(chunk.frames) for chunk in source.read())
    assert (
        count / (time.process_time() - before) > 100
    )  # 450 to 600 a second on one core; a crowded one is slower
