"""How tools name their columns: ours, OpenFace 2 (and its Python port), LibreFace. The header tells them apart.

OpenFace 2: its wiki, "Output Format"; builds differ in the space after each comma. Where a frame failed it writes
success 0 and zeros as intensities, which are no intensities. LibreFace (Chang et al., WACV 2024) counts frames from 0
and gives milliseconds; its intensities are on 0-5 already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aukit.errors import DataError
from aukit.tracks.cells import Wanted
from aukit.tracks.columns import BOX, CALIBRATED, FIRST_FRAME, POSE, RAW

LANDMARKS = 68

_NO_INTENSITIES = {
    "action_units": "OpenFace 3 gives eight probabilities that an AU occurs, no intensities",
    "FaceScore": "py-feat gives probabilities that an AU occurs, no intensities",
    "AU01_c": "the `_c` columns say whether an AU occurs; let OpenFace write intensities, `_r`, too",
    "Occ_au_1": "PyAFAR's `Occ_au` columns say whether an AU occurs",
    "au_1": "LibreFace's columns without `_intensity` say whether an AU occurs",
}
"""A column that gives a tool away whose tables hold nothing on the scale 0-5."""


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Which column means what. A name that is empty: the table has no such column.

    `aus` maps an AU to its column. `first_frame` is the number of a video's first frame. `unit` is the length of one
    step of `time` in seconds.
    """

    kind: str
    aus: Mapping[str, str]
    frame: str = ""
    first_frame: int = FIRST_FRAME
    time: str = ""
    unit: float = 1.0
    face: str = ""
    confidence: str = ""
    success: str = ""
    video: str = ""
    subject: str = ""
    pose: tuple[str, ...] = ()
    box: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    origin: str = ""
    model_origin: str = ""

    def wanted(self) -> Wanted:
        """All the columns that it reads."""
        single = (self.frame, self.time, self.face, self.confidence)
        several = (*self.pose, *self.box, *self.landmarks, *self.aus.values())
        words = (self.video, self.subject, self.success, self.origin, self.model_origin)
        return Wanted(
            numbers=frozenset(filter(None, (*single, *several))), words=frozenset(filter(None, words))
        )


def find_naming(header: Iterable[str], *, where: str, calibrated: bool = False) -> Naming:
    """The naming of a table with these column names. `calibrated`: read our `AUxx_b` columns instead of `AUxx_r`.

    Raises:
        DataError: no table of AU intensities that is known here.
    """
    names = set(header)
    aus = _aus(names, rf"AU(\d{{1,2}}){CALIBRATED if calibrated else RAW}", where)

    def one(name: str) -> str:
        return name if name in names else ""

    if aus and {"frame", "timestamp"} <= names:
        points = tuple(f"{axis}_{point}" for axis in "xy" for point in range(LANDMARKS))
        foreign = bool(names & {"gaze_0_x", "pose_Tx", *(f"{au}_c" for au in aus)})
        return Naming(
            kind="openface2" if foreign else "aukit",
            aus=aus,
            frame="frame",
            time="timestamp",
            face=one("face_id"),
            confidence=one("confidence"),
            success=one("success"),
            video=one("video"),
            subject=one("subject"),
            pose=POSE if names.issuperset(POSE) else (),
            box=BOX if names.issuperset(BOX) else (),
            landmarks=points if foreign and names.issuperset(points) else (),
            origin=one("origin"),
            model_origin=one("model_origin"),
        )
    if aus and "face" in names:
        return Naming(kind="openface2", aus=aus, face="face", confidence=one("confidence"))
    aus = {} if calibrated else _aus(names, r"au_(\d{1,2})_intensity", where)
    if aus:
        return Naming(
            kind="libreface",
            aus=aus,
            frame=one("frame_idx"),
            first_frame=0,
            time=one("frame_time_in_ms"),
            unit=1e-3,
        )
    if calibrated:
        raise DataError(
            "no column of calibrated intensities, such as `AU12_b`",
            where=where,
            hint="predict with `--baseline`, or read the raw ones",
        )
    hint = next((hint for name, hint in _NO_INTENSITIES.items() if name in names), "")
    raise DataError(
        "no table of AU intensities",
        where=where,
        hint=hint
        or "it needs the columns `frame`, `timestamp` and `AU01_r` ... as aukit and OpenFace 2 write them, "
        "or those of LibreFace",
    )


def _aus(names: set[str], pattern: str, where: str) -> dict[str, str]:
    """AU to column, in the order of the AUs."""
    found: dict[str, str] = {}
    for name in sorted(names):
        match = re.fullmatch(pattern, name, re.ASCII)
        if match:
            au = f"AU{int(match[1]):02d}"
            if au in found:
                raise DataError(
                    f"`{found[au]}` and `{name}` are one AU", where=where, hint="remove one of them"
                )
            found[au] = name
    return dict(sorted(found.items()))
