"""What may not stand in one table: refused with what differs and in which runs, and marked where it is forced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aukit.cli.app import main
from aukit.compare.compare import compare_runs
from aukit.compare.result import MEAN
from aukit.errors import DataError, UsageError

Make = Callable[..., Path]


def other_labels(labels: np.ndarray) -> np.ndarray:
    return np.where(labels == 5, 4, labels)


MIXES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "other people": (
        {"people": 5},
        ("other test frames at fold 1", "6 people", "5 people", "other videos: 1"),
    ),
    "other lengths": ({"frames": 50}, ("other test frames", "little/P100 has 50 frames, not 60")),
    "other test labels": ({"change": other_labels}, ("other test frames", "other labels in little/P10")),
    "other training labels": (
        {"labels": 9},
        ("other training labels at fold 1, seed 0", "frames, list ", "(finetune)"),
    ),
    "other AUs": ({"aus": ("AU04", "AU12")}, ("other AUs", "AU04, AU12, AU25", "b: AU04, AU12")),
    "other origins": ({"origin": "rendered"}, ("other origins of the data", "synthetic", "rendered")),
    "other protocols": ({"protocol": "same people"}, ("other protocols", "by person", "same people")),
    "other folds": ({"fold": 2}, ("other folds",)),
}


@pytest.mark.parametrize("mix", MIXES)
def test_a_mix_is_refused_and_says_what_differs_in_which_runs(
    mix: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    how, said = MIXES[mix]
    make("a"), make("b", "scratch", **how)
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "a", "b"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    words = " ".join(err.split())
    for words_due in (*said, "--force"):
        assert words_due in words, words
    if mix != "other folds":
        assert " a: " in words and " b: " in words


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("format", ["table", "markdown", "latex", "csv", "json"])
def test_a_forced_table_carries_a_mark_in_every_format(
    mix: str,
    format: str,
    make: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    how, said = MIXES[mix]
    make("a"), make("b", "scratch", **how)
    monkeypatch.chdir(tmp_path)
    assert main(["compare", "a", "b", "--force", "--format", format, "--report", "out"]) == 0
    out, _ = capsys.readouterr()
    assert said[0] in out
    if format in ("table", "markdown", "latex"):
        assert "not comparable" in out.lower()
    page = (tmp_path / "out" / "compare.html").read_text()
    assert "NOT COMPARABLE" in page and said[0] in page


def test_forced_variants_on_other_frames_have_no_difference(make: Make) -> None:
    found = compare_runs(make("a"), make("b", "scratch", people=5), make("c", "third"), force=True)
    _, other, third = found.arms[:3]
    assert not other.differences and set(third.differences) == {"icc", "mae", "mse"}
    assert np.isfinite(other.scores["icc"][MEAN].low)
    assert found.people == 6


def test_forced_variants_with_other_aus_share_those_in_common(make: Make) -> None:
    found = compare_runs(make("a"), make("b", "scratch", aus=("AU25", "AU04")), force=True)
    assert found.aus == ("AU04", "AU25")


def test_a_run_that_is_not_finished_is_refused_and_left_out_by_force(make: Make) -> None:
    done, begun = make("a"), make("b", "scratch")
    (begun / "summary.json").unlink()
    with pytest.raises(UsageError, match=f"not finished: {begun}"):
        compare_runs(done, begun)
    found = compare_runs(done, begun, force=True)
    assert [arm.title for arm in found.arms if not arm.baseline] == ["little"]
    assert found.forced == (f"not finished: {begun}",)
    with pytest.raises(UsageError, match="no finished run"):
        compare_runs(begun, force=True)


def test_the_same_fold_and_seed_twice_is_refused(make: Make) -> None:
    first, again = make("a"), make("b")
    with pytest.raises(UsageError, match="fold 1 and seed 0 twice"):
        compare_runs(first, again)
    assert len(compare_runs(first, again, force=True).arms[0].scores["icc"][MEAN].spread.seeds) == 1


def test_seeds_that_lack_a_fold_are_left_out_and_said(make: Make) -> None:
    runs = [make("a", fold=1), make("b", fold=2), make("c", fold=1, seed=1)]
    found = compare_runs(*runs)
    assert found.arms[0].seeds == (0,)
    assert found.notes == ("little: seed 1 left out, not all folds are finished",)
    with pytest.raises(UsageError, match="no seed of `little` has all its folds: 1, 2"):
        compare_runs(runs[1], runs[2])


def test_variants_with_other_seeds_are_said(make: Make) -> None:
    found = compare_runs(make("a"), make("b", seed=1), make("c", "scratch"))
    assert any(note.startswith("variants have other seeds") for note in found.notes)


def test_what_cannot_be_compared_at_all(make: Make, tmp_path: Path, suite: Path) -> None:
    run = make("a")
    for folders, said in (
        ((tmp_path / "nowhere",), "no such run folder"),
        ((tmp_path,), "holds no run"),
        ((), "no run is named"),
        ((suite, run), "a suite is compared alone"),
    ):
        with pytest.raises(UsageError, match=said):
            compare_runs(*folders)
    with pytest.raises(UsageError, match="no variant `nobody`"):
        compare_runs(run, against="nobody")
    (run / "stages" / "finetune" / "labels-train.json").unlink()
    with pytest.raises(DataError, match="no stage of this run learns"):
        compare_runs(run, shows="labels")
    (run / "predictions.h5").unlink()
    with pytest.raises(DataError, match="was not judged"):
        compare_runs(run, shows="intensity")


@pytest.mark.parametrize(
    "file", ["resolved.toml", "data.json", "summary.json", "results.json", "predictions.h5"]
)
@pytest.mark.parametrize("content", ["{", "[1, 2]"])
def test_a_damaged_file_is_named(file: str, content: str, make: Make) -> None:
    run = make("a")
    (run / file).write_text(content)
    with pytest.raises(DataError) as caught:
        compare_runs(run)
    assert file in str(caught.value)
