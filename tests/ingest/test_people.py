"""Pseudonyms: stable, in a file of one's own, and in the place of names wherever those stood."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.contracts.schema import Schema, Split, SplitSizes
from aukit.errors import DataError
from aukit.ingest.people import Pseudonyms, hidden, hide


def test_numbers_in_order_and_for_good(tmp_path: Path) -> None:
    key = Pseudonyms(tmp_path / "key.csv")
    assert [key.of("subject", name) for name in ("anna", "ben", "anna")] == ["P01", "P02", "P01"]
    assert key.of("video", "anna") == "V001"
    key.save()
    again = Pseudonyms(tmp_path / "key.csv")
    assert [again.of("subject", name) for name in ("carl", "ben")] == ["P03", "P02"]
    assert again.of("video", 'a,"b"\nc') == "V002"
    again.save()
    assert Pseudonyms(tmp_path / "key.csv").found == again.found


def test_a_file_that_was_edited_by_hand(tmp_path: Path) -> None:
    (tmp_path / "key.csv").write_text("kind,id,name\nsubject,P02,anna\n\n", "utf-8-sig")
    key = Pseudonyms(tmp_path / "key.csv")
    assert [key.of("subject", name) for name in ("ben", "carl")] == ["P03", "P04"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("video,subject\n", "not a list of pseudonyms"),
        ("", "not a list of pseudonyms"),
        ("kind,id,name\nsubject,P01\n", r"key.csv:2: expected kind,id,name"),
        ("kind,id,name\ndog,P01,rex\n", r"key.csv:2: expected"),
        ("kind,id,name\nsubject,P01,a\nsubject,P01,b\n", r"key.csv:3: this id or name is there twice"),
    ],
)
def test_what_is_no_such_file(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "key.csv").write_text(text, "utf-8")
    with pytest.raises(DataError, match=message):
        Pseudonyms(tmp_path / "key.csv")


def test_splits_name_pseudonyms_too() -> None:
    schema = Schema(
        name="videos",
        summary="",
        aus=(),
        fps=25,
        subjects=("anna", "ben", "carl"),
        splits={"manifest": (Split(train=("anna", "carl"), test=("ben",)),), "n": (SplitSizes(train=2),)},
    )
    found = hidden(schema, {"anna": "P01", "ben": "P02"})  # carl was left out
    assert found.subjects == ("P01", "P02")
    assert found.splits == {"manifest": (Split(train=("P01",), test=("P02",)),), "n": (SplitSizes(train=2),)}


def test_sentences_are_told_without_names() -> None:
    names = {"anna": "P01", "/data/anna/visit one.mp4": "V001", "visit one": "V001", "x": "P02"}
    assert hide("/data/anna/visit one.mp4: no face; anna, x", names) == "V001: no face; P01, x"


@given(st.lists(st.tuples(st.sampled_from(["subject", "video"]), st.text(min_size=1)), max_size=20))
def test_no_two_names_have_one_pseudonym(asked: list[tuple[str, str]]) -> None:
    key = Pseudonyms(Path("/nowhere/key.csv"))
    given_ids = {(kind, name): key.of(kind, name) for kind, name in asked}
    assert len(set(given_ids.values())) == len(given_ids)
