"""Contracts of data sets, samplers and face locators. All torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from aukit.contracts.schema import Schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aukit.contracts.faces import Picture


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Consecutive frames of one video.

    `frames` uint8 (T,H,W,3); `timestamp` float64 seconds (T,); `frame_index` int64 (T,) in the source's own counting;
    `intensity` float32 (T,A), NaN where unlabelled. What a face locator adds, None where none was at work:
    `valid` bool (T,), False where no face was found; `face_box` float32 (T,4) in source pixels; `face_score` (T,).
    """

    frames: NDArray[np.uint8]
    timestamp: NDArray[np.float64]
    frame_index: NDArray[np.int64]
    intensity: NDArray[np.float32]
    valid: NDArray[np.bool_] | None = None
    face_box: NDArray[np.float32] | None = None
    face_score: NDArray[np.float32] | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source video. `read` opens it anew and yields its frames in order; it can be called more than once.

    `length` is exact, or 0 where it is not known before reading. Where people are not known by name, the video is the
    subject: `subject` repeats `video`.
    """

    video: str
    subject: str
    fps: float
    length: int
    read: Callable[[], Iterator[Chunk]]
    session: str = ""
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class FrameLabels:
    """The labels of one recording, a row a labelled frame, in rising order.

    Which frame a row means: `frame` int64 (L,), in the recording's own counting, or else `seconds` float64 (L,).
    `intensity` float32 (L,A), NaN where a cell is not labelled. `notes`: what the reader met and mended, for the user.
    """

    intensity: NDArray[np.float32]
    frame: NDArray[np.int64] | None = None
    seconds: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One video as it is distributed: whole pictures, before any face is located, and where its labels are.

    `path` is a video file, or a folder whose still `pictures` are named one by one, each with the source's own number.
    `first_frame` is the number that the source's own counting gives to a video file's first picture. `fps` is needed
    for still pictures; of a video file, the container's own times are used. `pictures` may list its folder only when
    it is asked. `labels` reads the labels, in whichever process prepares the recording; it raises `DataError` with
    file and line. `skip` names bad frames, as inclusive ranges `(first, last)` in the source's own counting: they are
    left out. A recording can be copied to another process.
    """

    video: str
    subject: str
    path: Path
    session: str = ""
    pictures: Sequence[tuple[int, Path]] = ()
    fps: float = 0.0
    first_frame: int = 0
    labels: Callable[[], FrameLabels] | None = None
    skip: tuple[tuple[int, int], ...] = ()

    @property
    def first(self) -> int:
        """The number of the first picture."""
        return self.pictures[0][0] if self.pictures else self.first_frame


@runtime_checkable
class Dataset(Protocol):
    """Source videos that are cropped already, and their schema. Wiring: none."""

    @property
    def schema(self) -> Schema:
        """AUs, frame rate, subjects, presets of splits, origin, terms."""
        ...

    def videos(self, root: Path | None = None) -> Iterable[Source]:
        """The source videos under `root`; a data set that makes its own frames takes none."""
        ...


@runtime_checkable
class RecordedDataset(Protocol):
    """Recordings as they are distributed, and their schema: what `aukit prepare` reads. Wiring: none.

    It may also have `notes`, a tuple of sentences for the user about what `recordings` met as a whole: files that
    belong to no recording, and the like; and `framing`, an `aukit.contracts.faces.Framing` that suits it better than
    the general defaults, as where its pictures are cropped already.
    """

    @property
    def schema(self) -> Schema:
        """AUs, frame rate, subjects, presets of splits, origin, terms. After `recordings` it may know more."""
        ...

    def recordings(self, root: Path) -> Sequence[Recording]:
        """The recordings under `root`, in a fixed order; reads names, not pictures."""
        ...


@dataclass(frozen=True, kw_only=True)
class KeyFrames:
    """Key frames of one AU in one video, as rows in rising order: local maxima and minima of its intensity in time.

    `segments` are pairs `(first, last)` of consecutive key frames. From a peak to a valley, or back, the intensity is
    taken to change in one direction only; between two of a kind it rests.
    """

    peaks: tuple[int, ...] = ()
    valleys: tuple[int, ...] = ()
    segments: tuple[tuple[int, int], ...] = ()


class Draw(dict[str, "NDArray[np.bool_]"]):
    """What a sampler may return in place of a plain dict: its choice, `{video: bool (T,A)}`, and how it was made.

    `facts` and `by_au` (a mapping for each AU, in the order of the columns) are plain JSON, kept with the run. `asked`
    says how many labels of each AU were asked for; where fewer are chosen, the user is warned. `key_frames`,
    `{video: (KeyFrames of each AU)}`, are those among the chosen; they are kept beside the list of chosen frames.
    """

    def __init__(
        self,
        chosen: Mapping[str, NDArray[np.bool_]] | None = None,
        *,
        facts: Mapping[str, Any] | None = None,
        by_au: Sequence[Mapping[str, Any]] = (),
        asked: Sequence[int] = (),
        key_frames: Mapping[str, tuple[KeyFrames, ...]] | None = None,
    ) -> None:
        super().__init__(chosen or {})
        self.facts = dict(facts or {})
        self.by_au = tuple(by_au)
        self.asked = tuple(asked)
        self.key_frames = dict(key_frames or {})


@runtime_checkable
class Sampler(Protocol):
    """Chooses the labels that may be used. Wiring: none."""

    def __call__(
        self, labels: Mapping[str, NDArray[np.float32]], rng: np.random.Generator
    ) -> Mapping[str, NDArray[np.bool_]]:
        """`{video: (T,A) with NaN}` to `{video: bool (T,A)}`, or a `Draw`; True only where a label exists.

        Rows follow one another in time without a gap; where there is one, a row without labels lies between.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Face:
    """One face: box `(x0, y0, x1, y1)` in pixels, score in 0..1, landmark points (x, y) where the locator has any.

    Five points are, in this order, the person's right eye, left eye, nose tip, right and left corner of the mouth: the
    first is the leftmost eye in an upright picture.
    """

    box: tuple[float, float, float, float]
    score: float
    points: tuple[tuple[float, float], ...] = ()


@runtime_checkable
class Locator(Protocol):
    """Finds faces. Wiring: none.

    Two attributes may be there: `weights`, the digest of what it looks with ("sha256:..."), and `whole`. A locator is
    shown pictures reduced to the asked size, unless its `whole` is True.
    """

    def start(self, video: str = "", first: int = 0) -> None:
        """Forget what was seen: the next pictures are of recording `video`, whose first has the number `first`."""
        ...

    def locate(self, picture: Picture) -> Sequence[Face]:
        """The faces in a picture, best first, in the pixels it has here. Not every picture need be shown."""
        ...
