"""Data that is missing, damaged, foreign, or lacks what the recipe needs: said before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

AUS = ("AU04", "AU12", "AU25", "AU26")
"""The AUs of a tiny store."""

Refused = Callable[..., str]
Write = Callable[..., Path]
Store = Callable[..., Path]


@pytest.fixture
def fails(recipe: Write, refused: Refused, tmp_path: Path) -> Callable[..., str]:
    """`fails(*changes)`: `aukit run` of the changed recipe refuses and leaves no run folder."""

    def run(*changes: str, options: tuple[str, ...] = ()) -> str:
        said = refused("run", recipe(*changes), "--out", "out", *options)
        assert not (tmp_path / "out").exists()
        return said

    return run


def test_a_missing_file_names_the_ways_to_get_it(fails: Callable[..., str]) -> None:
    said = fails()
    assert "tiny.h5" in said
    assert "aukit data make" in said
    assert "--stand-in" in said


def test_a_missing_licensed_data_set_names_stand_in(refused: Refused, tmp_path: Path) -> None:
    said = refused("run", "disfa_2pct", "--out", "out", "--data-root", tmp_path)
    assert "--stand-in" in said
    assert "disfa" in said
    assert "affwild2" in said
    assert not (tmp_path / "out").exists()


def test_a_truncated_store(fails: Callable[..., str], tiny_store: Store, refused: Refused) -> None:
    path = tiny_store()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    for said in (fails(), refused("data", "check", path)):
        assert "tiny.h5" in said


def test_a_foreign_file(fails: Callable[..., str], tmp_path: Path, refused: Refused) -> None:
    with h5py.File(tmp_path / "tiny.h5", "w") as file:
        file["x"] = np.zeros(3)
    assert "no clip store" in fails()
    (tmp_path / "text.h5").write_text("not HDF5 at all")
    assert "text.h5" in refused("data", "check", "text.h5")
    assert "nowhere.h5" in refused("data", "check", "nowhere.h5")


def test_a_store_of_a_newer_version(fails: Callable[..., str], tiny_store: Store) -> None:
    with h5py.File(tiny_store(), "r+") as file:
        file.attrs["version"] = 99
    assert "newer aukit" in fails()


def test_a_store_without_labels_where_labels_are_needed(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store(labelled=False)
    assert "label" in fails()


def test_no_labelled_frame_for_an_au(fails: Callable[..., str], tiny_store: Store) -> None:
    with h5py.File(tiny_store(), "r+") as file:

        def blank(name: str, item: Any) -> None:
            if name.endswith("intensity"):
                item[:, AUS.index("AU12")] = np.nan

        file.visititems(blank)
    said = fails()
    assert "no labelled frame for AU12" in said


def test_an_au_that_the_data_does_not_have(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store()
    said = fails('"AU12"]', '"AU15"]')
    assert "AU15" in said
    assert "did you mean" in said or "choose from" in said


def test_a_split_that_shares_a_subject(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store()
    said = fails(
        'split = "default"',
        'split = { train = ["P01", "P02", "P03", "P04"], validation = ["P05"], test = ["P04", "P06"] }',
    )
    assert "P04" in said


def test_a_split_that_names_nobody_known(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store()
    said = fails('split = "default"', 'split = { train = ["P01"], validation = ["P02"], test = ["P99"] }')
    assert "P99" in said
    assert "fold" in fails("split =", "fold = 7\nsplit =")


def test_a_preset_that_does_not_exist(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store()
    said = fails('"default"', '"defualt"')
    assert "`default`" in said


def test_a_store_without_subjects(fails: Callable[..., str], tiny_store: Store) -> None:
    with h5py.File(tiny_store(), "r+") as file:

        def anonymous(name: str, item: Any) -> None:
            if "subject" in item.attrs:
                item.attrs["subject"] = ""

        file.visititems(anonymous)
    assert "subject" in fails()


def test_a_stage_that_would_see_test_people(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store()
    said = fails(
        "[model]",
        '[data.all]\npath = "tiny.h5"\nsplit = { train = ["P01", "P07"], validation = ["P05"] }\n\n[model]',
        'data = "tiny"\nsteps = 2\nbatch = 2',
        'data = "all"\nsteps = 2\nbatch = 2',
    )
    assert "P07" in said
    assert "pretrain" in said


def test_a_window_longer_than_every_video(fails: Callable[..., str], tiny_store: Store) -> None:
    tiny_store(frames=12)
    said = fails("frames = 5", "frames = 15")
    assert "15" in said


def test_check_names_what_is_wrong_inside(
    tiny_store: Store, refused: Refused, run_cli: Callable[..., object]
) -> None:
    path = tiny_store()
    assert run_cli("data", "check", path).code == 0
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        del file[next(name for name in names if name.endswith("timestamp"))]
    done = run_cli("data", "check", path)
    assert done.code == 2
    assert "timestamp" in done.stderr
