"""The lines of a small text file, with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aukit.errors import DataError


def read_text(path: Path) -> str:
    """A file as text with `\\n` line ends: UTF-8, with or without a byte order mark.

    Raises:
        DataError: it is not there, cannot be read, or is not text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8 text"
        raise DataError("not a text file in UTF-8", where=f"{path}:{line}", hint=hint) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError("not a text file: it has zero bytes", where=f"{path}:{line}")
    return text


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """`(number, line)` for each line that says something: neither blank nor a comment, without outer spaces.

    Raises:
        DataError: as `read_text`.
    """
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        line = line.strip()
        if line and not line.startswith("#"):
            yield number, line
