"""The page: self-contained, complete, honest about where its data comes from, and readable from whatever is there."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aukit.errors import DataError, RunFolderError
from aukit.evaluation.result import Evaluation
from aukit.report import write_report
from aukit.report.folder import read_run
from aukit.report.page import render
from aukit.report.tables import number
from aukit.rundir.atomic import read_json, write_json

VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """Text, attributes and whether every element is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def html(finished: Path) -> str:
    return render(read_run(finished))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_asks_nothing_of_a_network(html: str, page: Page) -> None:
    for tag, name, value in page.attributes:
        if name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            assert value.startswith(("data:image/png;base64,", "#")), (tag, name, value[:60])
        assert not name.startswith("on")
    tags = {tag for tag, _, _ in page.attributes}
    assert not tags & {"script", "link", "iframe", "object", "embed"}
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"https?://[^\s\"'<)]+", html)) <= namespaces
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_the_page_is_well_formed(page: Page) -> None:
    assert page.open == []
    ids = Counter(value for _, name, value in page.attributes if name == "id")
    assert [id for id, count in ids.items() if count > 1] == []
    used = {value[1:] for _, name, value in page.attributes if name == "xlink:href" and value.startswith("#")}
    assert used <= ids.keys()
    assert all(any(t == tag and n == "alt" for t, n, _ in page.attributes) for tag in ("img",))


def test_what_comes_in_which_order(page: Page) -> None:
    order = [
        "SYNTHETIC DATA",
        "little <run>",
        "What it sees",
        "How good it is, AU by AU",
        "How it learnt",
        "Where it is most wrong",
        "What the labels hold",
        "What made it",
    ]
    places = [page.words.index(title) for title in order]
    assert places == sorted(places)


def test_figures_take_every_colour_from_the_page(html: str) -> None:
    assert "#0102" not in html
    used = set(re.findall(r"var\(--([\w-]+)\)", html))
    defined = set(re.findall(r"--([\w-]+):", html))
    assert used <= defined
    dark = html.split("prefers-color-scheme: dark")[1]
    assert set(re.findall(r"--([\w-]+):", dark.split("* {")[0])) >= used - {"font", "level-0"}


def test_every_score_and_baseline_is_in_the_table(finished: Path, page: Page) -> None:
    evaluation = Evaluation.from_json(read_json(finished / "results.json"))
    for result in evaluation.aus:
        row = page.words[page.words.index(f"{result.au} ") :]
        icc, mae = result.scores["icc"], result.scores["mae"]
        wanted = [
            result.verdict,
            icc.value,
            icc.low,
            icc.high,
            mae.value,
            result.baselines["predict-mean"]["mae"],
        ]
        at = 0
        for value in wanted:
            at = row.index(value if isinstance(value, str) else number(value), at)
        assert f"{result.au} brow lowerer" in page.words or result.au != "AU04"
        assert result.reason[1:] in page.words
    assert {result.verdict for result in evaluation.aus} == {"usable", "weak", "not shown"}
    assert number(evaluation.means["icc"].value) in page.words


def test_settings_and_provenance_are_on_the_page(page: Page) -> None:
    for text in (
        'name = "little <run>"',
        "faces.h5 c0ffeec0ffee",
        "for tests",
        "train 2 (400 frames)",
        "objective dpc-nce aukit 0.1.0",
        "Han 2019 objective dpc-nce",
        "abc123 with uncommitted changes",
        "predictor windowed, seconds per frame 0.1, split test, window 15",
        "80 labelled frames, 240 labels",
        "1 min 45 s",
        "59 steps, 1 min 10 s",
    ):
        assert text in page.words, text


def test_text_from_a_recipe_is_escaped(html: str) -> None:
    assert "<run>" not in html
    assert "&lt;run&gt;" in html


def test_ten_worst_frames_with_faces(page: Page) -> None:
    faces = [value for tag, name, value in page.attributes if tag == "img" and name == "src"]
    assert len(faces) == 10
    strips = [value for tag, name, value in page.attributes if tag == "image" and name == "xlink:href"]
    assert len(strips) == 12


def plain(path: Path) -> str:
    """The words of a page without figures, which take a second each."""
    for name in ("metrics.jsonl", "predictions.h5", "examples.png"):
        (path / name).unlink()
    return Page(render(read_run(path))).words


@pytest.mark.parametrize("origin", ["rendered", "stand-in"])
def test_whatever_is_not_real_is_marked_loudly(make, origin: str) -> None:
    words = plain(make(origin=origin, people=4))
    assert words.index(f"{origin.upper()} DATA") < words.index("Mean ICC")


def test_drawn_faces_are_called_so_beneath_them(page: Page) -> None:
    assert "Faces: synthetic." in page.words


def test_real_data_has_no_banner(make) -> None:
    words = plain(make(origin="real", people=4))
    assert " DATA " not in words
    assert "never seen before" in words


def test_real_faces_come_with_a_word_on_sharing_them(make, page: Page) -> None:
    path = make(origin="real", people=4)
    (path / "metrics.jsonl").unlink()
    assert "share this page only as the terms of their data set allow" in Page(render(read_run(path))).words
    assert "share this page" not in page.words


def test_people_who_were_seen_in_training_are_named_first(make) -> None:
    words = plain(make(people=4, overlap=("P1", "P3")))
    assert "were seen in training (pretrain: P1, P3). This is no test on unseen people." in words
    assert "never seen before" not in words


def test_few_people_missing_predictions_and_large_errors_are_said(make) -> None:
    path = make(people=3)
    results = read_json(path / "results.json")
    results["aus"][0]["missing"] = 12
    results["means"]["mse"]["value"] = 99
    write_json(path / "results.json", results)
    words = plain(path)
    assert "With fewer than 4 people no interval can be given" in words
    assert "12 labelled values have no prediction" in words
    assert "squared error is not below that of always saying the mean" in words
    assert words.count("not shown") >= 3


def test_scores_on_validation_people_are_no_test(make) -> None:
    path = make(people=4)
    text = (path / "resolved.toml").read_text().replace('split = "test"', 'split = "validation"')
    (path / "resolved.toml").write_text(text)
    words = plain(path)
    assert "These are scores on the validation people" in words
    assert "never seen before" not in words


def test_folds_get_a_column(make) -> None:
    path = make(people=4)
    results = read_json(path / "results.json")
    results["folds"] = 3
    for result in results["aus"]:
        result["by_fold"] = {"icc": 0.4321}
    results["mean_by_fold"] = {"icc": 0.4321}
    write_json(path / "results.json", results)
    words = plain(path)
    assert "mean of folds" in words
    assert words.count("0.43") >= 4


FIGURES = ("predictions.h5", "examples.png", "metrics.jsonl")


@pytest.mark.parametrize(
    "missing",
    [("results.json",), FIGURES, (*FIGURES, "environment.json", "data.json", "stages")],
    ids=["results", "figures", "all but results"],
)
def test_whatever_is_missing_is_left_out(make, missing: tuple[str, ...]) -> None:
    path = make(people=4)
    for name in missing:
        (path / name).rename(path.parent / name)
    words = Page(render(read_run(path))).words
    assert "little <run>" in words
    assert ("How good it is" in words) is ("results.json" not in missing)
    assert ("How it learnt" in words) is ("metrics.jsonl" not in missing)


def test_a_run_without_data_json_is_of_unknown_origin(make) -> None:
    path = make(people=4, origin="real")
    (path / "data.json").unlink()
    (path / "results.json").unlink()
    assert "UNKNOWN DATA" in plain(path)


def test_the_same_folder_gives_the_same_page(finished: Path, html: str) -> None:
    assert render(read_run(finished)) == html


def test_write_report_leaves_page_and_card(make) -> None:
    path = make(people=4)
    before = {file.name for file in path.iterdir()}
    assert write_report(path) == path / "report.html"
    assert {file.name for file in path.iterdir()} - before == {"report.html", "model_card.md"}
    assert (path / "report.html").read_text() == render(read_run(path))


def test_what_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no such run folder"):
        write_report(tmp_path / "nothing")
    with pytest.raises(RunFolderError, match="holds no run"):
        write_report(tmp_path)


@pytest.mark.parametrize("name", ["results.json", "resolved.toml", "data.json", "predictions.h5"])
def test_a_damaged_file_is_named(make, name: str) -> None:
    path = make(people=4)
    (path / name).write_bytes((path / name).read_bytes()[:40])
    with pytest.raises(DataError) as caught:
        write_report(path)
    assert name in caught.value.where
