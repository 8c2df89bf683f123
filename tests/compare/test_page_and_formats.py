"""The page is one file and well formed, and each format holds the numbers of the comparison."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aukit.compare.compare import compare_runs
from aukit.compare.figures import figures, write_figures
from aukit.compare.formats import csv_text, latex, markdown, tex
from aukit.compare.page import render
from aukit.compare.result import MEAN, Comparison
from aukit.compare.tables import between, tables

VOID = {"meta", "br", "img", "link", "hr"}


@pytest.fixture(scope="module")
def found(suite: Path) -> Comparison:
    return compare_runs(suite)


class Elements(HTMLParser):
    """Sees that every element is closed in order, and keeps what points elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs) -> None:
        self.sources += [value for name, value in attrs if name in ("src", "href", "xlink:href")]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_whole_file(found: Comparison) -> None:
    text = render(found)
    page = Elements(text)
    assert all(source.startswith("#") for source in page.sources)
    assert len(set(page.ids)) == len(page.ids)
    assert text.count("<svg") == 4
    assert "SYNTHETIC DATA" in text and "pre-trained beats scratch" in text
    for table in tables(found):
        assert all(cell in text for row in table.rows for cell in row)


def test_the_page_of_one_run_has_no_differences(suite: Path) -> None:
    text = render(compare_runs(suite / "base" / "fold1-seed0"))
    assert text.count("<svg") == 2 and "rings are the seeds" not in text


@pytest.mark.parametrize(
    ("shows", "names"),
    [
        ("intensity", ["scores-icc", "scores-mae", "differences-icc", "differences-mae"]),
        ("labels", ["levels-0", "levels-1"]),
    ],
)
def test_figures_as_files_need_no_page(suite: Path, tmp_path: Path, shows: str, names: list[str]) -> None:
    found = compare_runs(suite, shows=shows)
    files = write_figures(found, tmp_path / "figures")
    assert [file.stem for file in files] == names
    for file, figure in zip(files, figures(found), strict=True):
        text = file.read_text("utf-8")
        words = " ".join(ElementTree.fromstring(text).itertext())
        assert figure.title in words and "SYNTHETIC DATA" in words
        assert all(name in words for name, _ in figure.key)
        assert "var(--" not in text and "nan" not in text


def test_a_forced_figure_is_marked(suite: Path, make_run, tmp_path: Path) -> None:
    other = make_run(tmp_path / "other", "scratch", people=5)
    found = compare_runs(suite / "base" / "fold1-seed0", other, force=True)
    for file in write_figures(found, tmp_path):
        assert "NOT COMPARABLE" in file.read_text("utf-8")


def test_what_a_recipe_is_called_is_text(make_run, tmp_path: Path, changed) -> None:
    run = make_run(tmp_path / "a", tables=changed("model", "aus", to=[], name="<b>&_|"))
    found = compare_runs(run)
    assert "<b>&_" not in render(found) and "&lt;b&gt;&amp;_|" in render(found)
    assert r"<b>\&\_|" in latex(found).replace("% <b>&_|", "")
    assert r"| <b>&_\| |" in markdown(found)


def test_csv_has_a_row_a_number(found: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert len(rows) == 4 * 3 * 4  # rows of the table, metrics, AUs and their mean
    (row,) = [r for r in rows if (r["variant"], r["metric"], r["au"]) == ("base", "icc", MEAN)]
    cell, less = found["base"].scores["icc"][MEAN], found["base"].differences["icc"][MEAN]
    numbers = {"value": cell.value, "low": cell.low, "seed_sd": cell.spread.sd, "difference_low": less.low}
    for name, value in numbers.items():
        assert float(row[name]) == pytest.approx(value, rel=1e-5)
    assert (row["folds"], row["seeds"], row["better"], row["better_of"]) == ("1 2", "0 1 2", "12", "12")
    assert (row["origin"], row["forced"], row["published"]) == ("synthetic", "", "")


def test_markdown_tables_are_square(found: Comparison) -> None:
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", markdown(found), re.MULTILINE)
    assert len(blocks) == len(tables(found))
    for block in blocks:
        assert len({line.count("|") for line in block.strip().splitlines()}) == 1


def test_latex_is_balanced_and_escaped(found: Comparison) -> None:
    text = latex(found)
    assert text.count(r"\begin{") == text.count(r"\end{") == 2 * len(tables(found))
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert not [line for line in body if re.search(r"(?<!\\)[%#_]", line)]
    widths = re.findall(r"\\begin\{tabular\}\{(\w+)\}\n\\toprule\n(.*?) \\\\", text)
    assert all(len(rule) == head.count(" & ") + 1 for rule, head in widths)
    assert tex("50 % of a_b & {c} − 1") == r"50 \% of a\_b \& \{c\} $-$ 1"


def test_a_reason_of_several_lines_stays_a_comment_in_latex(found: Comparison) -> None:
    assert found.suite
    state = replace(found.suite, failed={"base/fold1-seed0": "the recipe has changed\n--- a & b_c\n+++ 50 %"})
    text = latex(replace(found, suite=state))
    assert "% --- a & b_c\n% +++ 50 %\n" in text


def test_json_has_no_number_that_json_has_not(found: Comparison) -> None:
    table = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert table["arms"][1]["scores"]["icc"]["AU04"]["value"] == found["base"].scores["icc"]["AU04"].value
    assert table["arms"][2]["scores"]["icc"]["AU04"]["low"] is None
    assert table["suite"]["hypothesis"] == "pre-trained beats scratch"


def test_bounds_that_the_data_does_not_give_are_dashes() -> None:
    inf, nan = float("inf"), float("nan")
    assert [between(*pair) for pair in ((0.1, 0.234), (-0.5, inf), (-inf, inf), (nan, nan))] == [
        "0.10 to 0.23",
        "−0.50 to –",
        "–",
        "–",
    ]
