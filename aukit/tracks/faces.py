"""The faces of a video's tracks: who is there most, and each one's values with its gaps as gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aukit.clips.format import GAP
from aukit.contracts.tracks import Tracks


def main_faces(tracks: Tracks, most: int | None = None) -> tuple[int, ...]:
    """Ids of the faces with intensities, in rising order; of many, the `most` that are there longest."""
    ids, counts = np.unique(tracks.face_id[_seen(tracks)], return_counts=True)
    longest = ids[np.argsort(-counts, kind="stable")][:most]
    return tuple(sorted(int(face) for face in longest))


def most_at_once(tracks: Tracks, faces: tuple[int, ...]) -> int:
    """How many of these faces one frame shows at most."""
    _, counts = np.unique(tracks.frame[_seen(tracks) & np.isin(tracks.face_id, faces)], return_counts=True)
    return int(counts.max(initial=0))


def longest_step(seconds: NDArray[np.float64]) -> float:
    """A longer step between two frames is a gap; 0 where there are too few to tell."""
    steps = np.diff(np.unique(seconds))
    return GAP * float(np.median(steps)) if len(steps) else 0.0


def track_of(
    tracks: Tracks, face: int, values: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """One face's seconds (N,) and values (N,A), of `intensity` or of others given row by row.

    Where frames are missing a row of NaN is put in: no line bridges a gap.
    """
    own = tracks.face_id == face
    seconds, values = tracks.timestamp[own], (tracks.intensity if values is None else values)[own]
    gaps = np.flatnonzero(np.diff(seconds) > longest_step(tracks.timestamp)) + 1
    middle = (seconds[gaps - 1] + seconds[gaps]) / 2
    return np.insert(seconds, gaps, middle), np.insert(values, gaps, np.float32(np.nan), axis=0)


def _seen(tracks: Tracks) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(tracks.intensity).any(axis=1) & (tracks.face_id >= 0))
