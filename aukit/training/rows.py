"""Rows of tracks that wait for their values, in the order of frames and faces."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from aukit.contracts.faces import SeenFace
from aukit.contracts.tracks import Tracks
from aukit.evaluation.online import Values


def join_tracks(parts: Iterable[Tracks]) -> Tracks:
    """Tracks of one video in one piece."""
    found = list(parts)
    columns = {field.name: [getattr(part, field.name) for part in found] for field in fields(Tracks)}
    return Tracks(**{name: np.concatenate(pieces) for name, pieces in columns.items()})


@dataclass
class _Row:
    frame: int
    seconds: float
    face: SeenFace | None
    pose: NDArray[np.float64]
    values: NDArray[np.float32] | None


class Rows:
    """Rows in order, which wait until their face's values are there."""

    def __init__(self, aus: int, *, clip: bool) -> None:
        self.aus, self.clip = aus, clip
        self._waiting: deque[_Row] = deque()
        self._due: dict[Hashable, deque[_Row]] = {}
        self._done: list[_Row] = []

    @property
    def ready(self) -> int:
        """Rows that have their values, and before which no row waits."""
        while self._waiting and self._waiting[0].values is not None:
            self._done.append(self._waiting.popleft())
        return len(self._done)

    def add(
        self,
        frame: int,
        seconds: float,
        face: SeenFace | None = None,
        pose: NDArray[np.float64] | None = None,
    ) -> None:
        """The next row; without a face, it is complete."""
        nothing = np.full(self.aus, np.nan, np.float32)
        row = _Row(
            frame, seconds, face, np.full(3, np.nan) if pose is None else pose, None if face else nothing
        )
        self._waiting.append(row)
        if face:
            self._due.setdefault(face.id, deque()).append(row)

    def fill(self, values: Values) -> None:
        """Values of the faces' next rows."""
        for face, found in values.items():
            for row, own in zip(self._waiting_of(face, len(found)), found, strict=True):
                row.values = np.clip(own, 0, 5) if self.clip else own

    def _waiting_of(self, face: Hashable, count: int) -> Iterator[_Row]:
        due = self._due[face]
        for _ in range(count):
            yield due.popleft()
        if not due:
            del self._due[face]

    def take(self) -> Tracks:
        """The rows that are ready."""
        rows, self._done = self._done, []
        nowhere = (np.nan,) * 4
        intensity = np.stack([row.values for row in rows if row.values is not None])
        ids = np.array([row.face.id if row.face else -1 for row in rows], np.int64)
        return Tracks(
            frame=np.array([row.frame for row in rows], np.int64),
            face_id=ids,
            timestamp=np.array([row.seconds for row in rows], np.float64),
            confidence=np.array([row.face.score if row.face else 0 for row in rows], np.float32),
            success=(ids >= 0) & np.isfinite(intensity).all(axis=1),
            box=np.array([row.face.box if row.face else nowhere for row in rows], np.float32),
            pose=np.array([row.pose for row in rows], np.float32),
            intensity=intensity,
        )
