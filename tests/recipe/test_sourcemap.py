"""The source map finds the line of every key, however the TOML is written."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from aukit.errors import RecipeError
from aukit.recipe.paths import Path, dotted, parse_path, walk
from aukit.recipe.source import parse_source
from aukit.recipe.sourcemap import source_map


def test_every_way_to_write_a_key() -> None:
    text = '''\
# a comment with [brackets] and key = "value"
top = 1
"quoted key" = 'lit # eral'
dot.ted."x.y" = 2

[table]  # comment
multi = """
inside = 3
quote at the end""""
literal = \'\'\'
[not.a.table]
\'\'\'
array = [
  1,  # one
  [2, 3],
  { a = 4, b = { c = 5 } },
]
when = 1979-05-27 07:32:00
last = "esc \\" aped"

[deep.er.table]
key = 6
[[rows]]
name = "first"
[rows.sub]
x = 1
[[rows]]
name = "second"
[[rows.inner]]
y = 2
[[rows.inner]]
y = 3
[deep]
own = 7
'''
    tables = tomllib.loads(text)
    found = source_map(text)
    lines = text.splitlines()
    expected = {
        ("top",): 2,
        ("quoted key",): 3,
        ("dot",): 4,
        ("dot", "ted", "x.y"): 4,
        ("table",): 6,
        ("table", "multi"): 7,
        ("table", "literal"): 10,
        ("table", "array"): 13,
        ("table", "array", 0): 14,
        ("table", "array", 1, 1): 15,
        ("table", "array", 2, "b", "c"): 16,
        ("table", "when"): 18,
        ("table", "last"): 19,
        ("deep", "er"): 21,
        ("deep", "er", "table", "key"): 22,
        ("rows",): 23,
        ("rows", 0): 23,
        ("rows", 0, "sub", "x"): 26,
        ("rows", 1): 27,
        ("rows", 1, "inner", 0): 29,
        ("rows", 1, "inner", 1, "y"): 32,
        ("deep",): 33,
        ("deep", "own"): 34,
    }
    assert {path: found.lines[path] for path in expected} == expected
    assert found.lines.keys() == {path for path, _ in walk(tables)}
    assert found.inline == {("table", "array", 2), ("table", "array", 2, "b")}
    assert lines[found.lines[("table", "last")] - 1].startswith("last")


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6)
SCALARS = (
    st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)
    | st.datetimes()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(TABLES, st.booleans())
def test_exactly_the_paths_of_the_parsed_tables_have_lines(
    tables: dict[str, object], multiline: bool
) -> None:
    text = tomli_w.dumps(tables, multiline_strings=multiline)
    found = source_map(text)
    assert found.lines.keys() == {path for path, _ in walk(tomllib.loads(text))}
    assert all(1 <= line <= text.count("\n") + 1 for line in found.lines.values())


NAMES = st.lists(st.from_regex(r"[a-z]{2,8}", fullmatch=True), min_size=1, max_size=6, unique=True)


@given(NAMES, st.data())
def test_the_line_holds_the_key(names: list[str], data: st.DataObject) -> None:
    """Each key is unique in the text, so its line must contain it."""
    lines: list[str] = []
    expected: dict[Path, int] = {}
    header: Path = ()
    for name in names:
        lines += data.draw(st.lists(st.sampled_from(["", "# [x]", "  # a = 1"]), max_size=2))
        form = data.draw(st.sampled_from(["pair", "header", "array", "inline", "dotted", "long", "block"]))
        if form in ("header", "array"):
            lines.append(f"[{name}]" if form == "header" else f"[[{name}]]")
            header = (name,) if form == "header" else (name, 0)
            expected[header] = len(lines)
            continue
        line = {
            "pair": f'{name} = "#[]{{}}"',
            "inline": f"{name} = {{ one = 1, two = [ 2, 3 ] }}",
            "dotted": f'{name} . "one" = 1',
            "long": f'{name} = """\n= "" [a]\n\\""" """',
            "block": f"{name} = [\n  1, # ]\n  2,\n]",
        }[form]
        expected[(*header, name)] = len(lines) + 1
        if form in ("inline", "dotted"):
            expected[(*header, name, "one")] = len(lines) + 1
        if form == "block":
            expected[(*header, name, 1)] = len(lines) + 3
        lines += line.split("\n")
    text = "\n".join(lines)
    tomllib.loads(text)
    found = source_map(text).lines
    assert {path: found.get(path) for path in expected} == expected


@given(st.lists(KEYS, min_size=1, max_size=4))
def test_a_dotted_path_reads_back(keys: list[str]) -> None:
    assert parse_path(dotted(keys)) == tuple(keys)


@pytest.mark.parametrize("text", ["", "a..b", "a b", "a = 1\nb", "a.b = {c"])
def test_no_path(text: str) -> None:
    with pytest.raises(ValueError):
        parse_path(text)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "a = 1\nname = gru\n",
            "r.toml:2:8: not TOML: invalid value",
            'text stands in quotes: name = "convgru"; true and false are written small',
        ),
        ("a = 1\n[b\n", "r.toml:2:3: not TOML: expected ']' at the end of a table declaration", ""),
        (
            "a = 1\na = 2\n",
            "r.toml:2:6: not TOML: cannot overwrite a value",
            "a key or a table stands twice: keep one of them",
        ),
        ('a = """\nx', "r.toml:2:2: not TOML: unterminated string", ""),
        ("a\r\n", "r.toml:1:2: not TOML: expected '=' after a key in a key/value pair", ""),
    ],
)
def test_a_syntax_error_has_line_and_column(text: str, message: str, hint: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_source(text, "r.toml")
    (problem,) = caught.value.problems
    assert (str(problem), problem.hint) == (message, hint)
