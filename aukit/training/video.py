"""From a video file to AU tracks: a thread decodes, finds faces and cuts them, ahead of the model."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aukit.clips.format import GAP
from aukit.contracts.data import Recording
from aukit.contracts.faces import Framing, SeenFace
from aukit.contracts.tracks import Tracks
from aukit.errors import DataError
from aukit.evaluation.online import OnlinePredictor
from aukit.hosting.registry import Registry
from aukit.ingest.crop import cut
from aukit.ingest.faces import find_faces
from aukit.ingest.pose import head_pose
from aukit.ingest.video import pictures, probe
from aukit.training.ahead import ahead
from aukit.training.framing import framing_for, locator_for, refuse_real_people
from aukit.training.rows import Rows

if TYPE_CHECKING:
    from aukit.training.estimator import AUEstimator

Pixels = NDArray[np.uint8]


def stream_tracks(
    estimator: AUEstimator,
    source: str | Path | Recording,
    *,
    framing: Framing | None = None,
    faces: Mapping[str, Any] | None = None,
    locator_options: Mapping[str, Any] | None = None,
    mode: str = "",
    window: int = 0,
    precision: str = "fp32",
    batch: int = 32,
    origin: str = "real",
    allow_synthetic: bool = False,
    registry: Registry | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Generator[Tracks]:
    """Rows of a video as they come about: one for each frame that can be decoded and each face in it, in this order.

    A frame without a face has one row, without success. A face that is gone for a frame begins anew when it comes back,
    and everybody does after a hole in time of more than one and a half steps of the model: no state crosses. Memory
    does not depend on the video's length. What cannot work is refused here, before the first row.

    Args:
        estimator: the model.
        source: a video file, or a recording of still pictures.
        framing: how faces are found and cut, where the model does not know or is to be overruled.
        faces: rules for finding faces that stand before those of training, such as `{"every": 5, "follow": "all"}`.
        locator_options: parameters of the locator that stand before those of training, such as a file's place.
        mode: "windowed" or "streaming"; by default that of the run.
        window: frames of a window; by default that of the run.
        precision: "fp32", or "bf16" where the processor has it.
        batch: frames computed at once.
        origin: what people the video shows; a file is taken to show real ones.
        allow_synthetic: predict real people although the model saw none.
        registry: where the locator comes from; by default that of the estimator.
        on_note: told what was mended in the video.

    Raises:
        UsageError: the model saw no real people; it has no framing; the locator has other weights.
        DataError: the file is missing or is no video. One that is cut off or damaged is raised after the rows of all
            frames that can be decoded; its data has `frames`, their number.
        MissingExtraError: a package that decodes or finds faces is not installed.
    """
    if not isinstance(source, Recording):
        source = Recording(video=Path(source).stem, subject="", path=Path(source))
    facts = estimator.facts
    refuse_real_people(estimator.origin, origin=origin, allow_synthetic=allow_synthetic, where=source.path)
    framing = framing_for(
        estimator.framing, facts.size, framing=framing, faces=faces, locator_options=locator_options
    )
    locator = locator_for(framing, registry=registry or estimator.registry)
    fps = source.fps if source.pictures else probe(source.path).fps
    predictor = estimator.online(mode=mode, window=window, precision=precision, batch=batch)
    hole = GAP * max(1 / fps if fps else np.inf, facts.seconds_per_frame)
    rows = Rows(len(facts.aus), clip=facts.clip)
    return _stream(_seen(source, framing, locator, on_note), predictor, rows, hole)


@dataclass(frozen=True)
class _Seen:
    """A decoded frame, reduced to the faces in it: each with its square and head pose."""

    seconds: float
    faces: tuple[tuple[SeenFace, Pixels, NDArray[np.float64]], ...]


def _seen(
    recording: Recording, framing: Framing, locator: Any, on_note: Callable[[str], None] | None
) -> Generator[_Seen]:
    decoded = pictures(recording, on_note=on_note)
    for picture, faces in find_faces(decoded, locator, framing.faces, video=recording.video):
        cuts = tuple((face, cut(picture, face, framing.crop), head_pose(face.points)) for face in faces)
        yield _Seen(picture.seconds, cuts)


def _stream(seen: Generator[_Seen], predictor: OnlinePredictor, rows: Rows, hole: float) -> Generator[Tracks]:
    last, here, empty = 0.0, set[int](), 0
    broken: DataError | None = None
    with closing(ahead(seen, 2 * predictor.batch, name="aukit-video")) as frames:
        try:
            for number, frame in enumerate(frames):
                there = {face.id for face, _, _ in frame.faces}
                for gone in here if frame.seconds - last > hole else here - there:
                    rows.fill(predictor.gap(gone))
                last, here = frame.seconds, there
                if not frame.faces:
                    rows.add(number, frame.seconds)
                for face, square, pose in frame.faces:
                    rows.add(number, frame.seconds, face, pose)
                    rows.fill(predictor.push(square[None], [frame.seconds], face.id))
                empty = 0 if frame.faces else empty + 1
                if empty == predictor.batch:  # nobody fills the batch up: rows must not wait for ever
                    rows.fill(predictor.flush())
                if rows.ready >= predictor.batch:
                    yield rows.take()
        except DataError as error:
            broken = error
    rows.fill(predictor.finish())
    if rows.ready:
        yield rows.take()
    if broken:
        raise broken
