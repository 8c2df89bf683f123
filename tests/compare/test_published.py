"""The published numbers are those of the paper: complete, sourced, and each row agrees with its own average."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import aukit

FILE = Path(aukit.__file__).parent / "compare" / "published.toml"
DATA = tomllib.loads(FILE.read_text("utf-8"))
ROWS: list[dict[str, Any]] = DATA["numbers"]
AUS = {
    "disfa": ["AU01", "AU02", "AU04", "AU05", "AU06", "AU09", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26"],
    "bp4d": ["AU06", "AU10", "AU12", "AU14", "AU17"],
}
COUNTS = {"table2": 8, "table3": 8, "table4": 8, "table5": 8}
"""Rows of each table: four methods, two metrics."""
# The methods that the paper prints in bold, AU by AU and for the average: a swapped cell changes them, no average does.
BOLD = {
    "table2": "R18 D A R18 A R18 D D A R18 A D A",
    "table3": "A A A R18 R18 A A R18 A A A A A",
    "table4": "Ours Ours KJRE Ours CFLF Ours",
    "table5": "Ours KJRE Ours CFLF Ours CFLF Ours CFLF CFLF CFLF Ours Ours Ours",
}
SHORT = {"D": "Ours(*Disfa)", "A": "Ours(*Affwild2)"}


def called(row: dict[str, Any]) -> str:
    return "-".join(str(row[key]) for key in ("table", "method", "metric"))


def away(row: dict[str, Any], **mended: float) -> float:
    """How far a row's printed average is from the mean of its cells, in units of its last printed digit."""
    cells = {**row["aus"], **mended}
    printed = cells.pop("mean")
    return abs(math.fsum(cells.values()) / len(cells) - printed) / (
        0.01 if "two decimals" in row["note"] else 0.001
    )


def test_every_table_is_there_whole() -> None:
    assert Counter(row["table"] for row in ROWS) == COUNTS
    keys = Counter((row["table"], row["method"], row["metric"]) for row in ROWS)
    assert set(keys.values()) == {1}
    assert [(row["table"], row["data_set"]) for row in DATA["accuracy"]] == [
        ("table1", "disfa"),
        ("table1", "affwild2"),
    ]
    assert set(DATA) == {"numbers", "accuracy"}


@pytest.mark.parametrize("row", ROWS, ids=called)
def test_a_row_is_complete_and_in_range(row: dict[str, Any]) -> None:
    known = {"table", "data_set", "method", "labels", "metric", "aus", "source", "note", "doubtful"}
    assert set(row) - {"doubtful"} == known - {"doubtful"}
    assert list(row["aus"]) == [*AUS[row["data_set"]], "mean"]
    assert all(isinstance(value, float) for value in row["aus"].values())
    low, high = {"icc": (-1.0, 1.0), "mae": (0.0, 5.0)}[row["metric"]]
    assert all(low <= value <= high for value in row["aus"].values())
    assert set(row.get("doubtful", [])) <= set(row["aus"])
    assert row["labels"]


@pytest.mark.parametrize("row", [*ROWS, *DATA["accuracy"]], ids=lambda row: f"{row['table']}")
def test_every_row_says_where_it_is_printed(row: dict[str, Any]) -> None:
    number = row["table"].removeprefix("table")
    assert re.fullmatch(
        rf"Sanchez, .* ACCV 2020, table {number}(; the row is its copy of .* \d{{4}})?", row["source"]
    )
    assert ("copy of" in row["source"]) == (row.get("method") in ("KBSS", "KJRE", "CFLF"))


@pytest.mark.parametrize("row", [row for row in ROWS if "doubtful" not in row], ids=called)
def test_a_row_agrees_with_its_average(row: dict[str, Any]) -> None:
    assert away(row) <= 0.5 + 1e-9


def test_the_one_doubtful_cell() -> None:
    """CFLF's AU12 on BP4D repeats the cell above it; .624 in its place would give the printed average."""
    (row,) = [row for row in ROWS if "doubtful" in row]
    assert (row["table"], row["method"], row["metric"], row["doubtful"]) == (
        "table4",
        "CFLF",
        "mae",
        ["AU12"],
    )
    (above,) = [other for other in ROWS if called(other) == "table4-KBSS-mae"]
    assert row["aus"]["AU12"] == above["aus"]["AU12"]
    assert away(row) > 10
    assert away(row, AU12=0.624) <= 0.5 + 1e-9


@pytest.mark.parametrize("table", BOLD)
def test_the_best_method_of_each_au_is_the_one_in_bold(table: str) -> None:
    rows = [row for row in ROWS if (row["table"], row["metric"]) == (table, "icc")]
    for au, bold in zip(rows[0]["aus"], BOLD[table].split(), strict=True):
        best = max(row["aus"][au] for row in rows)
        assert SHORT.get(bold, bold) in [row["method"] for row in rows if row["aus"][au] == best], au


def test_accuracies_rise_with_the_number_of_guesses() -> None:
    for row in DATA["accuracy"]:
        assert set(row) == {"table", "data_set", "top1", "top3", "top5", "source"}
        assert 0 < row["top1"] < row["top3"] < row["top5"] < 1
