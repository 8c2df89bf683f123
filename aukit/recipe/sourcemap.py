"""Where each key of a TOML text stands. `tomllib` reads the values; this scanner only finds the lines.

It runs on text that `tomllib` has accepted, so it can trust the syntax.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

from aukit.recipe.paths import Path


@dataclass(frozen=True)
class SourceMap:
    """`lines`: path to line, from 1; every key, every table and every element of an array has one.

    `inline`: the tables that were written as values, `{...}`.
    """

    lines: dict[Path, int] = field(default_factory=dict)
    inline: set[Path] = field(default_factory=set)


def source_map(text: str) -> SourceMap:
    """The map of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.map


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Longest delimiters first. A string of three quotes may end in up to two more that belong to it.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.map = SourceMap()
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lengths: dict[Path, int] = {}  # of each array of tables

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        line = self._line()
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        keys = self._keys()
        self.at += 2 if array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = self._last((*path, key))
            self.map.lines.setdefault(path, line)
        path = (*path, keys[-1])
        if array:
            self.map.lines.setdefault(path, line)
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path = (*path, index)
        self.map.lines[path] = line  # a table opened by its own header is found there
        return path

    def _last(self, path: Path) -> Path:
        """The newest element, where the path is an array of tables."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self.map.lines.setdefault(path, line)
        self.at += 1  # the sign =
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._skip(_STRING)
        elif first == "[":
            self.at += 1
            index = 0
            while not self._closed("]"):
                self.map.lines[(*path, index)] = self._line()
                self._value((*path, index))
                index += 1
        elif first == "{":
            self.map.inline.add(path)
            self.at += 1
            while not self._closed("}"):
                self._pair(path)
        else:
            self._skip(_SCALAR)

    def _closed(self, bracket: str) -> bool:
        """Step over blanks and a comma; whether the bracket closes here, in which case over it, too."""
        self._skip(_BLANK)
        if self.text.startswith(",", self.at):
            self.at += 1
            self._skip(_BLANK)
        if self.text.startswith(bracket, self.at):
            self.at += 1
            return True
        return False

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            if self.text[self.at] in "\"'":
                keys.append(tomllib.loads(f"key = {self._skip(_STRING)}")["key"])
            else:
                keys.append(self._skip(_BARE_KEY))
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if not match:
            raise ValueError(f"line {self._line()} is not TOML as this scanner knows it")
        self.at = match.end()
        return match.group()

    def _line(self) -> int:
        return bisect_right(self._starts, self.at)
