"""Who is in which part, and who was seen where."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aukit.builtin.schemas import AFFWILD2
from aukit.clips.clipset import Clip, ClipSet
from aukit.clips.splits import overlap, refuse_overlap, resolve_split, split_clips
from aukit.contracts.schema import Schema, Split
from aukit.errors import DataError

MakeClip = Callable[..., Clip]
MakeSet = Callable[..., ClipSet]
People = Callable[..., ClipSet]

SCHEMA = Schema(
    name="tiny",
    summary="",
    aus=(),
    fps=20,
    subjects=("p1", "p2", "p3"),
    splits={"named": (Split(train=("p1", "p2"), test=("p3",)), Split(train=("p3",), test=("p1",)))},
)


@pytest.fixture(scope="session")
def people(clip: MakeClip, clipset: MakeSet) -> People:
    """`people(5)`: two videos each of p1 ... p5."""

    def make(count: int, data_set: str = "tiny", first: int = 1) -> ClipSet:
        names = [f"p{number}" for number in range(first, first + count)]
        return clipset(
            *(clip(f"{name}-{take}", name, ((0, 9),), data_set=data_set) for name in names for take in "ab")
        )

    return make


def test_a_preset_by_name_and_fold(people: People) -> None:
    assert resolve_split(people(3), "named", schema=SCHEMA) == SCHEMA.splits["named"][0]
    assert resolve_split(people(3), "named", schema=SCHEMA, fold=2) == SCHEMA.splits["named"][1]


def test_lists_of_people(people: People) -> None:
    split = resolve_split(people(4), {"train": ["p4", "p2"], "test": ["p1"]})
    assert split == Split(train=("p4", "p2"), test=("p1",))


def test_no_split_means_all_train(people: People) -> None:
    assert resolve_split(people(2), None) == Split(train=("p1", "p2"))


@given(
    count=st.integers(3, 60),
    validation=st.floats(0, 0.45),
    test=st.floats(0, 0.45),
    seed=st.integers(0, 2**32 - 1),
)
@example(count=4, validation=0.375, test=0.375, seed=0)
def test_shares_part_all_people_once(
    people: People, count: int, validation: float, test: float, seed: int
) -> None:
    split = resolve_split(people(count), {"validation": validation, "test": test}, seed=seed)
    everyone = [one for _, members in split.parts() for one in members]
    assert sorted(everyone) == sorted({f"p{n + 1}" for n in range(count)})
    assert split.train
    for share, members in ((validation, split.validation), (test, split.test)):
        assert abs(len(members) - share * count) <= 1
        assert bool(members) == (share > 0)
    assert split == resolve_split(people(count), {"validation": validation, "test": test}, seed=seed)


def test_the_seed_decides_and_test_people_stay_when_validation_changes(people: People) -> None:
    drawn = {resolve_split(people(20), {"test": 0.3}, seed=seed).test for seed in range(5)}
    assert len(drawn) > 1
    one = resolve_split(people(20), {"test": 0.3, "validation": 0.1}, seed=3)
    other = resolve_split(people(20), {"test": 0.3, "validation": 0.4}, seed=3)
    assert one.test == other.test


@pytest.mark.parametrize(("videos", "train", "validation"), [(422, 351, 71), (20, 17, 3), (2, 1, 1)])
def test_sizes_of_a_protocol_without_names(
    clip: MakeClip, clipset: MakeSet, videos: int, train: int, validation: int
) -> None:
    clips = clipset(*(clip(f"v{number}", f"v{number}", ((0, 9),)) for number in range(videos)))
    split = resolve_split(clips, "351-71", schema=AFFWILD2, seed=1)
    assert (len(split.train), len(split.validation), split.test) == (train, validation, ())


@pytest.mark.parametrize(
    ("split", "message", "hint"),
    [
        ("nmed", "`tiny` has no split 'nmed'", "`named`"),
        ({"train": ["p1", "p2"], "test": ["p2"]}, "subject p2 is in train and test", "one part only"),
        ({"train": ["p1", "p1"]}, "subject p1 is in train twice", "one part only"),
        ({"train": ["p1"], "test": ["p9"]}, "the split names p9: not in the data", "`p1`"),
        ({"train": ["p1"], "test": ["a", "b", "c", "d", "e"]}, "names a, b, c and 2 more", ""),
        ({"test": ["p1"]}, "nobody is left to train on", "at least one"),
        ({"train": ["p1"], "test": 0.5}, "lists of subjects or shares", ""),
        ({"valid": 0.5}, "a split has no part 'valid'", "`validation`"),
        ({"validation": 0.5, "test": 0.5}, "below 1 together", "whoever is left trains"),
        ({"test": -0.1}, "below 1 together", ""),
        ({"train": 0.5}, "below 1 together", ""),
    ],
)
def test_splits_that_do_not_stand(people: People, split: object, message: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        resolve_split(people(3), split, schema=SCHEMA, where="data.tiny")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.where == "data.tiny"


def test_a_fold_that_does_not_exist_and_a_preset_without_schema(people: People) -> None:
    for fold in (0, 3):
        with pytest.raises(DataError, match=f"no fold {fold}") as caught:
            resolve_split(people(3), "named", schema=SCHEMA, fold=fold)
        assert caught.value.hint == "folds are 1 to 2"
    with pytest.raises(DataError, match="needs a schema"):
        resolve_split(people(3), "named")


def test_a_store_that_lacks_people_of_a_preset_is_refused(people: People) -> None:
    with pytest.raises(DataError, match="names p3: not in the data"):
        resolve_split(people(2), "named", schema=SCHEMA)


def test_videos_without_subjects_cannot_be_split(clip: MakeClip, clipset: MakeSet) -> None:
    clips = clipset(clip("a", "", ((0, 9),)), clip("b", "s", ((0, 9),)))
    with pytest.raises(DataError, match="no subject is known for 1 of 2 videos"):
        resolve_split(clips, {"test": 0.5})


def test_too_few_people(people: People) -> None:
    with pytest.raises(DataError, match="2 people are too few"):
        resolve_split(people(2), {"validation": 0.1, "test": 0.1})


def test_parts_as_clips(people: People) -> None:
    parts = split_clips(people(3), SCHEMA.splits["named"][0])
    assert {part: clips.subjects for part, clips in parts.items()} == {
        "train": ("p1", "p2"),
        "validation": (),
        "test": ("p3",),
    }
    assert len(parts["train"]) == 4


def test_overlap_is_by_subject_within_a_data_set(people: People) -> None:
    test = people(3)
    seen = {
        "pretrain": people(2, first=3),
        "elsewhere": people(3, data_set="other"),
        "finetune": people(2, first=4),
    }
    found = overlap(seen, test)
    assert found == {"pretrain": ("tiny/p3",), "elsewhere": (), "finetune": ()}
    with pytest.raises(DataError, match="stage `pretrain` sees test people: tiny/p3") as caught:
        refuse_overlap(found)
    assert caught.value.data["overlap"] == {"pretrain": ("tiny/p3",)}
    assert "allow_overlap" in caught.value.hint
    refuse_overlap(found, allowed=True)
    refuse_overlap({"pretrain": ()})
