"""Which face of a picture is which person of the pictures before, and who of them is meant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.data import Face
from aukit.contracts.faces import Picture, SeenFace
from aukit.ingest.matching import assign

MEMORY = 1.0
"""Seconds after which a person who is not seen is forgotten: who comes later is somebody new."""
SETTLE = 0.2
"""Seconds over which a person's velocity is averaged."""
REACH = 0.8
"""How far a face may be from where it is expected, in parts of its size ..."""
REACH_PER_SECOND = 1.0
"""... and how much farther for each second since it was seen."""
ABSENT = 0.25
"""What it counts against a person, in parts of the reach, not to have been seen in the last picture."""
LEFT_OUT = 2.0
"""What it counts, in parts of the reach, to take a face for somebody new."""
PATIENCE = {"largest": 0.25, "central": 0.25, "track": MEMORY}
"""Seconds for which the one who is meant must be away or outdone before another takes over."""
LEAD = {"largest": math.log(1.1), "central": 0.1, "track": math.inf}
"""What counts as outdone: larger by a tenth; nearer to the centre by a tenth of the half diagonal; nothing."""


@dataclass
class _Person:
    """Where somebody was last: `place` (3,) is the centre's x and y and the log of the size; its change a second."""

    id: int
    place: NDArray[np.float64]
    seconds: float
    velocity: NDArray[np.float64]

    def seen(self, place: NDArray[np.float64], seconds: float) -> None:
        passed = max(seconds - self.seconds, 1e-6)
        share = 1 - math.exp(-passed / SETTLE)
        self.velocity = self.velocity + share * ((place - self.place) / passed - self.velocity)
        self.place, self.seconds = place, seconds


class People:
    """The people of one recording. Each is expected to move on as he did; all together are matched at least cost."""

    def __init__(self) -> None:
        self._known: list[_Person] = []
        self._met = 0
        self._looked = -math.inf

    def match(self, seconds: float, faces: Sequence[Face]) -> list[int | None]:
        """The id of each face, None where it is somebody new. Nothing is learnt yet."""
        known = self._remembered(seconds)
        costs = [[self._cost(person, _place(face), seconds) for person in known] for face in faces]
        table = np.array(costs, float).reshape(len(faces), len(known))
        columns = assign(np.where(table <= 1, table, np.inf), left_out=LEFT_OUT)
        return [None if column is None else known[column].id for column in columns]

    def see(self, seconds: float, faces: Sequence[Face]) -> list[int]:
        """The id of each face; whoever is new gets the next one."""
        matched = self.match(seconds, faces)
        people = {person.id: person for person in self._remembered(seconds)}
        ids = []
        for face, known in zip(faces, matched, strict=True):
            if known is None:
                known, self._met = self._met, self._met + 1
                people[known] = _Person(known, _place(face), seconds, np.zeros(3))
            else:
                people[known].seen(_place(face), seconds)
            ids.append(known)
        self._known, self._looked = list(people.values()), seconds
        return ids

    def _remembered(self, seconds: float) -> list[_Person]:
        return [person for person in self._known if seconds - person.seconds <= MEMORY]

    def _cost(self, person: _Person, place: NDArray[np.float64], seconds: float) -> float:
        """How badly a face fits a person; at 1 it is as far as it may be."""
        away = seconds - person.seconds
        expected = person.place + person.velocity * away
        size = math.exp((place[2] + person.place[2]) / 2)
        distance = math.hypot(place[0] - expected[0], place[1] - expected[1]) / size
        unlike = abs(float(place[2] - person.place[2]))
        return (distance + unlike) / (REACH + REACH_PER_SECOND * away) + ABSENT * (
            person.seconds < self._looked
        )


class Meant:
    """Who of the people in a picture is meant.

    With `all`, everybody. Otherwise one person at a time, who is given with id 0: the largest or the most central one
    to begin with, the largest for `track`. Another takes over at a picture if, at least PATIENCE seconds before, the
    one who is meant was last seen and not outdone by more than LEAD. Had he been given in the picture before, this one
    is given without a face: a gap, so that nothing which belongs to one person goes on with another.
    """

    def __init__(self, follow: str) -> None:
        self.follow = follow
        self.person: int | None = None
        self._undisputed = -math.inf
        self._given = -math.inf  # when the picture before was, if a face was given in it

    def __call__(self, picture: Picture, faces: Iterable[SeenFace]) -> tuple[SeenFace, ...]:
        """The faces that are meant, in the order of their ids."""
        people = {face.id: face for face in sorted(faces, key=lambda face: face.id)}
        if self.follow == "all":
            return tuple(people.values())
        now, gap = picture.seconds, False
        worth = {id_: self._worth(face, picture) for id_, face in people.items()}
        best = max(people, key=worth.__getitem__, default=None)
        if best is not None:
            if self.person in worth and worth[best] <= worth[self.person] + LEAD[self.follow]:
                self._undisputed = now
            elif now - self._undisputed >= PATIENCE[self.follow]:
                gap = now - self._given <= MEMORY
                self.person, self._undisputed = best, now
        given = () if gap or self.person not in people else (replace(people[self.person], id=0),)
        self._given = now if given else -math.inf
        return given

    def _worth(self, face: SeenFace, picture: Picture) -> float:
        """What makes a face the one that is meant: the log of its size, or minus its distance from the centre."""
        x, y, size = _place(face)
        if self.follow != "central":
            return float(size)
        height, width = picture.pixels.shape[:2]
        return -math.hypot(x - width / 2, y - height / 2) / (math.hypot(width, height) / 2)


def _place(face: Face | SeenFace) -> NDArray[np.float64]:
    left, top, right, bottom = face.box
    return np.array([(left + right) / 2, (top + bottom) / 2, math.log((right - left) * (bottom - top)) / 2])
