"""The order of runs: whatever the suite, each run goes once, after what it needs, and no stage is made twice."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.suites import schedule as module
from aukit.suites.schedule import Schedule
from aukit.training.data import open_data
from aukit.training.made_of import made_of


@dataclass(frozen=True)
class FakeTask:
    """What the schedule asks of a run: its folder, what it needs, and the chain of its stages."""

    folder: str
    needs: tuple[str, ...]
    recipe: tuple[str, ...]

    @property
    def planned(self) -> Any:
        return SimpleNamespace(folder=self.folder)


@pytest.fixture(autouse=True)
def real_chain(monkeypatch: pytest.MonkeyPatch) -> Any:
    real = module.chain
    monkeypatch.setattr(module, "chain", lambda recipe: {f"stage{n}": link for n, link in enumerate(recipe)})
    return real


@st.composite
def suites(draw: st.DrawFn) -> list[FakeTask]:
    """Runs whose chains share beginnings, as real ones do: a link's name holds all that went before."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        steps = draw(st.lists(st.sampled_from("ab"), min_size=1, max_size=3))
        links = tuple("".join(steps[: end + 1]) for end in range(len(steps)))
        names = [task.folder for task in found]
        needs = draw(st.sets(st.sampled_from(names), max_size=2)) if names else set()
        found.append(FakeTask(f"run{number}", tuple(sorted(needs)), links))
    return found


def play(
    tasks: list[FakeTask], jobs: int, draw: Any, fails: set[str]
) -> tuple[list[str], list[str], list[str]]:
    """Run a schedule by a clock that is drawn; returns the order, the links made, and the runs given up."""
    schedule, order, made, lost = Schedule(list(tasks)), [], [], []  # type: ignore[arg-type]
    running: list[tuple[FakeTask, list[str]]] = []
    while schedule.waiting or running:
        lost += [task.folder for task in schedule.hopeless()]  # type: ignore[attr-defined]
        while len(running) < jobs and (task := schedule.next()):
            ahead = [link for link in task.recipe if link not in schedule.made]
            order.append(task.folder)  # type: ignore[attr-defined]
            assert set(task.needs) <= schedule.done
            running.append((task, ahead))  # type: ignore[arg-type]
        if not running:
            assert not schedule.waiting, "nothing runs and nothing can begin"
            break
        place = draw(st.integers(0, len(running) - 1))
        task, ahead = running[place]
        if ahead:
            link = ahead.pop(0)
            if link not in schedule.made:
                made.append(link)
            schedule.stage_made(task.folder, f"stage{task.recipe.index(link)}")
        else:
            running.pop(place)
            schedule.ended(task.folder, well=task.folder not in fails)
    return order, made, lost


@given(st.data(), suites(), st.integers(1, 4))
def test_each_run_goes_once_after_what_it_needs(data: Any, tasks: list[FakeTask], jobs: int) -> None:
    order, _, lost = play(tasks, jobs, data.draw, set())
    assert sorted(order) == sorted(task.folder for task in tasks)
    assert lost == []
    for task in tasks:
        assert all(order.index(name) < order.index(task.folder) for name in task.needs)


@given(st.data(), suites(), st.integers(1, 4))
def test_no_stage_is_made_twice(data: Any, tasks: list[FakeTask], jobs: int) -> None:
    _, made, _ = play(tasks, jobs, data.draw, set())
    assert sorted(made) == sorted({link for task in tasks for link in task.recipe})


@given(st.data(), suites(), st.integers(1, 4))
def test_what_needs_a_failed_run_is_given_up_and_all_else_goes(
    data: Any, tasks: list[FakeTask], jobs: int
) -> None:
    fails = data.draw(st.sets(st.sampled_from([task.folder for task in tasks])))
    order, _, lost = play(tasks, jobs, data.draw, fails)
    expected = set()
    for task in tasks:
        if set(task.needs) & (fails | expected):
            expected.add(task.folder)
    assert set(lost) == expected
    assert sorted([*order, *lost]) == sorted(task.folder for task in tasks)


def test_a_run_waits_only_for_the_stage_that_it_can_take_over() -> None:
    first = FakeTask("first", (), ("pre", "pre-a"))
    second = FakeTask("second", (), ("pre", "pre-b"))
    other = FakeTask("other", (), ("alone",))
    schedule = Schedule([first, second, other])  # type: ignore[list-item]
    assert schedule.next() is first
    assert schedule.next() is other
    assert schedule.next() is None
    schedule.stage_made("first", "stage0")
    assert schedule.next() is second


def test_another_makes_the_stage_of_a_run_that_failed() -> None:
    first, second = FakeTask("first", (), ("pre",)), FakeTask("second", (), ("pre",))
    schedule = Schedule([first, second])  # type: ignore[list-item]
    schedule.next()
    assert schedule.next() is None
    schedule.ended("first", well=False)
    assert schedule.next() is second


def test_what_the_schedule_takes_for_the_same_is_the_same(
    real_chain: Any, tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    """`chain`, from the recipe alone, against `made_of`, by which stages are shared."""
    registry = load_host(plugins=False)
    file = tmp_path / "tiny.toml"
    file.write_text(recipe_text)
    changes = [
        "",
        "seed=1",
        "model.head.momentum=0.2",
        "model.backbone.width=6",
        "stages.pretrain.steps=3",
        "stages.finetune.steps=3",
        "stages.finetune.sampler.fraction=0.5",
        'data.faces.split={train=["P01", "P02"], validation=["P03"], test=["P04"]}',
        "evaluation.resamples=30",
        'compute.precision="bf16"',
        "trackers=[]",
    ]
    links, facts = [], []
    for change in changes:
        recipe = load_recipe(file, overrides=[change] if change else [], registry=registry)
        data = open_data(recipe, registry=registry, emit=lambda event: None)
        links.append(real_chain(recipe))
        facts.append(made_of(recipe, data, "cpu"))
    for one, other in itertools.combinations(range(len(changes)), 2):
        for stage in ("pretrain", "finetune"):
            alike = links[one][stage] == links[other][stage]
            assert alike == (facts[one][stage] == facts[other][stage]), (changes[one], changes[other], stage)
    assert links[0] == links[8] and links[0]["pretrain"] == links[5]["pretrain"]
