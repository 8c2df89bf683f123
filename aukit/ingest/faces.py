"""From pictures to the faces that are meant in them: look, follow, fill in, smooth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from aukit.contracts.data import Face, Locator
from aukit.contracts.faces import FaceRules, Picture, SeenFace
from aukit.errors import ComponentError, DataError
from aukit.ingest.follow import Meant, People
from aukit.ingest.smooth import Seen, smooth


def find_faces(
    pictures: Iterable[Picture], locator: Locator, rules: FaceRules, *, video: str = ""
) -> Iterator[Seen]:
    """Every picture, untouched and in order, with the faces that are meant in it, by id; most often one or none.

    At most `rules.every` pictures and those of half of `rules.smooth` seconds are held back, however long the video is.

    Args:
        pictures: of one recording, times rising.
        locator: what finds faces; it is started anew.
        rules: how to look, who is meant, and how boxes are smoothed.
        video: the recording's name, for the locator.

    Raises:
        ComponentError: the locator gives something that is no face in the picture.
        DataError: what `pictures` raises, after all pictures before it.
    """
    broken: list[DataError] = []

    def decoded() -> Iterator[Picture]:
        try:
            yield from pictures
        except DataError as error:
            broken.append(error)

    seen = _Search(locator, rules, video).through(decoded())
    yield from smooth(seen, rules.smooth) if rules.smooth else seen
    if broken:
        raise broken[0]


class _Search:
    """The faces of one recording, before they are smoothed."""

    def __init__(self, locator: Locator, rules: FaceRules, video: str) -> None:
        self.locator = locator
        self.rules = rules
        self.video = video
        self.people = People()
        self.meant = Meant(rules.follow)
        self.last: tuple[float, dict[int, SeenFace]] | None = None  # when it looked last, and whom it saw

    def through(self, pictures: Iterable[Picture]) -> Iterator[Seen]:
        held: list[Picture] = []
        for picture in pictures:
            if self.last is None:
                self.locator.start(self.video, picture.index)
            held.append(picture)
            if self.last is None or len(held) == self.rules.every:
                yield from self._settle(held)
                held = []
        if held:
            yield from self._settle(held)

    def _settle(self, held: list[Picture]) -> Iterator[Seen]:
        """Look at the last of these pictures; fill in those before it, or look at them, too."""
        *between, picture = held
        found = self._look(picture)
        if between and self._continues(picture, found):
            assert self.last is not None  # there is nothing between before the first look
            before, people = self.last
            after = self._see(picture, found)
            for passed in between:
                share = (passed.seconds - before) / (picture.seconds - before)
                filled = [_blend(people[id_], after[id_], share) for id_ in people.keys() & after.keys()]
                yield passed, self.meant(passed, filled)
        else:
            for passed in between:
                yield passed, self.meant(passed, self._see(passed, self._look(passed)).values())
            after = self._see(picture, found)
        yield picture, self.meant(picture, after.values())

    def _continues(self, picture: Picture, found: list[Face]) -> bool:
        """Whether those who matter are in this picture just as they were at the last look."""
        people = self.last[1] if self.last else {}
        ids = self.people.match(picture.seconds, found)
        if self.rules.follow == "all" or not people or not ids:
            return set(ids) == set(people)
        return self.meant.person in people and self.meant.person in ids

    def _see(self, picture: Picture, found: list[Face]) -> dict[int, SeenFace]:
        ids = self.people.see(picture.seconds, found)
        seen = {
            id_: SeenFace(id=id_, box=face.box, score=face.score, points=face.points)
            for id_, face in zip(ids, found, strict=True)
        }
        self.last = picture.seconds, seen
        return seen

    def _look(self, picture: Picture) -> list[Face]:
        """The faces in a picture, in its own pixels."""
        height, width = picture.pixels.shape[:2]
        size = self.rules.detect_size
        if size and size < max(height, width) and not getattr(self.locator, "whole", False):
            small = reduced(picture, size)
        else:
            small = picture
        across, down = width / small.pixels.shape[1], height / small.pixels.shape[0]
        faces = []
        for face in self.locator.locate(small):
            self._check(face, small)
            if face.score >= self.rules.min_score:
                left, top, right, bottom = face.box
                box = (left * across, top * down, right * across, bottom * down)
                points = tuple((x * across, y * down) for x, y in face.points)
                faces.append(Face(box=box, score=face.score, points=points))
        return faces

    def _check(self, face: Face, picture: Picture) -> None:
        height, width = picture.pixels.shape[:2]
        left, top, right, bottom = face.box
        numbers = (*face.box, face.score, *(value for point in face.points for value in point))
        if not all(map(math.isfinite, numbers)):
            wrong = "a face with numbers that are not finite"
        elif not (left < right and top < bottom):
            wrong = "a box that is not x0 < x1, y0 < y1"
        elif not (left < width and right > 0 and top < height and bottom > 0):
            wrong = f"a box outside the picture of {width} × {height} pixels"
        elif not 0 <= face.score <= 1:
            wrong = "a score outside 0..1"
        else:
            return
        raise ComponentError(
            f"the locator `{type(self.locator).__name__}` gave {wrong}: {face}",
            where=f"{self.video or 'a recording'}, picture {picture.index}",
            hint="correct the boxes or the locator; `aukit.testing.check_locator` tries one",
        )


def reduced(picture: Picture, size: int) -> Picture:
    """A picture made smaller, to `size` pixels on its longer side."""
    height, width = picture.pixels.shape[:2]
    ratio = size / max(height, width)
    target = max(1, round(width * ratio)), max(1, round(height * ratio))
    small = Image.fromarray(picture.pixels).resize(target, Image.Resampling.BILINEAR, reducing_gap=1.0)
    return replace(picture, pixels=np.asarray(small))


def _blend(before: SeenFace, after: SeenFace, share: float) -> SeenFace:
    """A face between two looks, `share` of the time from one to the other."""

    def mix(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(a + share * (b - a) for a, b in zip(first, second, strict=True))

    left, top, right, bottom = mix(before.box, after.box)
    points: tuple[tuple[float, float], ...] = ()
    if len(before.points) == len(after.points):
        pairs = (mix(first, second) for first, second in zip(before.points, after.points, strict=True))
        points = tuple((x, y) for x, y in pairs)
    (score,) = mix((before.score,), (after.score,))
    return SeenFace(id=after.id, box=(left, top, right, bottom), score=score, points=points, looked=False)
