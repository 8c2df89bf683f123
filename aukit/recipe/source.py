"""A recipe's text: read, parsed, and each value traced to its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aukit.errors import Problem, RecipeError
from aukit.recipe.sourcemap import SourceMap, source_map

_PLACE = re.compile(
    r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class SourceText:
    """A recipe file as it was written."""

    file: str
    text: str
    tables: dict[str, Any]
    map: SourceMap


def read_source(file: Path) -> SourceText:
    """Read and parse a recipe file.

    Raises:
        RecipeError: the file cannot be read, or is not TOML: with line and column.
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"this is not UTF-8 text (byte {error.start})"
        raise RecipeError([Problem(where=str(file), message=message, hint="save it as UTF-8")]) from error
    except OSError as error:
        raise RecipeError([Problem(where=str(file), message=f"cannot be read: {error.strerror}")]) from error
    return parse_source(text, str(file))


def parse_source(text: str, file: str) -> SourceText:
    """Parse a recipe's text; `file` names it in messages.

    Raises:
        RecipeError: it is not TOML: with line and column.
    """
    text = text.replace("\r\n", "\n")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError([_syntax_problem(str(error), text, file)]) from error
    return SourceText(file=file, text=text, tables=tables, map=source_map(text))


def _syntax_problem(message: str, text: str, file: str) -> Problem:
    match = _PLACE.match(message)
    what = match["what"] if match else message
    if match and match["line"]:
        place = f"{match['line']}:{match['column']}"
    else:
        place = f"{len(text.splitlines()) or 1}:{len((text.splitlines() or [''])[-1]) + 1}"
    hint = ""
    if what == "Invalid value":
        hint = 'text stands in quotes: name = "convgru"; true and false are written small'
    elif what.startswith("Cannot overwrite"):
        hint = "a key or a table stands twice: keep one of them"
    return Problem(where=f"{file}:{place}", message=f"not TOML: {what[:1].lower()}{what[1:]}", hint=hint)
