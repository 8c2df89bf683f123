"""Which runs are one variant, and what variants are called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aukit.compare.runs import judged_fold, read_run
from aukit.compare.variants import choose, differences, group_runs
from aukit.errors import UsageError

Make = Callable[..., Path]
Changed = Callable[..., dict[str, Any]]


def test_fold_seed_name_machine_and_trackers_make_no_other_variant(make: Make, changed: Changed) -> None:
    other = changed("compute", "device", to="cuda", name="renamed", summary="x", trackers=[{"name": "jsonl"}])
    runs = [make("a"), make("b", fold=2), make("c", seed=1), make("d", tables=other | {"seed": 5})]
    (group,) = group_runs([read_run(run) for run in runs])
    assert group.title == "little"
    assert (group.folds, group.seeds) == ((1, 2), (0, 1, 5))


def test_a_variant_is_titled_by_what_differs(make: Make, changed: Changed) -> None:
    changes = {
        "rate": changed("stages", "finetune", "optimizer", "lr", to=0.5),
        "optimiser": changed(
            "stages", "finetune", "optimizer", to={"name": "SGD", "lr": 0.1, "momentum": 0.9}
        ),
    }
    runs = [make("a"), make("b", "scratch"), *(make(name, tables=tables) for name, tables in changes.items())]
    titles = [group.title.removeprefix("little, ") for group in group_runs([read_run(run) for run in runs])]
    assert titles == [
        "stages.finetune.optimizer=Adam, stages.finetune.optimizer.lr=1.0",
        "without stages.pretrain, stages.finetune.optimizer=Adam, stages.finetune.optimizer.lr=1.0",
        "stages.finetune.optimizer=Adam, stages.finetune.optimizer.lr=0.5",
        "stages.finetune.optimizer=SGD",
    ]
    pair = group_runs([read_run(run) for run in runs[:2]])
    assert [group.title for group in pair] == ["little", "little, without stages.pretrain"]
    named = [make("n1", tables=changed("model", "aus", to=["AU04"], name="one")), make("n2", "scratch")]
    assert [group.title for group in group_runs([read_run(run) for run in named])] == ["one", "little"]


def test_what_differs_goes_no_deeper_than_another_component() -> None:
    one = {"a": {"name": "x", "p": 1}, "b": {"k": 1, "same": 0}, "c": {"d": 1}}
    other = {"a": {"name": "y", "q": 2}, "b": {"k": 2, "same": 0}}
    assert differences([one, other]) == [["a=x", "b.k=1"], ["a=y", "b.k=2", "without c"]]
    third = {"a": {"name": "x", "p": 3}, "b": {"k": 1, "same": 0}, "c": {"d": 1}}
    assert differences([one, other, third])[2] == ["a=x", "a.p=3", "b.k=1"]


def test_a_run_that_uses_another_run_is_the_variant_that_uses_its_variant(
    make: Make, changed: Changed
) -> None:
    teachers = [make("t0"), make("t1", seed=1), make("t2", "scratch")]

    def student(teacher: Path, seed: int) -> dict[str, Any]:
        return changed("model", "weights", to=str(teacher), seed=seed)

    runs = [make(f"s{n}", tables=student(teacher, n % 2)) for n, teacher in enumerate(teachers)]
    first, other = group_runs([read_run(run) for run in runs])
    assert (len(first.runs), len(other.runs)) == (2, 1)


def test_a_variant_is_chosen_by_name_or_by_one_of_its_runs(make: Make, tmp_path: Path) -> None:
    groups = group_runs([read_run(make("a")), read_run(make("b", "scratch"))])
    assert choose(groups, "") is groups[0]
    assert choose(groups, groups[1].title) is groups[1]
    assert choose(groups, str(tmp_path / "." / "b")) is groups[1]
    with pytest.raises(UsageError, match="no variant `scrtch`"):
        choose(groups, "scrtch")


def test_the_fold_is_that_of_the_judged_data(changed: Changed) -> None:
    tables = changed("data", "faces", "fold", to=2)
    assert judged_fold(tables) == 2
    tables["data"]["other"] = {"path": "other.h5", "fold": 3}
    tables["evaluation"]["data"] = ""
    tables["stages"]["finetune"]["data"] = ["other"]
    assert judged_fold(tables) == 3
