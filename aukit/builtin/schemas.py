"""The data sets whose protocols aukit knows: AUs, frame rates, people, and splits by name.

A preset with several folds tests one part after the other: fold k tests part k. Where a source printed no
list of people, the list here is ours, and its comment says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aukit.contracts.schema import Schema, Split, SplitSizes


def _folds(*parts: Sequence[str]) -> tuple[Split, ...]:
    """Cross-validation: each part is tested once, the others train."""
    return tuple(
        Split(
            train=tuple(sorted(one for other in parts if other is not part for one in other)),
            test=tuple(part),
        )
        for part in parts
    )


def _with_validation(fold: Split) -> Split:
    """Every third training person, by id, validates instead."""
    validation = fold.train[1::3]
    return Split(
        train=tuple(one for one in fold.train if one not in validation), validation=validation, test=fold.test
    )


def _disfa(numbers: str) -> tuple[str, ...]:
    return tuple(f"SN{int(number):03d}" for number in numbers.split())


DISFA_PEOPLE = _disfa("1 2 3 4 5 6 7 8 9 10 11 12 13 16 17 18 21 23 24 25 26 27 28 29 30 31 32")

# The three parts that most published code uses: JAA-Net, ME-GraphAU (which counts them backwards), LibreFace.
DISFA_A = _folds(
    _disfa("1 2 9 10 16 26 27 30 32"),
    _disfa("6 11 12 13 18 21 24 28 31"),
    _disfa("3 4 5 7 8 17 23 25 29"),
)

DISFA = Schema(
    name="disfa",
    summary="27 people watching a film, 4 minutes each, 12 AUs at 0-5 in every frame",
    aus=("AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26"),
    fps=20.0,
    subjects=DISFA_PEOPLE,
    splits={
        "A": DISFA_A,
        # Ours. The paper trains on 18 people, counts labels of 12 (1162 = floor(0.02 * 12 * 4845)), prints no
        # list. So six of the eighteen validate; which six is our choice, and fold k tests part k of A.
        "12-6-9": tuple(map(_with_validation, DISFA_A)),
        # Every third person in order of id.
        "B": _folds(DISFA_PEOPLE[0::3], DISFA_PEOPLE[1::3], DISFA_PEOPLE[2::3]),
        # facialactionpretrain/facs, which takes the right camera.
        "C": _folds(
            _disfa("2 5 6 7 12 13 16 18 26"),
            _disfa("1 3 4 9 10 11 25 29 30"),
            _disfa("8 17 21 23 24 27 28 31 32"),
        ),
        # The three alternates of FMAE-IAT.
        "D1": _folds(
            _disfa("16 25 10 23 24 27 4 13 26"),
            _disfa("3 6 12 18 29 17 2 8 11"),
            _disfa("30 9 21 5 7 32 31 28 1"),
        ),
        "D2": _folds(
            _disfa("26 11 5 8 16 17 13 6 30"),
            _disfa("25 27 10 31 9 28 3 2 7"),
            _disfa("24 12 1 21 23 29 4 32 18"),
        ),
        "D3": _folds(
            _disfa("2 32 23 8 27 18 26 3 11"),
            _disfa("24 30 6 13 31 17 4 16 25"),
            _disfa("7 21 1 12 9 29 5 28 10"),
        ),
        # ARL: one split of 18 and 9.
        "E": (
            Split(
                train=_disfa("1 5 8 9 10 11 17 18 21 24 25 26 27 28 29 30 31 32"),
                test=_disfa("2 3 4 6 7 12 13 16 23"),
            ),
        ),
    },
    terms="for research, under an agreement with the University of Denver; frames may not be passed on",
    cite="Mavadati et al., DISFA: A Spontaneous Facial Action Intensity Database, IEEE TAC 2013",
    obtain="http://mohammadmahoor.com/disfa/",
)


# DISFA+ films nine of DISFA's people again, under their ids. They pose, trial by trial.
DISFAPLUS_PEOPLE = _disfa("1 3 4 7 9 10 13 25 27")
DISFAPLUS = Schema(
    name="disfaplus",
    summary="9 of DISFA's people posing AUs, 12 AUs at 0-5 in every frame",
    aus=DISFA.aus,
    fps=20.0,
    subjects=DISFAPLUS_PEOPLE,
    # Ours: there is no published partition of nine people that is in common use.
    splits={"leave-one-out": _folds(*((one,) for one in DISFAPLUS_PEOPLE))},
    terms="for research, under an agreement with the University of Denver; frames may not be passed on",
    cite="Mavadati et al., Extended DISFA Dataset: Investigating Posed and Spontaneous Facial Expressions, "
    "CVPR Workshops 2016",
    obtain="http://mohammadmahoor.com/disfa-plus/",
    people_of="disfa",
)


def _bp4d(prefix: str, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"{prefix}{number:03d}" for number in numbers)


# The official partition of FERA 2015: odd numbers train (21), even ones are its development set (20).
# Published results are on that one; FERA's own test people are not in BP4D.
FERA2015_PARTS = Split(
    train=_bp4d("F", range(1, 24, 2)) + _bp4d("M", range(1, 18, 2)),
    test=_bp4d("F", range(2, 23, 2)) + _bp4d("M", range(2, 19, 2)),
)

BP4D = Schema(
    name="bp4d",
    summary="41 people in 8 tasks, 5 AUs at 0-5 in the coded part of each task",
    aus=("AU06", "AU10", "AU12", "AU14", "AU17"),
    fps=25.0,
    subjects=_bp4d("F", range(1, 24)) + _bp4d("M", range(1, 19)),
    splits={
        "FERA2015": (FERA2015_PARTS,),
        # JAA-Net and ME-GraphAU, for detection.
        "3-fold": _folds(
            _bp4d("F", (1, 2, 8, 9, 10, 16, 18, 23)) + _bp4d("M", (1, 4, 7, 8, 12, 14)),
            _bp4d("F", (3, 5, 11, 13, 20, 22)) + _bp4d("M", (2, 5, 10, 11, 13, 16, 17, 18)),
            _bp4d("F", (4, 6, 7, 12, 14, 15, 17, 19, 21)) + _bp4d("M", (3, 6, 9, 15)),
        ),
    },
    terms="under an agreement with Binghamton University; it also covers what is trained on the data",
    cite="Zhang et al., BP4D-Spontaneous, Image and Vision Computing 2014; Valstar et al., FERA 2015",
    obtain="https://www.cs.binghamton.edu/~lijun/Research/3DFE/3DFE_Analysis.html",
)

# Other people than BP4D's, under the same words for ids. Who is there, the files say; no partition is in common use.
BP4DPLUS = Schema(
    name="bp4dplus",
    summary="people in 10 tasks, 5 AUs at 0-5 in the coded part of four of them",
    aus=BP4D.aus,
    fps=25.0,
    subjects=(),
    terms=BP4D.terms,
    cite="Zhang et al., Multimodal Spontaneous Emotion Corpus for Human Behavior Analysis, CVPR 2016",
    obtain=BP4D.obtain,
)

# The challenge gave out BP4D's 41 people as training and development part. Its 20 test people have no public labels.
FERA2015 = Schema(
    name="fera2015",
    summary="BP4D's 41 people as FERA 2015 gave them out, 5 AUs at 0-5 in the coded part of each task",
    aus=BP4D.aus,
    fps=25.0,
    subjects=BP4D.subjects,
    splits={"official": (FERA2015_PARTS,), "FERA2015": (FERA2015_PARTS,)},
    terms=BP4D.terms,
    cite="Valstar et al., FERA 2015: Second Facial Expression Recognition and Analysis Challenge, FG 2015",
    obtain=BP4D.obtain,
    people_of="bp4d",
)

AFFWILD2 = Schema(
    name="affwild2",
    summary="videos from the web, used without labels; the people have no names, so a video is a subject",
    aus=(),
    fps=30.0,
    subjects=(),
    # The paper's numbers of videos; it prints no list, so which ones is drawn from the seed.
    splits={"351-71": (SplitSizes(train=351, validation=71),)},
    terms="for research, under an agreement with the iBUG group; it also covers models trained on the data",
    cite="Kollias and Zafeiriou, Aff-Wild2, arXiv 1811.07770, 2018",
    obtain="https://ibug.doc.ic.ac.uk/resources/aff-wild2/",
)

UNBC_EYES_CLOSED = "AU43"
"""Coded 0 or 1, so it is no intensity; read only where it is asked for."""
UNBC_PEOPLE = (
    "042-ll042",
    "043-jh043",
    "047-jl047",
    "048-aa048",
    "049-bm049",
    "052-dr052",
    "059-fn059",
    "064-ak064",
    "066-mg066",
    "080-bn080",
    "092-ch092",
    "095-tv095",
    "096-bg096",
    "097-gf097",
    "101-mg101",
    "103-jk103",
    "106-nm106",
    "107-hs107",
    "108-th108",
    "109-ib109",
    "115-jy115",
    "120-kz120",
    "121-vw121",
    "123-jh123",
    "124-dn124",
)
UNBC = Schema(
    name="unbc",
    summary="25 people with shoulder pain moving their arms, 9 AUs at 0-5 in every frame",
    aus=("AU04", "AU06", "AU07", "AU09", "AU10", "AU12", "AU20", "AU25", "AU26"),
    fps=30.0,
    subjects=UNBC_PEOPLE,
    splits={
        "leave-one-out": _folds(*((one,) for one in UNBC_PEOPLE)),
        # Every fifth person in order of id.
        "5-fold": _folds(*(UNBC_PEOPLE[part::5] for part in range(5))),
    },
    terms="for research, under an agreement with the Affect Analysis Group; frames may not be passed on",
    cite="Lucey et al., Painful Data: The UNBC-McMaster Shoulder Pain Expression Archive Database, FG 2011",
    obtain="https://sites.pitt.edu/~emotion/um-spread.htm",
)

# What `aukit prepare videos` writes. Every lab's AUs, people and partition are its own; these are the stand-in's.
VIDEOS = Schema(
    name="videos",
    summary="your own videos, with the AUs and people that your files name",
    aus=DISFA.aus,
    fps=25.0,
    subjects=(),
    private=True,
    example=True,
)

SCHEMAS = (DISFA, DISFAPLUS, BP4D, BP4DPLUS, FERA2015, AFFWILD2, UNBC, VIDEOS)
