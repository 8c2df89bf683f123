"""Every kind of problem in a recipe: its place, its words, its hint. All at once, in the order of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Refusal = Callable[..., Sequence[tuple[str, str]]]

DATA = '[data.faces]\nname = "synthetic"\n'
STAGE = '[stages.tune]\nname = "labelled"\ndata = "faces"\nsteps = 4\n'
GRU = "`convgru` accepts `hidden`, `dropout`, `mode`, `kernel`, `label`, `bias`"


def gru(line: str) -> str:
    return f'[model.temporal]\nname = "convgru"\n{line}\n{DATA}{STAGE}'


CASES = {
    # keys
    "unknown key at the top": (
        f"sed = 3\n{DATA}{STAGE}",
        "good.toml:1: sed: unknown key of a recipe",
        "did you mean `seed`? a recipe accepts `name`, `summary`, `seed`, `extends`, `data`, `model`, `stages`, "
        "`evaluation`, `compute`, `trackers`",
    ),
    "unknown key of a fixed table": (
        f"{DATA}{STAGE}[compute]\nthread = 2\n",
        "good.toml:8: compute.thread: unknown key of [compute]",
        "did you mean `threads`? [compute] accepts `device`, `precision`, `threads`, "
        "`checkpoint_every`, `deterministic`, `data_root`",
    ),
    "unknown parameter": (
        gru("hiden = 3"),
        "good.toml:3: model.temporal.hiden: unknown parameter of `convgru`",
        f"did you mean `hidden`? {GRU}",
    ),
    "unknown parameter like no other": (
        gru("xyz = 3"),
        "good.toml:3: model.temporal.xyz: unknown parameter of `convgru`",
        GRU,
    ),
    "parameter of a component that takes none": (
        f"[model.head]\nmomentum = 1\n{DATA}{STAGE}",
        "good.toml:2: model.head.momentum: unknown parameter",
        "`pool-bn-linear` takes none",
    ),
    "unknown parameter in a nested table": (
        f"{DATA}{STAGE}optimizer = {{ name = 'Adam', rl = 1 }}\n",
        "good.toml:7: stages.tune.optimizer.rl: unknown parameter of `optimizer`",
        "did you mean `lr`? `optimizer` accepts `name`, `lr`",
    ),
    "unknown parameter in a slot": (
        f'{DATA}{STAGE}sampler.name = "random"\nsampler.cuont = 3\n',
        "good.toml:8: stages.tune.sampler.cuont: unknown parameter of `random`",
        "did you mean `count`? `random` accepts `fraction`, `count`",
    ),
    "unknown key of a data table": (
        f'[data.faces]\npath = "x.h5"\nscheme = "disfa"\n{STAGE}',
        "good.toml:3: data.faces.scheme: unknown key of a data table",
        "did you mean `schema`? a data table accepts `schema`, `split`, `fold`, `max_videos`, `path`",
    ),
    "unknown parameter of a dataset": (
        f"{DATA}frame = 3\n{STAGE}",
        "good.toml:3: data.faces.frame: unknown parameter of `synthetic`",
        "did you mean `frames`? `synthetic` accepts `aus`, `subjects`, `frames`, `fps`, `size`, `seed`, `origin`, "
        "`data_set`",
    ),
    # names
    "unknown component": (
        f'[model.temporal]\nname = "covgru"\n{DATA}{STAGE}',
        "good.toml:2: model.temporal.name: there is no temporal `covgru`",
        "did you mean `convgru`?",
    ),
    "unknown component in a slot": (
        f'{DATA}{STAGE}augmentation = {{ name = "shakes" }}\n',
        "good.toml:7: stages.tune.augmentation.name: there is no augmentation `shakes`",
        "did you mean `shake`?",
    ),
    "unknown stage component": (
        f'{DATA}[stages.tune]\nname = "labeled"\ndata = "faces"\n',
        "good.toml:4: stages.tune.name: there is no stage `labeled`",
        "did you mean `labelled`?",
    ),
    "stage without a name": (
        f'{DATA}[stages.tune]\ndata = "faces"\n',
        "good.toml:3: stages.tune: has no `name`: which stage is it?",
        "choose from `labelled`, `train`",
    ),
    "name that is no text": (
        f"[model.temporal]\nname = 3\n{DATA}{STAGE}",
        "good.toml:2: model.temporal.name: expected text in quotes, got 3",
        "",
    ),
    "component as a plain name": (
        f'[model]\ntemporal = "none"\n{DATA}{STAGE}',
        'good.toml:2: model.temporal: expected a table that names a temporal, got "none"',
        'write { name = "none" }',
    ),
    "unknown data table of a stage": (
        f'{DATA}[stages.tune]\nname = "labelled"\ndata = ["facse"]\nsteps = 4\n',
        "good.toml:5: stages.tune.data: this recipe has no data table `facse`",
        "did you mean `faces`?",
    ),
    "unknown data table of the evaluation": (
        f'{DATA}{STAGE}[evaluation]\ndata = "disfa"\n',
        "good.toml:8: evaluation.data: this recipe has no data table `disfa`",
        "choose from `faces`",
    ),
    "unknown data set": (
        f'[data.faces]\npath = "x.h5"\nschema = "disfaa"\n{STAGE}',
        "good.toml:3: data.faces.schema: there is no data set `disfaa`",
        "did you mean `disfa`?",
    ),
    "unknown split": (
        f'[data.faces]\npath = "x.h5"\nschema = "disfa"\nsplit = "hafl"\n{STAGE}',
        "good.toml:4: data.faces.split: `disfa` has no split `hafl`",
        "did you mean `half`?",
    ),
    "fold beyond the last": (
        f'[data.faces]\npath = "x.h5"\nschema = "disfa"\nsplit = "half"\nfold = 3\n{STAGE}',
        "good.toml:5: data.faces.fold: the split `half` of `disfa` has 2 folds, got 3",
        "",
    ),
    "stage without data": (
        f'{DATA}[stages.tune]\nname = "labelled"\ndata = []\nsteps = 4\n',
        "good.toml:5: stages.tune.data: names no data table",
        "choose from `faces`",
    ),
    "AU that is no name": (
        f'[model]\naus = ["AU4"]\n{DATA}{STAGE}',
        'good.toml:2: model.aus: `AU4` is no AU name: two digits, such as "AU04"',
        "",
    ),
    "AU that the data do not code": (
        f'[model]\naus = ["AU04", "AU17"]\n{DATA}{STAGE}',
        "good.toml:2: model.aus: the data of the stage `tune` do not code `AU17`",
        "they code `AU04`, `AU12`",
    ),
    "AU named twice": (
        f'[model]\naus = ["AU04", "AU04"]\n{DATA}{STAGE}',
        "good.toml:2: model.aus: an AU is named twice",
        "",
    ),
    "labels wanted of a set that has none": (
        f'[data.faces]\npath = "x.h5"\nschema = "wild"\n{STAGE}',
        "good.toml:6: stages.tune.data: learns from labels, and its data have none",
        "name a data table with labels",
    ),
    "table name that cannot name a folder": (
        '[data.faces]\nname = "synthetic"\n[stages."a/b"]\nname = "train"\ndata = "faces"\nsteps = 2\n',
        'good.toml:3: stages."a/b": the name of a table has letters, digits, `-` and `_` only',
        "",
    ),
    # what must be there
    "no stage": (DATA, "good.toml: stages: a recipe needs at least one", "such as [stages.finetune]"),
    "parameter that has no default": (
        f'{DATA}[stages.tune]\nname = "train"\ndata = "faces"\n',
        "good.toml:3: stages.tune.steps: missing, and it has no default",
        "`steps`: optimiser steps",
    ),
    "data from nowhere": (
        f"[data.faces]\nfold = 1\n{STAGE}",
        "good.toml:1: data.faces: gives neither `path` nor `name`",
        "`path` names a prepared .h5 file, `name` a dataset: `synthetic`",
    ),
    "data from two places": (
        f'{DATA}path = "x.h5"\n{STAGE}',
        "good.toml:1: data.faces: gives both `name` and `path`",
        "`name` makes the data, `path` reads prepared files",
    ),
    # types and ranges
    "text for a number": (
        gru('hidden = "8"'),
        'good.toml:3: model.temporal.hidden: expected a whole number, got "8"',
        "`hidden`: channels of the state",
    ),
    "fraction for a whole number": (
        gru("hidden = 8.5"),
        "good.toml:3: model.temporal.hidden: expected a whole number, got 8.5",
        "`hidden`: channels of the state",
    ),
    "truth for a number": (
        gru("dropout = true"),
        "good.toml:3: model.temporal.dropout: expected a number, got true",
        "`dropout`: dropout on the state",
    ),
    "number for text": (
        gru("label = 3"),
        "good.toml:3: model.temporal.label: expected text in quotes, got 3",
        "`label`: a word",
    ),
    "number for truth": (
        gru("bias = 1"),
        "good.toml:3: model.temporal.bias: expected `true` or `false`, got 1",
        "`bias`: whether gates have one",
    ),
    "number for an array": (
        gru("kernel = 3"),
        "good.toml:3: model.temporal.kernel: expected an array, got 3",
        "`kernel`: size of the gates",
    ),
    "array for a number": (
        gru("hidden = [1, 2]"),
        "good.toml:3: model.temporal.hidden: expected a whole number, got [1, 2]",
        "`hidden`: channels of the state",
    ),
    "table for a number": (
        gru("hidden = { a = 1 }"),
        "good.toml:3: model.temporal.hidden: expected a whole number, got a table",
        "`hidden`: channels of the state",
    ),
    "wrong entry of an array": (
        gru('kernel = [\n  1,\n  "3",\n]'),
        'good.toml:5: model.temporal.kernel.1: expected a whole number, got "3"',
        "`kernel.1`: size of the gates",
    ),
    "too few entries of a pair": (
        gru("kernel = [1]"),
        "good.toml:3: model.temporal.kernel: too few entries, got [1]",
        "`kernel`: size of the gates",
    ),
    "too many entries of a pair": (
        gru("kernel = [1, 2, 3]"),
        "good.toml:3: model.temporal.kernel: expected at most 2 entries, got 3 entries",
        "`kernel`: size of the gates",
    ),
    "too few entries": (
        f"[model.backbone]\nblocks = []\n{DATA}{STAGE}",
        "good.toml:2: model.backbone.blocks: expected at least 1 entry, got 0 entries",
        "`blocks`: blocks a stage",
    ),
    "below the range": (
        gru("dropout = -0.1"),
        "good.toml:3: model.temporal.dropout: expected at least 0, got -0.1",
        "`dropout`: dropout on the state",
    ),
    "above the range": (
        gru("dropout = 1.0"),
        "good.toml:3: model.temporal.dropout: expected a number below 1, got 1.0",
        "`dropout`: dropout on the state",
    ),
    "not above the bound": (
        f"{DATA}{STAGE}optimizer.lr = 0.0\n",
        "good.toml:7: stages.tune.optimizer.lr: expected a number above 0, got 0.0",
        "`optimizer.lr`: learning rate",
    ),
    "no such option": (
        gru('mode = "fnacy"'),
        'good.toml:3: model.temporal.mode: expected "plain" or "fancy", got "fnacy"',
        "did you mean `fancy`?",
    ),
    "text that does not match": (
        f'{DATA}{STAGE}[compute]\ndevice = "gpu"\n',
        'good.toml:8: compute.device: expected text that matches ^(auto|cpu|mps|cuda(:\\d+)?)$, got "gpu"',
        "`device`: `auto`, `cpu`, `mps`, `cuda`, `cuda:1`",
    ),
    "empty text": (
        f'{DATA}{STAGE}[[trackers]]\nname = "lines"\nfile = ""\n',
        'good.toml:9: trackers.0.file: expected text that is not empty, got ""',
        "`file`: file name",
    ),
    "value of a component's own rule": (
        f'{DATA}[stages.tune]\nname = "train"\ndata = "faces"\nsteps = 13\n',
        "good.toml:3: stages.tune: 13 steps bring bad luck",
        "",
    ),
    "value in place of a table": (
        f"compute = 3\n{DATA}{STAGE}",
        "good.toml:1: compute: expected a table, got 3",
        "",
    ),
    "value in place of a named table": (
        f"[stages]\ntune = 3\n{DATA}",
        "good.toml:2: stages.tune: expected a table, got 3",
        "",
    ),
    "table in place of an array of tables": (
        f'{DATA}{STAGE}[trackers]\nname = "lines"\n',
        "good.toml:7: trackers: expected an array of tables, got a table",
        "write [[trackers]]",
    ),
    "date": (
        gru("label = 2026-01-02"),
        "good.toml:3: model.temporal.label: no value of a recipe is a date or a time, got 2026-01-02",
        "put it in quotes",
    ),
    # splits
    "split that shares a person": (
        f'{DATA}split = {{ train = ["a", "b"], test = ["b"] }}\n{STAGE}',
        "good.toml:3: data.faces.split: names subject `b` twice: a person belongs to one part only",
        "",
    ),
    "split that leaves nobody": (
        f"{DATA}split = {{ validation = 0.5, test = 0.5 }}\n{STAGE}",
        "good.toml:3: data.faces.split: the shares of validation and test leave nobody to train on",
        "",
    ),
    "unknown part of a split": (
        f'{DATA}split = {{ train = ["a"], tset = ["b"] }}\n{STAGE}',
        "good.toml:3: data.faces.split.tset: unknown parameter of `split`",
        "did you mean `test`? `split` accepts `train`, `validation`, `test`, `blocks`, `gap`",
    ),
    "share out of range": (
        f"{DATA}split = {{ test = 1.5 }}\n{STAGE}",
        "good.toml:3: data.faces.split.test: expected a number below 1, got 1.5",
        "",
    ),
    # extends
    "extends nothing": (
        f'extends = "nowhere"\n{DATA}{STAGE}',
        "good.toml:1: extends: there is no recipe `nowhere`",
        "",
    ),
    "extends no name": (
        f"extends = 3\n{DATA}{STAGE}",
        "good.toml:1: extends: expected the path or name of one recipe, in quotes",
        "",
    ),
    "extends itself": (
        f'name = "x"\nextends = "good.toml"\n{DATA}{STAGE}',
        "good.toml:2: extends: recipes extend each other in a circle: good.toml -> good.toml",
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_problem(case: str, refusal: Refusal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("aukit.recipe.shipped.folder", lambda: tmp_path / "none")
    text, message, hint = CASES[case]
    problems = refusal(text)
    expected_hint = "there are none" if case == "extends nothing" else hint
    assert problems == [(message, expected_hint)]


def test_an_empty_recipe(refusal: Refusal) -> None:
    assert refusal("\n") == [
        ("good.toml: data: a recipe needs at least one", "such as [data.faces]"),
        ("good.toml: stages: a recipe needs at least one", "such as [stages.finetune]"),
    ]


def test_a_circle_of_three(refusal: Refusal) -> None:
    for file, base in (("a", "b"), ("b", "c"), ("c", "a")):
        Path(f"{file}.toml").write_text(f'\nextends = "{base}.toml"\n')
    problems = refusal(f'extends = "a.toml"\n{DATA}{STAGE}')
    assert problems == [
        (
            "c.toml:2: extends: recipes extend each other in a circle: a.toml -> b.toml -> c.toml -> a.toml",
            "",
        )
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file(refusal: Refusal) -> None:
    problems = refusal(
        'sed = 1\n[data.faces]\nname = "syntetic"\n[model.temporal]\nname = "convgru"\nhiden = 1\ndropout = 2\n'
        '[stages.tune]\nname = "labelled"\ndata = "fcaes"\nsteps = 0\nsampler = { name = "random", fraction = 2 }\n'
        '[evaluation]\nsplit = "tset"\n[compute]\nprecision = "fp8"\n[[trackers]]\nname = "lins"\n',
        overrides=["model.aus=3"],
    )
    assert [message.split(": ")[:2] for message, _ in problems] == [
        ["--set", "model.aus"],
        ["good.toml:1", "sed"],
        ["good.toml:3", "data.faces.name"],
        ["good.toml:6", "model.temporal.hiden"],
        ["good.toml:7", "model.temporal.dropout"],
        ["good.toml:10", "stages.tune.data"],
        ["good.toml:11", "stages.tune.steps"],
        ["good.toml:12", "stages.tune.sampler.fraction"],
        ["good.toml:14", "evaluation.split"],
        ["good.toml:16", "compute.precision"],
        ["good.toml:18", "trackers.0.name"],
    ]


def test_a_problem_of_a_base_is_at_the_base(refusal: Refusal) -> None:
    Path("base.toml").write_text(f"{DATA}frames = 0\n{STAGE}")
    problems = refusal('extends = "base.toml"\n[data.faces]\nsize = 1\n')
    assert [message for message, _ in problems] == [
        "base.toml:3: data.faces.frames: expected at least 1, got 0",
        "good.toml:3: data.faces.size: expected at least 8, got 1",
    ]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("quikstart", "there is no recipe `quikstart`", "did you mean `quickstart`?"),
        (
            "elsewhere/quickstart.toml",
            "there is no recipe file `elsewhere/quickstart.toml`",
            "the shipped recipe of that name runs from anywhere: `quickstart`",
        ),
        ("zzz.toml", "there is no recipe file `zzz.toml`", "`aukit recipes list` shows the shipped ones"),
    ],
)
def test_no_such_recipe(
    name: str, message: str, hint: str, refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "quickstart.toml").touch()
    monkeypatch.setattr("aukit.recipe.shipped.folder", lambda: tmp_path / "shipped")
    assert refusal(file=name) == [(message, hint)]


def test_a_file_that_cannot_be_read_as_text(refusal: Refusal) -> None:
    Path("bytes.toml").write_bytes(b"a = '\xff'")
    assert refusal(file="bytes.toml") == [("bytes.toml: this is not UTF-8 text (byte 5)", "save it as UTF-8")]
