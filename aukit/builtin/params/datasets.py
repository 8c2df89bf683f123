"""Parameters of the data sets that are read as they are distributed."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from aukit.builtin.schemas import BP4D, DISFA, DISFAPLUS, UNBC, UNBC_EYES_CLOSED
from aukit.contracts.params import Params
from aukit.errors import did_you_mean


class RecordedParams(Params):
    """What all of them have."""

    origin: Literal["real", "rendered", "synthetic", "stand-in"] = Field(
        "real",
        description="where the pictures come from; say `rendered` of rendered people in the same layout: whatever is "
        "made from them carries the word on",
    )


class CodedParams(RecordedParams):
    """What those with intensities have."""

    known: ClassVar[tuple[str, ...]] = ()

    aus: tuple[str, ...] = Field((), description="AUs to read, in this order; none named: all that are coded")

    @field_validator("aus")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} given more than once")
        for name in names:
            if name not in cls.known:
                raise ValueError(f"`{name}` is not coded; {did_you_mean(name, cls.known)}")
        return names


class DisfaParams(CodedParams):
    """DISFA: 27 people, one video of each from the left and one from the right."""

    known = DISFA.aus

    camera: Literal["left", "right"] = Field(
        "left", description="which of the two cameras; labels are the same"
    )
    drop_bad_frames: bool = Field(
        False,
        description="leave out the 4,670 frames that JAA-Net leaves out (ranges of 13 people); most published results "
        "keep them",
    )
    frames: str = Field(
        "",
        description="a folder of extracted frames, one folder a person, in place of the videos; from here or from ROOT",
    )
    frames_from: Literal[0, 1] = Field(
        1, description="number of the first extracted frame: LibreFace counts from 1, ME-GraphAU from 0"
    )


class DisfaPlusParams(CodedParams):
    """DISFA+: 9 of DISFA's people, posed, as pictures."""

    known = DISFAPLUS.aus


class FeraParams(CodedParams):
    """What BP4D and FERA 2015 have."""

    known = BP4D.aus

    shift: Literal[0, 1] = Field(
        0,
        description="added to a picture's number to give the frame of the label files: 0 in most published code; 1 "
        "where pictures count from 0 and labels from 1",
    )
    first_frame: Literal[0, 1] = Field(
        1,
        description="number that the label files give to the first frame of a video, where there are no pictures",
    )


class Bp4dParams(FeraParams):
    """BP4D: 41 people in 8 tasks."""

    edition: Literal["bp4d", "bp4d+"] = Field(
        "bp4d", description="`bp4d+` is the later set of other people, whose ids are the same words"
    )


class Fera2015Params(FeraParams):
    """FERA 2015: BP4D's people as the challenge gave them out."""


class AffWild2Params(RecordedParams):
    """Aff-Wild2: videos from the web, without intensities."""

    use: Literal["cropped_aligned", "videos"] = Field(
        "cropped_aligned", description="the pictures of faces that are cropped already, or the raw videos"
    )


class UnbcParams(CodedParams):
    """UNBC-McMaster: 25 people with shoulder pain, as pictures."""

    known = (*UNBC.aus, UNBC_EYES_CLOSED)

    aus: tuple[str, ...] = Field(
        (),
        description="AUs to read, in this order; none named: the nine that are coded 0-5. AU43, closed eyes, is coded "
        "0 or 1, and read only where it is named",
    )


class VideosParams(RecordedParams):
    """Own videos, with a manifest and labels where there are any."""

    manifest: str = Field(
        "",
        description="CSV with the columns video, subject, session, split, of which only video is needed; from here or "
        "from ROOT; none named: ROOT/manifest.csv where it exists, else every video file below ROOT",
    )
    labels: str = Field(
        "",
        description="CSV with the columns video, frame or time (seconds), and AUs at 0-5, blank where not labelled; "
        "from here or from ROOT; none named: ROOT/labels.csv where it exists",
    )
    first_frame: Literal[0, 1] = Field(
        1, description="number of a video's first frame in the label file; predictions count from 1"
    )
