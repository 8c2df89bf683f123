"""A student that learns from a teacher run: what it is given, what is counted, whom it counts as having seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from aukit.clips.reader import ClipStore
from aukit.contracts.faces import CropRule, Framing
from aukit.contracts.run import Event, Note
from aukit.errors import DataError, RecipeError, RunFolderError, UsageError
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.report.cite import cite
from aukit.report.folder import read_run
from aukit.report.provenance import facts, notes, unseen
from aukit.rundir.atomic import read_json, write_json
from aukit.rundir.layout import RunFolder
from aukit.testing.store import tiny_store
from aukit.training.estimator import AUEstimator
from aukit.training.plan import plan
from aukit.training.saved import load_facts
from aukit.training.weights import Inherited

Go = Callable[..., Any]
TURNED = 'data.faces.split={train=["P07", "P08"], validation=["P06"], test=["P01", "P05"]}'


@pytest.fixture(scope="module")
def teacher(recipe_text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the model without a temporal module."""
    from aukit.training.run import run

    place = tmp_path_factory.mktemp("teacher")
    (place / "r18.toml").write_text(without_pretraining(recipe_text), encoding="utf-8")
    registry = load_host(plugins=False)
    recipe = load_recipe(
        place / "r18.toml", overrides=['model.temporal.name="none"', 'name="r18"'], registry=registry
    )
    return run(recipe, registry=registry, out=place / "run").folder


def without_pretraining(text: str) -> str:
    head, _, tail = text.partition("[stages.pretrain]")
    return head + tail[tail.index("[stages.finetune]") :]


@pytest.fixture
def student(recipe_text: str, teacher: Path, tmp_path: Path) -> Path:
    """A recipe: labels of the teacher, then the model with its temporal module on them, from the teacher's weights."""
    text = without_pretraining(recipe_text).replace(
        "[stages.finetune]",
        f"""[stages.pseudo]
name = "pseudo-label"
data = "faces"
teacher = "{teacher}"
sampler = {{ name = "random", fraction = 0.2 }}

[stages.finetune]
labels = "pseudo\"""",
    )
    path = tmp_path / "student.toml"
    path.write_text(text.replace("[model]", f'[model]\nweights = "{teacher}"'), encoding="utf-8")
    return path


def test_a_student_learns_from_its_teachers_labels(
    go: Go, student: Path, teacher: Path, store_root: Path, tmp_path: Path
) -> None:
    events: list[Event] = []
    result = go(tmp_path / "run", recipe=student, on_event=events.append)
    folder = result.folder
    # what the stage left: the teacher's own predictions on the scale, and the sampled labels where there are any
    made = load_file(folder / "stages" / "pseudo" / "labels.safetensors")
    assert len(made) == 4
    sampled = read_json(folder / "stages" / "pseudo" / "labels-train.json")["videos"]
    estimator = AUEstimator.load(teacher, device="cpu")
    store = ClipStore(store_root / "tiny.h5")
    for clip, found in made.items():
        video = clip.partition("/")[2]
        due = np.clip(estimator.predict(store.frames(video, 0, 30), store.timestamps(video)), 0, 5)
        frames = [frame for group in sampled[clip] for frame in group["frames"]]
        due[frames] = store.labels(video)[frames]
        np.testing.assert_allclose(found, due, atol=1e-5)
    store.close()
    # true labels are counted once, made ones beside them
    counts = result.summary["label_counts"]
    assert counts["finetune"]["train"] == counts["pseudo"]["train"]
    assert counts["finetune"]["train"]["frames"] == 24
    assert counts["finetune"]["made"] == {"frames": 96, "cells": 192}
    assert result.summary["stages"]["pseudo"] == {
        "labelled_frames": 120,
        "pseudo_labels": 192,
        "kept_labels": 48,
    }
    same = (folder / "stages" / name / "labels-train.json" for name in ("pseudo", "finetune"))
    assert len({path.read_bytes() for path in same}) == 1
    # the model without a temporal module gave what it has
    notes = [event.text for event in events if isinstance(event, Note)]
    assert f"backbone, head start from the weights of {teacher}; temporal anew" in notes
    data = read_json(folder / "data.json")
    assert data["weights"]["parts"] == ["backbone", "head"]
    kept = data["runs"]["stages.pseudo.teacher"]
    assert (kept["recipe"], kept["origin"], kept["sha256"]) == ("r18", "synthetic", data["weights"]["sha256"])
    assert kept["labels"]["finetune"]["train"]["frames"] == 24
    assert kept["before"] == []
    # whoever builds on the student names what shaped its teacher, too
    again = Inherited(folder=RunFolder(folder), model=load_facts(folder / "model"), data=data).facts()
    assert again["before"] == [
        {key: kept[key] for key in ("run", "sha256", "labels")} for _ in ("weights", "teacher")
    ]
    assert kept["people"]["train"] == [f"tiny/P0{number}" for number in (1, 2, 3, 4)]
    told = dict(facts(read_run(folder)))
    assert told["stages.pseudo.teacher"] == "the run r18 (synthetic), which saw 6 people of tiny"


def test_what_fits_is_taken_and_the_rest_starts_anew(
    go: Go, student: Path, teacher: Path, tmp_path: Path
) -> None:
    """One step too short to change anything: what a run starts from is what it ends with."""
    still = ('stages.finetune.optimizer={name="SGD", lr=1e-30}', 'stages.finetune.select="last"')
    ends = []
    for name, start in (("with", str(teacher)), ("without", "")):
        folder = go(tmp_path / name, f'model.weights="{start}"', *still, recipe=student).folder
        ends.append(load_file(folder / "model" / "model.safetensors"))
    due = load_file(teacher / "model" / "model.safetensors")
    parts = {
        part: [name for name in ends[0] if name.startswith(part) and name.endswith(("weight", "bias"))]
        for part in ("backbone", "temporal", "head")
    }
    assert all(parts.values())
    for name in (*parts["backbone"], *parts["head"]):
        np.testing.assert_allclose(ends[0][name], due[name], atol=1e-12)
    for name in parts["temporal"]:
        np.testing.assert_allclose(ends[0][name], ends[1][name], atol=1e-12)
    assert not any(name.startswith("temporal") for name in due)


def test_whom_the_teacher_saw_counts_as_seen(go: Go, student: Path, teacher: Path, tmp_path: Path) -> None:
    alone = ('model.weights=""', TURNED)
    with pytest.raises(DataError, match=r"^`stages\.pseudo\.teacher` sees test people: tiny/P01, tiny/P05$"):
        go(tmp_path / "run", *alone, recipe=student)
    assert not (tmp_path / "run").exists()
    allowed = "evaluation.allow_overlap=true"
    folder = go(tmp_path / "run", *alone, allowed, recipe=student).folder
    seen = read_json(folder / "data.json")["overlap_with_test"]
    assert seen == {"pseudo": [], "finetune": [], "stages.pseudo.teacher": ["tiny/P01", "tiny/P05"]}
    # of a run that learns from that student, too, although it saw other people itself
    with pytest.raises(DataError, match=r"`stages\.pseudo\.teacher` sees test people: tiny/P01, tiny/P05"):
        go(tmp_path / "last", *alone, f'stages.pseudo.teacher="{folder}"', recipe=student)
    overrides = (f'model.weights="{folder}"', 'stages.pseudo.teacher=""', TURNED)
    with pytest.raises(DataError, match=r"`model\.weights` sees test people: tiny/P01, tiny/P05"):
        go(tmp_path / "last", *overrides, recipe=student)


def test_who_chooses_and_taught_the_teacher_is_told(
    go: Go, student: Path, teacher: Path, tmp_path: Path
) -> None:
    events: list[Event] = []
    shared = 'data.faces.split={train=["P05", "P06"], validation=["P01", "P02"], test=["P07", "P08"]}'
    folder = go(tmp_path / "run", shared, recipe=student, on_event=events.append).folder
    due = ["tiny/P01", "tiny/P02"]
    told = [event.text for event in events if isinstance(event, Note) and event.level == "warning"]
    assert any(
        text.startswith("`stages.pseudo.teacher` has learnt from people who choose here: tiny/P01, tiny/P02")
        for text in told
    )
    for name in ("data.json", "summary.json"):
        found = read_json(folder / name)["overlap_with_selection"]
        assert found == {"model.weights": due, "stages.pseudo.teacher": due}
    run = read_run(folder)
    assert any("weights were chosen were learnt from before" in note for note in notes(run))
    assert unseen(run)  # those who are tested were not


def test_origin_and_sources_come_with_the_teacher(
    go: Go, student: Path, teacher: Path, tmp_path: Path
) -> None:
    real = tiny_store(
        tmp_path / "real.h5", people=8, frames=30, aus=("AU04", "AU12"), data_set="real", origin="real"
    )
    data = read_json(teacher / "data.json")
    data["tables"]["faces"] |= {"cite": "Little 2021; Less 2022", "terms": "for tests only"}
    other = copied(teacher, tmp_path / "copy", data=data)
    overrides = (f'data.faces.path="{real}"', 'model.weights=""', f'stages.pseudo.teacher="{other}"')
    result = go(tmp_path / "run", *overrides, recipe=student)
    assert result.summary["origin"] == "synthetic"
    assert {"Little 2021", "Less 2022"} <= {source.text for source in cite(result.folder)}
    assert ("terms of what stages.pseudo.teacher saw", "for tests only") in facts(read_run(result.folder))


def copied(run: Path, place: Path, *, data: Any = None, **model: Any) -> Path:
    """A run's model and data.json elsewhere, with other facts."""
    (place / "model").mkdir(parents=True)
    (place / "model" / "model.safetensors").write_bytes((run / "model" / "model.safetensors").read_bytes())
    write_json(place / "model" / "model.json", {**read_json(run / "model" / "model.json"), **model})
    write_json(place / "data.json", data or read_json(run / "data.json"))
    return place


def test_a_teacher_that_is_none(go: Go, student: Path, tmp_path: Path) -> None:
    text = student.read_text(encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("teacher"))
    teacher = text.splitlines()[line - 1].split('"')[1]
    text = text.replace(f'weights = "{teacher}"', "").replace(teacher, str(tmp_path / "nowhere"))
    student.write_text(text, encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("teacher"))
    with pytest.raises(RunFolderError, match="cannot be used: there is no finished model here") as caught:
        go(tmp_path / "run", recipe=student)
    assert caught.value.where == f"{student}:{line}"
    assert "finished run" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_a_teacher_of_other_aus_or_frames(go: Go, student: Path, teacher: Path, tmp_path: Path) -> None:
    other = tiny_store(tmp_path / "other.h5", people=8, frames=30, aus=("AU04", "AU25"), data_set="other")
    alone = ('model.weights=""', f'data.faces.path="{other}"')
    with pytest.raises(UsageError, match="does not know AU25: it predicts AU04, AU12"):
        go(tmp_path / "run", *alone, recipe=student)
    large = tiny_store(
        tmp_path / "large.h5", people=8, frames=30, size=48, aus=("AU04", "AU12"), data_set="large"
    )
    with pytest.raises(DataError, match="was trained on frames of 32x32, and is shown 48x48"):
        go(tmp_path / "run", 'model.weights=""', f'data.faces.path="{large}"', recipe=student)
    assert not (tmp_path / "run").exists()
    # of fewer AUs than the teacher's, its columns are found by name
    result = go(tmp_path / "run", *alone, 'model.aus=["AU04"]', recipe=student)
    made = load_file(result.folder / "stages" / "pseudo" / "labels.safetensors")
    assert {labels.shape for labels in made.values()} == {(30, 1)}


def test_a_teacher_that_saw_faces_cut_otherwise(go: Go, student: Path, teacher: Path, tmp_path: Path) -> None:
    tight, wide = (Framing(crop=CropRule(size=32, margin=m)).table() for m in (0.0, 0.3))
    cut = tiny_store(
        tmp_path / "cut.h5", people=8, frames=30, aus=("AU04", "AU12"), data_set="cut", crop=tight
    )
    for name, crop in (("alike", tight), ("otherwise", wide)):
        other = copied(teacher, tmp_path / name, crop=crop)
        overrides = ('model.weights=""', f'data.faces.path="{cut}"', f'stages.pseudo.teacher="{other}"')
        if name == "alike":
            go(tmp_path / "run", *overrides, recipe=student)
        else:
            with pytest.raises(DataError, match="cut otherwise than in the run"):
                go(tmp_path / "other", *overrides, recipe=student)


def test_two_samples_of_true_labels_are_refused(go: Go, student: Path, tmp_path: Path) -> None:
    more = "stages.pseudo.sampler.fraction=0.3"
    with pytest.raises(DataError, match="`pseudo` draws other labels than that of `finetune`") as caught:
        go(tmp_path / "run", more, recipe=student)
    assert "stages.pseudo.sampler" in caught.value.hint
    result = go(tmp_path / "run", more, "stages.pseudo.keep_labels=false", recipe=student)
    assert set(result.summary["label_counts"]) == {"finetune"}
    assert result.summary["label_counts"]["finetune"]["made"] == {"frames": 120, "cells": 240}


def test_labels_of_a_stage_that_makes_none_or_is_not_there(go: Go, recipe_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="labels of `pretrain`, which makes none"):
        go(tmp_path / "run", 'stages.finetune.labels="pretrain"')
    with pytest.raises(RecipeError, match="no stage `pretran` comes before `finetune`") as caught:
        go(tmp_path / "run", 'stages.finetune.labels="pretran"')
    assert "`pretrain`" in caught.value.problems[0].hint
    assert not (tmp_path / "run").exists()


def test_stages_that_do_not_come_before_are_all_told_at_once(student: Path) -> None:
    overrides = [
        'stages.pseudo.teacher=""',
        'stages.pseudo.start="finetune"',
        'stages.finetune.start="psuedo"',
    ]
    with pytest.raises(RecipeError) as caught:
        load_recipe(student, overrides=overrides, registry=load_host(plugins=False))
    first, second = (problem.message for problem in caught.value.problems)
    assert "no stage `finetune` comes before `pseudo`" in first
    assert "no stage `psuedo` comes before `finetune`" in second
    assert "`pseudo`" in caught.value.problems[1].hint


class Stop(BaseException):
    """Ends a run as a kill does."""


def test_stopped_after_the_labels_and_resumed(go: Go, student: Path, tmp_path: Path) -> None:
    mean_teacher = "stages.finetune.mean_teacher={weight=0.3, batch=2}"
    whole = go(tmp_path / "whole", mean_teacher, recipe=student).folder

    def on_event(event: Event) -> None:
        if getattr(event, "step", 0) == 3:
            raise Stop

    with pytest.raises(Stop):
        go(tmp_path / "run", mean_teacher, recipe=student, on_event=on_event)
    assert (tmp_path / "run" / "stages" / "pseudo" / "state.json").exists()
    go(tmp_path / "run", mean_teacher, recipe=student, resuming=True)
    for name in ("model/model.safetensors", "stages/pseudo/labels.safetensors", "results.json", "data.json"):
        assert (tmp_path / "run" / name).read_bytes() == (whole / name).read_bytes(), name


def test_a_changed_teacher_is_another_run(go: Go, student: Path, teacher: Path, tmp_path: Path) -> None:
    other = copied(teacher, tmp_path / "copy")
    overrides = ('model.weights=""', f'stages.pseudo.teacher="{other}"')

    def on_event(event: Event) -> None:
        if getattr(event, "step", 0) == 3:
            raise Stop

    with pytest.raises(Stop):
        go(tmp_path / "run", *overrides, recipe=student, on_event=on_event)
    weights = other / "model" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    with pytest.raises(RunFolderError, match="the data has changed"):
        go(tmp_path / "run", *overrides, recipe=student, resuming=True)


def test_a_dry_run_counts_the_made_labels(student: Path) -> None:
    registry = load_host(plugins=False)
    recipe = load_recipe(
        student, overrides=["stages.finetune.steps=0", "stages.finetune.epochs=1"], registry=registry
    )
    found = plan(recipe, registry=registry)
    json.dumps(found, allow_nan=False)
    assert found["stages"]["finetune"]["steps"] == 120 // 4
    assert found["stages"]["pseudo"]["seconds_estimated"] >= 0
    assert found["stages"]["finetune"]["train"]["labelled_frames"] == 24
