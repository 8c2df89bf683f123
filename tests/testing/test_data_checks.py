"""The checks of data sets, samplers and locators catch each way to break the contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.contracts.data import Chunk, Draw, Face, KeyFrames, Source
from aukit.contracts.faces import Picture
from aukit.contracts.schema import Schema
from aukit.testing import ContractError, check_dataset, check_locator, check_sampler


class Dataset:
    """Two people, a video each. `change` alters a chunk, `source` a source, `schema` the schema."""

    def __init__(
        self, schema: Any = None, source: Any = None, chunk: Any = None, subjects: Any = ("a", "b")
    ) -> None:
        facts = {
            "name": "lab",
            "summary": "ours",
            "aus": ("AU04", "AU12"),
            "fps": 20.0,
            "subjects": ("a", "b"),
        }
        self.schema = Schema(**{**facts, **(schema or {})})
        self.source = source or {}
        self.chunk = chunk or (lambda chunk: chunk)
        self.subjects = subjects

    def videos(self, root: Path | None = None) -> Iterator[Source]:
        for number, subject in enumerate(self.subjects):
            read = partial(self.read, number)
            facts = {"video": f"v{number}", "subject": subject, "fps": 20.0, "length": 10, "read": read}
            yield Source(**{**facts, **self.source})

    def read(self, number: int) -> Iterator[Chunk]:
        for start in (0, 5):
            index = np.arange(start, start + 5)
            chunk = Chunk(
                frames=np.full((5, 8, 9, 3), number, np.uint8),
                timestamp=index / 20,
                frame_index=index,
                intensity=np.full((5, 2), np.nan, np.float32),
            )
            yield self.chunk(chunk)


class OneReading(Dataset):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def read(self, number: int) -> Iterator[Chunk]:
        self.calls += 1
        yield from super().read(number if self.calls == 1 else 9)


class OtherOrder(Dataset):
    count = 0

    def videos(self, root: Path | None = None) -> Iterator[Source]:
        OtherOrder.count += 1
        found = list(super().videos(root))
        return iter(found if OtherOrder.count % 2 else found[::-1])


class NoSchema(Dataset):
    def __init__(self) -> None:
        super().__init__()
        self.schema = {"aus": ()}


def changed(**fields: Any) -> Any:
    return lambda chunk: replace(chunk, **fields)


RIGHT = [
    Dataset,
    partial(Dataset, schema={"aus": ("AU04", "AU12"), "subjects": ()}),
    partial(Dataset, source={"length": 0}),
]
WRONG = [
    (NoSchema, "its `schema` is a dict"),
    (partial(Dataset, schema={"aus": ("AU4", "AU12")}), "`AU4` is no AU name such as `AU04`"),
    (partial(Dataset, schema={"aus": ("AU04", "AU04")}), "an AU is named twice"),
    (partial(Dataset, schema={"origin": "films"}), "its origin is `films`"),
    (partial(Dataset, schema={"fps": 0.0}), "its frame rate is 0.0"),
    (partial(Dataset, subjects=()), "it has no videos"),
    (partial(Dataset, subjects=("a", "c")), "the subject `c` is not in its schema"),
    (partial(Dataset, subjects=("a", "")), "video `v1` has no subject"),
    (partial(Dataset, source={"video": "one"}), "two videos have one name"),
    (partial(Dataset, source={"fps": -1.0}), "video `v0` has a frame rate of -1.0"),
    (partial(Dataset, source={"length": 12}), "video `v0` says it has 12 frames and gives 10"),
    (OneReading, "video `v0` is another one when it is read again"),
    (OtherOrder, "asked again it gives other videos, or another order"),
    (partial(Dataset, chunk=changed(frames=np.zeros((5, 8, 9, 3)))), r"frames of video `v0` are float64"),
    (partial(Dataset, chunk=changed(frames=np.zeros((5, 3, 8, 9), np.uint8))), r"expected uint8 \(T,H,W,3\)"),
    (
        partial(Dataset, chunk=changed(intensity=np.zeros((5, 3), np.float32))),
        r"float32 \(5, 3\), expected float32 \(5, 2\)",
    ),
    (partial(Dataset, chunk=changed(intensity=np.zeros((5, 2)))), "`intensity` of video `v0` is float64"),
    (partial(Dataset, chunk=changed(intensity=np.full((5, 2), 9, np.float32))), "is outside 0..5"),
    (
        partial(Dataset, chunk=changed(timestamp=np.zeros(5))),
        "the times or numbers of video `v0` do not rise",
    ),
    (
        partial(Dataset, chunk=changed(frame_index=np.arange(5))),
        "the times or numbers of video `v0` do not rise",
    ),
    (partial(Dataset, chunk=lambda chunk: chunk.frames), "video `v0` yields a ndarray, expected a Chunk"),
]


@pytest.mark.parametrize("right", RIGHT)
def test_a_right_data_set_passes(right):
    check_dataset(right)


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_a_wrong_data_set_is_caught(wrong, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_dataset(wrong)


def everything(labels: Any, rng: np.random.Generator) -> Any:
    return {video: ~np.isnan(values) for video, values in labels.items()}


def half(labels: Any, rng: np.random.Generator) -> Any:
    return {video: ~np.isnan(values) & (rng.random(values.shape) < 0.5) for video, values in labels.items()}


def global_half(labels: Any, rng: np.random.Generator) -> Any:
    return {
        video: ~np.isnan(values) & (np.random.rand(*values.shape) < 0.5) for video, values in labels.items()
    }


def unlabelled_too(labels: Any, rng: np.random.Generator) -> Any:
    return {video: np.ones(values.shape, bool) for video, values in labels.items()}


def nothing(labels: Any, rng: np.random.Generator) -> Any:
    return {video: np.zeros(values.shape, bool) for video, values in labels.items()}


def some_videos(labels: Any, rng: np.random.Generator) -> Any:
    return {video: mask for video, mask in everything(labels, rng).items() if mask.any()}


def frames_only(labels: Any, rng: np.random.Generator) -> Any:
    return {video: mask.any(1) for video, mask in everything(labels, rng).items()}


def numbers(labels: Any, rng: np.random.Generator) -> Any:
    return {video: mask.astype(int) for video, mask in everything(labels, rng).items()}


def fills_in(labels: Any, rng: np.random.Generator) -> Any:
    masks = everything(labels, rng)
    for values in labels.values():
        values[0] = 1
    return masks


def pairs(labels: Any, rng: np.random.Generator) -> Any:
    return list(everything(labels, rng).items())


def saying(labels: Any, rng: np.random.Generator, **says: Any) -> Any:
    """The first three labels of AU 0 in `v0`, with key frames among them unless `says` has others."""
    masks = nothing(labels, rng)
    masks["v0"][:3, 0] = True
    own = KeyFrames(peaks=(1,), valleys=(0, 2), segments=((0, 1), (1, 2)))
    return Draw(masks, **{"key_frames": {"v0": (own, KeyFrames(), KeyFrames())}, "asked": (3, 0, 0)} | says)


def keys(**facts: Any) -> Any:
    return partial(saying, key_frames={"v0": (KeyFrames(**facts), KeyFrames(), KeyFrames())})


@pytest.mark.parametrize("right", [everything, half, saying])
def test_a_right_sampler_passes(right):
    check_sampler(lambda: right)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (global_half, "two draws from one generator state differ"),
        (unlabelled_too, "it chooses a cell that has no label"),
        (nothing, "it chooses nothing, though labels exist"),
        (some_videos, "its videos are not those it was given"),
        (frames_only, "no bool array of the labels' shape"),
        (numbers, "no bool array of the labels' shape"),
        (fills_in, "it changes the labels"),
        (pairs, "it returns a list, expected a mapping"),
        (partial(saying, asked=(3,)), "1 entries in `asked` for 3 AUs"),
        (partial(saying, asked=(3, 0, -1)), "expected whole numbers of labels"),
        (partial(saying, by_au=({}, {})), "2 entries in `by_au` for 3 AUs"),
        (partial(saying, facts={"reads": np.float32(1)}), "no plain JSON"),
        (partial(saying, key_frames={"w": ()}), "name 'w' with 0 of 3 AUs"),
        (keys(peaks=(5,)), "key frames that it did not choose"),
        (keys(peaks=(-1,)), "key frames that it did not choose"),
        (keys(peaks=(0, 1, 2), segments=((0, 2),)), "not lie between two consecutive key frames"),
    ],
)
def test_a_wrong_sampler_is_caught(wrong, sentence):
    with pytest.raises(ContractError, match=sentence):
        check_sampler(lambda: wrong)


class Locator:
    """Finds what `faces(pixels)` says, and nothing in black."""

    def __init__(self, faces: Any = None, **attributes: Any) -> None:
        self.faces = faces or (lambda pixels: [Face(box=(1, 2, 30, 40), score=0.9, points=((3, 4),))])
        vars(self).update(attributes)

    def start(self, video: str = "", first: int = 0) -> None:
        pass

    def locate(self, picture: Picture) -> Any:
        return self.faces(picture.pixels) if picture.pixels.any() else []


class Remembers(Locator):
    count = 0

    def locate(self, picture: Picture) -> Any:
        self.count += 1
        return [Face(box=(0, 0, self.count, 1), score=1.0)]


class Paints(Locator):
    def locate(self, picture: Picture) -> Any:
        picture.pixels[0] = 255
        return []


def face(box: Any = (1, 2, 30, 40), score: float = 0.9) -> Face:
    return Face(box=box, score=score)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (partial(Locator, lambda frame: None), "it returns a NoneType, expected a list of faces"),
        (partial(Locator, lambda frame: [(1, 2, 3, 4)]), "a list with a tuple in it, expected a Face"),
        (partial(Locator, lambda frame: [face((30, 2, 1, 40))]), r"a box is not \(x0, y0, x1, y1\)"),
        (partial(Locator, lambda frame: [face((1, 2, 30))]), "not four finite corners"),
        (partial(Locator, lambda frame: [face(score=float("nan"))]), "not four finite corners and a score"),
        (partial(Locator, lambda frame: [face(score=1.5)]), "a score is outside 0..1: 1.5"),
        (partial(Locator, lambda frame: [face(score=0.1), face()]), "the best comes first"),
        (Remembers, "after `start` it does not find the same again"),
        (Paints, "it changes the picture"),
        (partial(Locator, weights="md5:1"), "`weights` is not sha256"),
        (partial(Locator, whole="yes"), "`whole` is neither True nor False"),
    ],
)
def test_a_wrong_locator_is_caught(wrong, sentence):
    check_locator(Locator)
    check_locator(partial(Locator, weights="sha256:" + 64 * "0", whole=True))
    with pytest.raises(ContractError, match=sentence):
        check_locator(wrong)


def test_a_locator_must_find_the_face_it_is_shown():
    picture = np.full((20, 20, 3), 100, np.uint8)
    check_locator(Locator, frame=picture)
    with pytest.raises(ContractError, match="it finds no face in the picture that has one"):
        check_locator(partial(Locator, lambda frame: []), frame=picture)
