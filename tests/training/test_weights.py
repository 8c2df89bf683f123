"""Starting from another run's model: what is taken over, what is refused, and whom it makes this run have seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from aukit.contracts.run import Event, Note
from aukit.errors import DataError, RunFolderError
from aukit.report import write_report
from aukit.report.cite import cite
from aukit.rundir.atomic import read_json, write_json
from aukit.testing.store import tiny_store

Go = Callable[..., Any]

STILL = ("stages.pretrain.steps=1", "stages.finetune.steps=1", "stages.finetune.evaluate_every=1")
NONE = 'optimizer={name="SGD", lr=1e-30}'
FROZEN = (*STILL, f"stages.pretrain.{NONE}", f"stages.finetune.{NONE}", 'stages.finetune.select="last"')
"""One step too short to change anything: what a run starts from is what it ends with."""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of other people, with one AU more."""
    path = tmp_path_factory.mktemp("other") / "other.h5"
    return tiny_store(path, people=8, frames=30, aus=("AU04", "AU12", "AU25"), data_set="other")


def weights(folder: Path) -> dict[str, Any]:
    return load_file(folder / "model" / "model.safetensors")


def start(folder: Path) -> str:
    return f'model.weights="{folder}"'


def test_all_parts_are_taken_over_where_the_aus_are_the_same(
    finished: tuple[Path, list[Event]], go: Go, tmp_path: Path
) -> None:
    before = finished[0]
    events: list[Event] = []
    folder = go(tmp_path / "run", start(before), *FROZEN, on_event=events.append).folder
    found, due = weights(folder), weights(before)
    trained = [
        name for name in due if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    ]
    assert trained and all(np.allclose(found[name], due[name], atol=1e-20) for name in trained)
    assert any(
        isinstance(event, Note) and "backbone, temporal, head start from" in event.text for event in events
    )
    kept = json.loads((folder / "data.json").read_text())["weights"]
    assert kept["parts"] == ["backbone", "temporal", "head"]
    assert (kept["recipe"], kept["origin"], kept["data_sets"]) == ("tiny", "synthetic", ["tiny"])
    assert kept["people"] == {
        "train": [f"tiny/P0{number}" for number in (1, 2, 3, 4)],
        "validation": ["tiny/P05", "tiny/P06"],
    }


def test_a_head_for_other_aus_starts_anew(
    finished: tuple[Path, list[Event]], go: Go, other: Path, tmp_path: Path
) -> None:
    path = f'data.faces.path="{other}"'
    fresh, folder = (
        go(tmp_path / name, path, *FROZEN, *more).folder
        for name, more in (("fresh", ()), ("run", (start(finished[0]),)))
    )
    found, new, due = weights(folder), weights(fresh), weights(finished[0])
    taken = [
        name for name in found if name.startswith(("backbone.", "temporal.")) and name.endswith("weight")
    ]
    assert taken and all(np.allclose(found[name], due[name], atol=1e-20) for name in taken)
    heads = [
        name for name in found if name.startswith("head.") and "running" not in name and "num" not in name
    ]
    assert heads and all(np.allclose(found[name], new[name], atol=1e-20) for name in heads)
    assert json.loads((folder / "data.json").read_text())["weights"]["parts"] == ["backbone", "temporal"]


def test_whom_the_weights_saw_counts_as_seen(
    finished: tuple[Path, list[Event]], go: Go, other: Path, tmp_path: Path
) -> None:
    turned = 'data.faces.split={train=["P07", "P08"], validation=["P06"], test=["P01", "P05"]}'
    with pytest.raises(DataError, match=r"^`model\.weights` sees test people: tiny/P01, tiny/P05$"):
        go(tmp_path / "run", start(finished[0]), turned)
    folder = go(tmp_path / "run", start(finished[0]), turned, "evaluation.allow_overlap=true").folder
    seen = json.loads((folder / "data.json").read_text())["overlap_with_test"]
    assert seen == {"pretrain": [], "finetune": [], "model.weights": ["tiny/P01", "tiny/P05"]}
    # and of the run that starts from that one, too: its own people were others
    between = go(tmp_path / "between", start(finished[0]), f'data.faces.path="{other}"', *STILL).folder
    with pytest.raises(DataError, match=r"`model\.weights` sees test people: tiny/P01, tiny/P05"):
        go(tmp_path / "last", start(between), turned)


def test_the_least_real_origin_and_the_sources_are_carried_on(
    finished: tuple[Path, list[Event]], go: Go, other: Path, tmp_path: Path
) -> None:
    real = tiny_store(
        tmp_path / "real.h5", people=8, frames=30, aus=("AU04", "AU12"), data_set="real", origin="real"
    )
    data = read_json(finished[0] / "data.json")
    data["tables"]["faces"] |= {"cite": "Little 2021; Less 2022", "terms": "for tests only"}
    copy = tmp_path / "copy"
    (copy / "model").mkdir(parents=True)
    for name in ("model.safetensors", "model.json"):
        (copy / "model" / name).write_bytes((finished[0] / "model" / name).read_bytes())
    write_json(copy / "data.json", data)
    folder = go(tmp_path / "run", start(copy), f'data.faces.path="{real}"', *STILL).folder
    assert json.loads((folder / "summary.json").read_text())["origin"] == "synthetic"
    assert read_json(folder / "model" / "model.json")["origin"] == "synthetic"
    write_report(folder)
    card = (folder / "model_card.md").read_text("utf-8")
    assert (
        "started from: backbone, temporal, head of the run tiny (synthetic), which saw 6 people of tiny"
        in card
    )
    assert "for tests only" in card
    assert {"Little 2021", "Less 2022"} <= {source.text for source in cite(folder)}


def test_weights_that_do_not_fit_or_are_not_there(
    finished: tuple[Path, list[Event]], go: Go, tmp_path: Path
) -> None:
    with pytest.raises(RunFolderError, match="weights of another model") as caught:
        go(tmp_path / "run", start(finished[0]), "model.backbone.width=8")
    assert "[model]" in caught.value.hint
    with pytest.raises(RunFolderError, match="cannot be started from: there is no finished model") as caught:
        go(tmp_path / "run", start(tmp_path / "nowhere"))
    assert caught.value.where == "--set"
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "model").symlink_to(finished[0] / "model")
    with pytest.raises(RunFolderError, match=r"no data\.json"):
        go(tmp_path / "run", start(tmp_path / "bare"))
    assert not (tmp_path / "run").exists()


def test_blocks_count_as_seen_unless_they_were_cut_alike(go: Go, recipe_file: Path, tmp_path: Path) -> None:
    own = tiny_store(tmp_path / "own.h5", people=2, frames=300, size=16, aus=("AU04",))
    split = "data.faces.split={blocks=5, validation=0.2, test=0.3, gap=%s}"
    path = f'data.faces.path="{own}"'
    first = go(tmp_path / "first", path, split % 0.5, *STILL).folder
    go(tmp_path / "alike", path, split % 0.5, start(first), *STILL)
    with pytest.raises(DataError, match=r"`model\.weights` sees frames of test blocks: tiny/P0"):
        go(tmp_path / "otherwise", path, split % 0.5, start(first), *STILL, "seed=9")
    with pytest.raises(DataError, match=r"frames of test blocks"):
        go(tmp_path / "longer", path, split % 0.6, start(first), *STILL)
