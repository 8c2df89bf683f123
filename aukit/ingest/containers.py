"""Whether a video file is as long as its own container says: a copy that broke off plays fine up to its last byte."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_BOXES = {
    *(
        b"ftyp",
        b"styp",
        b"moov",
        b"moof",
        b"mfra",
        b"mdat",
        b"meta",
        b"udta",
        b"uuid",
        b"free",
        b"skip",
        b"wide",
    ),
    *(b"sidx", b"ssix", b"emsg", b"prft", b"pdin", b"pnot", b"PICT"),
}
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"


def cut_off(path: Path) -> str:
    """What a file lacks at its end, in words; empty where nothing is known to be missing.

    Read are the outermost sizes of ISO files (MP4, MOV: ISO/IEC 14496-12), Matroska (RFC 9559) and AVI (RIFF, OpenDML).
    A size that a recorder left open says nothing. Raises OSError.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[4:8] in _BOXES:
            return _iso(file, size)
        if start[:4] == _EBML:
            return _early(_matroska(file), size)
        if start[:4] == b"RIFF" and start[8:12] in (b"AVI ", b""):
            return _early(_riff(file, size), size)
    return ""


def _early(end: int, size: int) -> str:
    return f"the file ends {end - size} bytes too early" if end > size else ""


def _iso(file: BinaryIO, size: int) -> str:
    position, names = 0, set()
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        name, length = header[4:8], int.from_bytes(header[:4], "big")
        if name not in _BOXES:
            break  # something of others behind the last box
        names.add(name)
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:
            break  # 0: the last box goes on to the end
        position += length
    if position > size:
        return _early(position, size)
    return "" if names & {b"moov", b"moof"} else "the file ends before its index (`moov`)"


def _matroska(file: BinaryIO) -> int:
    """Where the segment ends; 0 where that was left open."""
    file.seek(4)
    header = _number(file)
    file.seek(header or 0, os.SEEK_CUR)
    if header is None or file.read(4) != _SEGMENT:
        return 0
    segment = _number(file)
    return 0 if segment is None else file.tell() + segment


def _number(file: BinaryIO) -> int | None:
    """A variable-length integer; None where it is cut off or means "unknown"."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (0xFF >> (more + 1))]) + file.read(more), "big")
    return None if value == (1 << 7 * (more + 1)) - 1 else value


def _riff(file: BinaryIO, size: int) -> int:
    """Where the last of the RIFF lists ends. A large AVI has several."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(8)
        if header[:4] != b"RIFF":
            break
        length = int.from_bytes(header[4:], "little")
        position += 8 + length + length % 2
    return position - 1 if position == size + 1 else position
