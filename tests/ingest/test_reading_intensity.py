"""Readers of label files: exactly the numbers that are there, or an error with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.errors import DataError
from aukit.ingest.reading.columns import side_by_side
from aukit.ingest.reading.facs_rows import read_rows
from aukit.ingest.reading.intensity_text import Column, read_column


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


BAD = [
    ("", None, "an empty label file"),
    ("\ufeff\n\n# all\n", None, "an empty label file"),
    ("1,0\n2;x\n", 2, "cannot be read: `2;x`"),
    ("1,0\n\n2\n", 3, "cannot be read: `2`"),
    ("1,0,0\n", 1, "cannot be read"),
    ("1,2.0\n", 1, "cannot be read: `1,2.0`"),
    ("1,1e0\n", 1, "cannot be read"),
    ("1,٣\n", 1, "cannot be read"),
    ("-1,3\n", 1, "cannot be read"),
    ("1,6\n", 1, "6 is no intensity"),
    ("1,0\r\n2,-1\r\n", 2, "-1 is no intensity"),
    ("1,9\n", 1, "9 is no intensity"),
    ("1,0\n1,0\n", 2, "frame 1 is given twice"),
    ("2,0\n1,0\n", 2, "frame 1 comes after frame 2"),
    ("99999999999999999999,0\n", 1, "cannot be read"),
    ("1,0\0\n", 1, "not a text file"),
]


@pytest.mark.parametrize(("text", "line", "message"), BAD)
def test_a_bad_file_is_told_with_its_line(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    file = write(tmp_path / "SN001_au1.txt", text)
    with pytest.raises(DataError, match=message) as caught:
        read_column(file)
    assert caught.value.where == (f"{file}:{line}" if line else str(file))


def test_a_code_for_not_known_is_never_a_number(tmp_path: Path) -> None:
    file = write(tmp_path / "F001_T1_AU06.csv", "10,9\n11,0\n12,5\n13,9\n")
    column = read_column(file, missing=(9,))
    assert column.frame.tolist() == [10, 11, 12, 13]
    assert np.array_equal(column.value, [np.nan, 0, 5, np.nan], equal_nan=True)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_column(tmp_path / "absent.txt")
    (tmp_path / "x.txt").write_bytes(b"1,0\n2,\xff\xfe\n")
    with pytest.raises(DataError, match="not a text file in UTF-8") as caught:
        read_column(tmp_path / "x.txt")
    assert caught.value.where.endswith("x.txt:2")
    with pytest.raises(DataError, match="cannot be read"):
        read_column(tmp_path)


@given(
    st.one_of(st.binary(max_size=200), st.text("0123456789,;.\t\n\r -+e#jpg", max_size=80).map(str.encode)),
    st.booleans(),
)
def test_any_bytes_are_labels_or_an_error(tmp_path_factory, content: bytes, named: bool) -> None:
    file = tmp_path_factory.mktemp("any") / "x.txt"
    file.write_bytes(content)
    for missing in ((), (9,)):
        try:
            column = read_column(file, missing=missing, named=named)
        except DataError as error:
            assert str(file) in error.where
        else:
            assert (np.diff(column.frame) > 0).all()
            known = column.value[~np.isnan(column.value)]
            assert set(known) <= {0, 1, 2, 3, 4, 5}
            assert missing or len(known) == len(column.value)
            tokens = content.decode("utf-8-sig").replace(",", " ").replace(";", " ").split()
            assert all(
                any(token.startswith(str(frame)) or str(frame) in token for token in tokens)
                for frame in column.frame
            )


@given(st.dictionaries(st.integers(0, 10**9 - 1), st.integers(0, 5), min_size=1, max_size=30), st.randoms())
def test_named_lines_in_any_order_give_their_numbers(tmp_path_factory, values, random) -> None:
    lines = [
        f"{random.choice(['', 'x_', 'a1b', 'SN001-'])}{frame:0{random.randint(1, 9)}d}.jpg {value}"
        for frame, value in values.items()
    ]
    random.shuffle(lines)
    file = write(tmp_path_factory.mktemp("named") / "AU1.txt", "\n".join(lines))
    column = read_column(file, named=True)
    assert dict(zip(column.frame.tolist(), column.value.tolist(), strict=True)) == values


def test_a_named_line_keeps_all_digits_of_its_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_column(write(tmp_path / "AU1.txt", "x1234567890.jpg 1\n"), named=True)


columns = st.dictionaries(
    st.sampled_from(["AU01", "AU04", "AU12"]),
    st.dictionaries(st.integers(0, 20), st.one_of(st.integers(0, 5), st.just(np.nan)), min_size=1),
)


@given(columns)
def test_columns_side_by_side_keep_each_cell(given_columns) -> None:
    aus = ("AU12", "AU01", "AU04")
    made = {
        au: Column(
            frame=np.array(sorted(cells), np.int64),
            value=np.array([cells[frame] for frame in sorted(cells)], np.float32),
        )
        for au, cells in given_columns.items()
    }
    labels = side_by_side(made, aus)
    frames = sorted({frame for cells in given_columns.values() for frame in cells})
    assert labels.frame.tolist() == frames
    expected = [[given_columns.get(au, {}).get(frame, np.nan) for au in aus] for frame in frames]
    assert np.array_equal(labels.intensity, np.array(expected, np.float32).reshape(-1, 3), equal_nan=True)


ROWS = [
    ("x\n", 1, "cannot be read: `x`"),
    ("4.0e+00\n", 1, "cannot be read"),
    ("4.5e+00 1.0e+00 0 0\n", 1, "4.5e.00 is no AU"),
    ("4.0e+00 2.5e+00 0 0\n", 1, "2.5e.00 is no intensity"),
    ("\n4.0e+00 6.0e+00 0 0\n", 2, "6.0e.00 is no intensity"),
    ("4 -1 0 0\n", 1, "-1 is no intensity"),
    ("4 1 0 0\n4 2 0 0\n", 2, "AU4 has two intensities"),
    ("4 nan 0 0\n", 1, "cannot be read"),
    ("4 1e999 0 0\n", 1, "is no intensity"),
]


@pytest.mark.parametrize(("text", "line", "message"), ROWS)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = write(tmp_path / "x001_facs.txt", text)
    with pytest.raises(DataError, match=message) as caught:
        read_rows(file)
    assert caught.value.where == f"{file}:{line}"


@given(st.one_of(st.binary(max_size=100), st.text("0123456789.e+- \n", max_size=60).map(str.encode)))
def test_any_bytes_are_rows_or_an_error(tmp_path_factory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "x001_facs.txt"
    file.write_bytes(content)
    try:
        found = read_rows(file)
    except DataError as error:
        assert str(file) in error.where
    else:
        assert all(1 <= au <= 99 and 0 <= value <= 5 for au, value in found.items())


@given(st.dictionaries(st.integers(1, 99), st.integers(0, 5)), st.sampled_from(["{:.7e}", "{:d}", "{:.1f}"]))
def test_rows_give_their_numbers(tmp_path_factory, active, form) -> None:
    text = "".join(f"  {form.format(au)}   {form.format(value)}  0 0\n" for au, value in active.items())
    assert read_rows(write(tmp_path_factory.mktemp("rows") / "x001_facs.txt", text)) == active
