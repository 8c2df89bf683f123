"""Whatever a box file says, it is read right or refused with its place: never a traceback, never a wrong number."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aukit.builtin.locators.box_json import read_json
from aukit.builtin.locators.box_table import read_table
from aukit.errors import DataError
from aukit.hosting.build import build

READERS = {"v.csv": read_table, "v.json": read_json}


def refused(path: Path, content: str | bytes) -> DataError:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        list(READERS[path.name](path, None))
    return caught.value


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        ("", "", "an empty file"),
        (b"\xff\xfe\x00", 1, "not a text file"),
        ("1,10,20,30,40\n", 1, "no columns are a box"),
        ("frame,x,y\n0,1,1\n", 1, "no columns are a box"),
        ("x0,y0,x1,y1\n1,1,2,2\n", 1, "neither frames nor times are given"),
        ("frame,frame,x0,y0,x1,y1\n", 1, "the column `frame` is there twice"),
        ("frame,x0,y0,x1,y1\n0,1,1,5,5\n1,1,1,5\n", 3, "4 cells, but 5 columns"),
        ("frame,x0,y0,x1,y1\n0,1,1,5,5\n\n\n1,1,1,5,five\n", 5, "`five` is no number for `y1`"),
        ("frame,x0,y0,x1,y1\n0,1,1,,5\n", 2, "`` is no number for `x1`"),
        ("frame,x0,y0,x1,y1\n0,1,1,inf,5\n", 2, "`inf` is no number"),
        ("frame,x0,y0,x1,y1\n0,1,1,1_0,5\n", 2, "`1_0` is no number"),
        ("frame,x0,y0,x1,y1\n0,1,1,1e999,5\n", 2, "`1e999` is no number"),
        ("frame,x0,y0,x1,y1\n-1,1,1,5,5\n", 2, "`-1` is no frame"),
        ("frame,x0,y0,x1,y1\n0.5,1,1,5,5\n", 2, "`0.5` is no frame"),
        ("frame,x0,y0,x1,y1\n0,5,1,5,5\n", 2, "no box: 5, 1, 5, 5"),
        ("frame,x,y,w,h\n0,5,1,-5,5\n", 2, "no box: 5, 1, -5, 5"),
        ("frame,x0,y0,x1,y1,score\n0,1,1,5,5,93\n", 2, "93 is no score"),
        ("time,x0,y0,x1,y1\n-0.5,1,1,5,5\n", 2, "a time before the first picture"),
        ('frame,x0,y0,x1,y1\n0,1,1,5,"5\n', 2, "cannot be read as a table"),
    ],
)
def test_a_wrong_table_names_its_line(tmp_path, content, line, sentence):
    path = tmp_path / "v.csv"
    error = refused(path, content)
    assert sentence in error.message
    assert error.where == (f"{path}:{line}" if line else str(path))


@pytest.mark.parametrize(
    ("content", "where", "sentence"),
    [
        ("", ":1", "not JSON"),
        ('[\n{"frame": 0,\n}]', ":3", "not JSON"),
        ("[NaN]", "", "`NaN` is no number"),
        ("7", "", "no boxes"),
        ('{"0": [], "0": []}', "", "the key `0` is there twice"),
        ("[" * 100_000, "", "not JSON that can be read"),
        ('{"0": [[1, 2, 3]]}', ": frame 0", "no box of four numbers"),
        ('{"0": [[1, 2, 3, "4"]]}', ": frame 0", "no number"),
        ('{"0": [[5, 2, 3, 4]]}', ": frame 0", "no box: 5, 2, 3, 4"),
        ('{"0": 5}', ": frame 0", "no list of boxes"),
        ('{"clip": {"0": [[1, 2, true, 4]]}}', ": `clip`: frame 0", "no number"),
        ('{"clip": {"zero": []}}', ": `clip`", "no boxes"),
        ('[{"box": [1, 2, 3, 4]}]', ": entry 0", "neither frame nor time"),
        ('[{"frame": 0.5, "box": [1, 2, 3, 4]}]', ": entry 0", "`frame` is no whole number"),
        ('[{"frame": 0, "box": [1, 2, 3, 4]}, {"frame": 1}]', ": entry 1", "it has no box"),
        ('[{"frame": 0, "video": 5, "box": null}]', ": entry 0", "`video` is no name"),
        ("[[[1, 2, 3, 4, 5]]]", ": entry 0", "5 is no score"),
        (f"[[[0, 0, 1, 1{400 * '0'}]]]", ": entry 0", "too large"),
    ],
)
def test_a_wrong_json_names_its_entry(tmp_path, content, where, sentence):
    path = tmp_path / "v.json"
    error = refused(path, content)
    assert sentence in error.message
    assert error.where == f"{path}{where}"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("v.json", '[{"frame": 0, "box": null}, {"time": 0, "box": null}]', "frames and times are mixed"),
        ("v.csv", "video,frame,x0,y0,x1,y1\na,0,1,1,5,5\n,1,1,1,5,5\n", "this row names no video, others do"),
        ("v.txt", "", "neither .csv nor .json"),
    ],
)
def test_what_only_the_whole_file_shows(tmp_path, name, content, sentence):
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=sentence):
        build("locator", "boxes", file=str(tmp_path / name))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        build("locator", "boxes", file=str(tmp_path / "none.csv"))


CORNER = st.integers(-50, 500) | st.floats(-50, 500).map(lambda value: round(value, 3))
SIDE = st.integers(1, 300) | st.floats(0.5, 300).map(lambda value: round(value, 3))
ROW = st.tuples(st.integers(0, 200), CORNER, CORNER, SIDE, SIDE, st.floats(0, 1))


@given(rows=st.lists(ROW, max_size=12), base=st.integers(0, 2), delimiter=st.sampled_from(",;\t"))
def test_right_tables_are_read_right(tmp_path_factory, rows, base, delimiter):
    path = tmp_path_factory.getbasetemp() / "v.csv"
    lines = [["frame", "score", "x", "y", "w", "h"]]
    lines += [[str(value) for value in (frame + base, score, *box)] for frame, *box, score in rows]
    path.write_text("\n".join(delimiter.join(line) for line in lines), "utf-8")
    found = list(read_table(path, base))
    assert [(given.place, given.face.score) for given in found] == [(row[0], row[-1]) for row in rows]
    for given_, (_, x, y, w, h, _) in zip(found, rows, strict=True):
        assert given_.face.box == (x, y, x + w, y + h)


@given(rows=st.lists(ROW, max_size=12))
def test_right_json_is_read_right(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "v.json"
    frames: dict[str, list[list[float]]] = {}
    for frame, x, y, w, h, score in rows:
        frames.setdefault(str(frame), []).append([x, y, x + w, y + h, score])
    path.write_text(json.dumps(frames), "utf-8")
    found = [(given.place, [*given.face.box, given.face.score]) for given in read_json(path, None)]
    assert found == [(int(frame), box) for frame, boxes in frames.items() for box in boxes]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["frame", "box", "0", ""]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["0", "7", "v", "frame", "time", "box", "score", "video"]), inner)
    ),
    max_leaves=12,
)
HEADER = "frame,x0,y0,x1,y1\n"
CELL = st.sampled_from(["0", "1", "7.5", "+3", ".5", "1e2", " 20 ", "", "-4", "nan", "\u0665"])
ROWS = st.lists(st.lists(CELL, min_size=5, max_size=5).map(",".join), max_size=3).map(
    lambda rows: HEADER + "\n".join(rows)
)
TEXT = st.text() | st.text(alphabet='frame,x0y1;.-+e\n" \t5\u0665nan', max_size=60)


@given(text=TEXT | TEXT.map(HEADER.__add__) | ROWS | JSON.map(json.dumps))
@example(text="frame,x0,y0,x1,y1\n0,0,0,\u0665,5")
@pytest.mark.parametrize("name", READERS)
def test_any_text_is_read_or_refused(tmp_path_factory, name, text):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = list(READERS[name](path, None))
    except DataError as error:
        assert error.where.startswith(str(path))
        return
    for given_ in found:
        assert (given_.place is None) != (given_.seconds is None)
        assert (given_.place or 0) >= 0 and (given_.seconds or 0) >= 0
        if given_.face:
            left, top, right, bottom = given_.face.box
            assert left < right and top < bottom and 0 <= given_.face.score <= 1
            assert all(map(math.isfinite, given_.face.box))
            if text.startswith(HEADER) and '"' not in text:  # each number as it stands in its line
                lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
                cells = lines[int(given_.where.rpartition(":")[2]) - 1].split(",")
                assert [given_.place, *given_.face.box] == [float(cell) for cell in cells]
