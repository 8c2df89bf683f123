"""Small data sets laid out as their distributors do. Videos are empty files: only names are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

DISFA_AUS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
BP4D_AUS = (6, 10, 12, 14, 17)


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def levels(seed: int, frames: int, aus: int) -> np.ndarray:
    """Integer intensities (frames, aus), each level among them."""
    return np.random.default_rng(seed).integers(0, 6, (frames, aus))


def rows(values: Iterable[int], first: int = 1) -> str:
    return "".join(f"{frame},{value}\n" for frame, value in enumerate(values, start=first))


def disfa(root: Path, people: Iterable[int] = (1, 2), frames: int = 5) -> Path:
    for person in people:
        sn = f"SN{person:03d}"
        write(root / "Videos_LeftCamera" / f"LeftVideo{sn}_comp.avi")
        for column, au in enumerate(DISFA_AUS):
            text = rows(levels(person, frames, 12)[:, column])
            write(root / "ActionUnit_Labels" / sn / f"{sn}_au{au}.txt", text)
    return root


def disfaplus(root: Path, trials: Mapping[int, Iterable[str]] | None = None, frames: int = 4) -> Path:
    for person, names in (trials or {1: ("A1_AU1_TrailNo_1", "Y_happy"), 3: ("Y_happy",)}).items():
        sn = f"SN{person:03d}"
        for trial in names:
            values = levels(person, frames, 12)
            for frame in range(frames):
                write(root / "Images" / sn / trial / f"{frame:03d}.jpg")
            for column, au in enumerate(DISFA_AUS):
                lines = "".join(f"{frame:03d}.jpg {values[frame, column]}\n" for frame in range(frames))
                write(root / "Labels" / sn / trial / f"AU{au}.txt", "# frame intensity\n" + lines)
    return root


def bp4d(root: Path, people: Iterable[str] = ("F001", "M002"), tasks: Iterable[str] = ("T1", "T2")) -> Path:
    """Six pictures a task, of which the coded part is 3 to 5; AU10 is not known in frame 4."""
    for number, person in enumerate(people):
        for task in tasks:
            for frame in range(1, 7):
                write(root / person / task / f"{frame:04d}.jpg")
            values = levels(number, 3, 5)
            values[1, 1] = 9
            for column, au in enumerate(BP4D_AUS):
                name = f"{person}_{task}_AU{au:02d}.csv"
                write(root / "AU Intensity Codes3.0" / f"AU{au:02d}" / name, rows(values[:, column], first=3))
    return root


def affwild2(root: Path) -> Path:
    for video, frames in {
        "48-30-720x1280": (1, 2, 5),
        "7-60_left": (1,),
        "7-60_right": (2,),
        "9": (1,),
    }.items():
        for frame in frames:
            write(root / "cropped_aligned" / video / f"{frame:05d}.jpg")
    header = "AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26\n"
    annotations = root / "annotations" / "AU_Detection_Challenge"
    for video in ("48-30-720x1280", "absent"):
        write(annotations / "Train_Set" / f"{video}.txt", header + "-1," * 11 + "-1\n")
    for video in ("7-60_left", "7-60_right"):
        write(annotations / "Validation_Set" / f"{video}.txt", header + "1," * 11 + "0\n")
    return root


def unbc(root: Path, people: Iterable[str] = ("042-ll042", "043-jh043"), frames: int = 4) -> Path:
    """AU04 grows from frame to frame, AU43 is on in the last; the first frame's file is empty."""
    for person in people:
        sequence = f"{person[4:]}t1aaaff"
        for frame in range(1, frames + 1):
            stem = f"{sequence}{frame:03d}"
            write(root / "Images" / person / sequence / f"{stem}.png")
            active = [] if frame == 1 else [(4, frame - 1)]
            active += [(43, 1)] if frame == frames else []
            text = "".join(f"   {au:.7e}   {level:.7e}   {0:.7e}   {0:.7e}\n" for au, level in active)
            write(root / "Frame_Labels" / "FACS" / person / sequence / f"{stem}_facs.txt", text)
            write(root / "Frame_Labels" / "PSPI" / person / sequence / f"{stem}_facs.txt", f"{frame:.7e}\n")
    return root


def videos(root: Path) -> Path:
    for name in ("a.mp4", "day 2/b.avi", "day 2/c.MOV"):
        write(root / name)
    write(
        root / "manifest.csv",
        "video,subject,session,split\na.mp4,P1,1,train\nday 2/b.avi,P2,,test\nc.mov,P1,2,\n",
    )
    write(root / "labels.csv", "video,frame,AU12,AU4\na,1,2.5,\na,3,0,5\nb,1,,1\n")
    return root
