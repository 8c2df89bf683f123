"""Boxes and points averaged over a moment of time, without lag."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.faces import Picture, SeenFace
from aukit.ingest.follow import MEMORY

Seen = tuple[Picture, tuple[SeenFace, ...]]
"""A picture and the faces in it."""


@dataclass
class _Presence:
    """Where somebody was, picture by picture, while he was there without a break."""

    seconds: deque[float] = field(default_factory=deque)
    values: deque[NDArray[np.float64]] = field(default_factory=deque)

    def add(self, seconds: float, face: SeenFace) -> None:
        self.seconds.append(seconds)
        self.values.append(np.array([*face.box, *(value for point in face.points for value in point)], float))

    def forget(self, seconds: float) -> None:
        """Keep what is later, and one place before."""
        while len(self.seconds) > 1 and self.seconds[1] <= seconds:
            self.seconds.popleft()
            self.values.popleft()


def smooth(seen: Iterable[Seen], window: float) -> Iterator[Seen]:
    """Average each box and its points over `window` seconds, half of them before and half after.

    What is averaged is the path through time, straight between pictures. The window ends with the person's presence:
    near its ends it is shortened on both sides alike, down to nothing at its first and last picture. So whatever moves
    evenly stays where it is, at any frame rate. A presence ends where the face is missing in a picture, where pictures
    are more than a second apart, or where the number of points changes. Pictures are held back for half a window.
    """
    waiting: deque[tuple[Picture, list[tuple[SeenFace, _Presence]]]] = deque()
    here: dict[tuple[int, int], _Presence] = {}
    for picture, faces in seen:
        before, here = here, {}
        for face in faces:
            who = face.id, len(face.points)
            presence = before.get(who)
            if presence is None or picture.seconds - presence.seconds[-1] > MEMORY:
                presence = _Presence()
            presence.add(picture.seconds, face)
            here[who] = presence
        waiting.append((picture, [(face, here[face.id, len(face.points)]) for face in faces]))
        while waiting and waiting[0][0].seconds + window / 2 <= picture.seconds:
            yield _averaged(*waiting.popleft(), window / 2)
    while waiting:
        yield _averaged(*waiting.popleft(), window / 2)


def _averaged(picture: Picture, faces: list[tuple[SeenFace, _Presence]], half: float) -> Seen:
    now = picture.seconds
    found = []
    for face, presence in faces:
        presence.forget(now - half)
        values = average(np.array(presence.seconds), np.stack(presence.values), now, half)
        left, top, right, bottom = (float(value) for value in values[:4])
        points = tuple((float(x), float(y)) for x, y in values[4:].reshape(-1, 2))
        found.append(replace(face, box=(left, top, right, bottom), points=points))
    return picture, tuple(found)


def average(
    seconds: NDArray[np.float64], values: NDArray[np.float64], now: float, half: float
) -> NDArray[np.float64]:
    """The mean from `now` - h to `now` + h of the path through `values` (T,D) at rising `seconds` (T,).

    h is `half`, or less where the path begins or ends nearer to `now`, which is one of `seconds`.
    """
    half = min(half, now - seconds[0], seconds[-1] - now)
    if half <= 0:
        here: NDArray[np.float64] = values[np.searchsorted(seconds, now)]
        return here
    inner = seconds[(seconds > now - half) & (seconds < now + half)]
    knots = np.concatenate([[now - half], inner, [now + half]])
    right = np.searchsorted(seconds, knots).clip(1, len(seconds) - 1)
    share = ((knots - seconds[right - 1]) / (seconds[right] - seconds[right - 1]))[:, None]
    path = values[right - 1] * (1 - share) + values[right] * share
    weight = np.diff(knots)[:, None] / (2 * half)
    mean: NDArray[np.float64] = ((path[1:] + path[:-1]) / 2 * weight).sum(0)
    return mean
