"""What a recipe resolves to: extends, complete tables, origins, smoke, stand-ins, missing data, explain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aukit.contracts.params import Choice
from aukit.hosting.registry import Registry
from aukit.recipe import Recipe, SplitPeople, SplitShares, explain, load_recipe, missing_data

Load = Callable[..., Recipe]

STORED = """\
[data.disfa]
path = ["disfa/a.h5", "b.h5"]
schema = "disfa"
split = "half"
fold = 2

[stages.tune]
name = "labelled"
data = "disfa"
steps = 40
"""


def test_the_tables_of_a_recipe_are_typed_and_complete(load: Load) -> None:
    recipe = load()
    assert (recipe.name, recipe.summary, recipe.seed) == ("good", "a small recipe", 0)
    faces = recipe.data["faces"]
    assert faces.dataset is not None
    assert faces.dataset.params == recipe.params("data.faces").table()
    assert (faces.path, faces.schema, faces.split, faces.fold, faces.max_videos) == (
        (),
        "",
        "default",
        1,
        None,
    )
    assert list(recipe.stages) == ["pre", "tune"]
    tune = recipe.stages["tune"]
    assert tune == Choice(
        name="labelled",
        data=["faces"],
        steps=40,
        augmentation={"name": "shake", "strength": 0.5},
        optimizer={"name": "Adam", "lr": 1e-3},
        sampler={"name": "random", "fraction": 0.02},
    )
    params = recipe.params("stages.tune")
    assert params.table() == tune.params
    assert recipe.params("stages.tune.sampler").table() == {"fraction": 0.02}
    assert recipe.model.backbone == Choice(name="resnet18-256", blocks=[2, 2])
    assert recipe.evaluation.data == "faces"  # where the last stage with labels learns
    assert recipe.used_data() == ("faces",)


def test_components_go_by_path_in_file_order(load: Load) -> None:
    assert [(path, item.name) for path, item in load().components.items()] == [
        ("data.faces", "synthetic"),
        ("model.backbone", "resnet18-256"),
        ("model.temporal", "convgru"),
        ("model.head", "pool-bn-linear"),
        ("stages.pre", "train"),
        ("stages.pre.augmentation", "shake"),
        ("stages.tune", "labelled"),
        ("stages.tune.augmentation", "shake"),
        ("stages.tune.sampler", "random"),
    ]


def test_explain_says_what_each_table_calls_and_where(load: Load) -> None:
    rows = {row.table: row for row in explain(load())}
    row = rows["model.temporal"]
    assert (row.kind, row.component, row.provider, row.version) == ("temporal", "convgru", "aukit", "1.0")
    assert (row.written, row.summary) == ("good.toml:6", "the convgru")
    assert rows["stages.tune.sampler"].written == "good.toml:15"  # its stage's: the call is implied


def test_a_dump_loads_to_an_equal_recipe(load: Load) -> None:
    recipe = load(overrides=["data.faces.split={test = 0.5}", "evaluation.window=3"])
    again = load(recipe.dump(), file="dump.toml")
    assert again == recipe
    assert hash(again) == hash(recipe)
    assert again.dump() == recipe.dump()
    assert list(again.tables()) == list(recipe.tables())
    assert again != load(overrides=["seed=1"])
    assert recipe.data["faces"].split == SplitShares(test=0.5)


def test_a_dump_begins_with_the_tables_in_their_order(load: Load) -> None:
    headers = [line for line in load().dump().splitlines() if line.startswith("[")]
    assert headers == [
        "[data.faces]",
        "[model]",
        "[model.backbone]",
        "[model.temporal]",
        "[model.head]",
        "[stages.pre]",
        "[stages.pre.augmentation]",
        "[stages.pre.optimizer]",
        "[stages.tune]",
        "[stages.tune.augmentation]",
        "[stages.tune.optimizer]",
        "[stages.tune.sampler]",
        "[evaluation]",
        "[compute]",
    ]


def test_people_of_a_split(load: Load) -> None:
    recipe = load(STORED.replace('"half"', '{ train = ["s1"], test = ["s2"] }'))
    assert recipe.data["disfa"].split == SplitPeople(train=("s1",), test=("s2",))


def test_extends_merges_tables_and_assigns_values(load: Load) -> None:
    Path("sub").mkdir()
    child = """\
extends = "../good.toml"

[model.temporal]
dropout = 0.5

[stages.pre]
optimizer = { lr = 0.25 }

[stages.tune]
optimizer.lr = 0.5
"""
    recipe = load(child, file="sub/child.toml")
    base = load().tables()
    assert recipe.name == "child"  # a variant is not called like its base
    assert recipe.summary == base["summary"]
    temporal = recipe.model.temporal.params
    assert (temporal["hidden"], temporal["dropout"]) == (16, 0.5)
    assert recipe.stages["pre"].params["optimizer"] == {"name": "Adam", "lr": 0.25}
    assert recipe.where("model.temporal.hidden") == "sub/../good.toml:8"
    assert recipe.where("model.temporal.dropout") == "sub/child.toml:4"
    assert recipe.where("model.temporal") == "sub/child.toml:3"


def test_extends_with_a_new_name_clears_the_old_parameters(load: Load) -> None:
    recipe = load('extends = "good.toml"\n[model.temporal]\nname = "none"\n', file="child.toml")
    assert recipe.tables()["model"]["temporal"] == {"name": "none"}


def test_an_inline_table_takes_the_place_of_the_base_s(load: Load) -> None:
    text = 'extends = "good.toml"\n[model]\ntemporal = { name = "convgru", dropout = 0.5 }\n'
    recipe = load(text, file="child.toml")
    assert recipe.model.temporal.params["hidden"] == 8


def test_order_of_precedence(load: Load) -> None:
    child = 'extends = "good.toml"\n[stages.tune]\nsteps = 50\n'
    assert load(child, file="child.toml").stages["tune"].params["steps"] == 50
    options = {"file": "child.toml", "overrides": ["stages.tune.steps=60"]}
    assert load(child, **options).stages["tune"].params["steps"] == 60
    assert load(child, **options, smoke=True).stages["tune"].params["steps"] == 2


def test_smoke_asks_every_component_and_says_so(load: Load) -> None:
    recipe = load(smoke=True)
    assert recipe.params("data.faces").table()["frames"] == 10
    assert recipe.stages["pre"].params["steps"] == recipe.stages["tune"].params["steps"] == 2
    assert recipe.where("stages.pre.steps") == "--smoke"
    assert recipe.evaluation.resamples == 20
    assert recipe.compute.checkpoint_every == 2
    assert load(STORED, smoke=True).data["disfa"].max_videos == 2


def test_device_and_data_root(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = STORED + '[compute]\ndata_root = "own"\n'
    assert load(text).files("disfa") == (Path("own/disfa/a.h5"), Path("own/b.h5"))
    monkeypatch.setenv("AUKIT_DATA", "env")
    assert load(text).files("disfa")[1] == Path("env/b.h5")
    recipe = load(text, data_root=tmp_path, device="cpu")
    assert recipe.files("disfa")[1] == tmp_path / "b.h5"
    assert (recipe.compute.device, recipe.where("compute.device")) == ("cpu", "--device")
    absolute = load(text.replace("b.h5", "/abs/b.h5"))
    assert absolute.files("disfa")[1] == Path("/abs/b.h5")


def test_missing_data_are_named_with_ways_to_get_them(load: Load) -> None:
    recipe = load(STORED)  # loading does not need them
    Path("b.h5").touch()
    (problem,) = missing_data(recipe)
    assert str(problem) == "good.toml:2: data.disfa.path: there is no file `disfa/a.h5`"
    assert problem.hint.splitlines() == [
        "get `disfa` (ask at example.org) and prepare it as this clip store",
        "if it is elsewhere, `--data-root DIR` or AUKIT_DATA says where relative paths start",
        "`--stand-in` runs this recipe on synthetic faces in its place",
    ]


def test_missing_data_of_no_known_set(load: Load, tmp_path: Path) -> None:
    recipe = load(STORED.replace('schema = "disfa"\n', "").replace('"disfa/a.h5", ', ""))
    (problem,) = missing_data(recipe)
    assert problem.hint.splitlines() == [
        "if it is elsewhere, `--data-root DIR` or AUKIT_DATA says where relative paths start",
        "to make synthetic faces there: `aukit data make synthetic --out b.h5`",
        "for `--stand-in`, say in `data.disfa.schema` which data set it is",
    ]


def test_data_that_nothing_reads_may_be_missing(load: Load) -> None:
    assert missing_data(load(STORED + '[data.more]\npath = "c.h5"\n', stand_in=True)) == []


def test_a_stand_in_has_the_people_aus_and_split_of_the_set(load: Load) -> None:
    recipe = load(STORED, stand_in=True)
    table = recipe.data["disfa"]
    assert table.dataset is not None
    assert table.dataset.name == "synthetic"
    assert table.path == ()
    assert (table.schema, table.split, table.fold) == ("disfa", "half", 2)
    params = recipe.params("data.disfa").table()
    assert params["subjects"] == ["s1", "s2", "s3", "s4"]
    assert params["aus"] == ["AU04", "AU12"]
    assert (params["origin"], params["data_set"], params["fps"]) == ("stand-in", "disfa", 20.0)
    assert recipe.where("data.disfa.frames") == "--stand-in"
    assert missing_data(recipe) == []
    assert load(recipe.dump(), file="dump.toml") == recipe


def test_a_set_without_named_people_gets_some(load: Load) -> None:
    text = STORED.replace('schema = "disfa"\nsplit = "half"\nfold = 2', 'schema = "wild"')
    recipe = load(text.replace("labelled", "train"), stand_in=True)
    params = recipe.params("data.disfa").table()
    assert params["subjects"][0] == "wild-01"
    assert params["fps"] == 30.0
    assert params["seed"] != load(STORED, stand_in=True).params("data.disfa").table()["seed"]


def test_data_on_disk_are_not_replaced(load: Load) -> None:
    Path("disfa").mkdir()
    Path("disfa/a.h5").touch()
    Path("b.h5").touch()
    assert load(STORED, stand_in=True) == load(STORED)


def test_smoke_makes_a_stand_in_small(load: Load) -> None:
    recipe = load(STORED, stand_in=True, smoke=True)
    assert recipe.params("data.disfa").table()["frames"] == 10
    assert recipe.data["disfa"].max_videos is None


def test_the_source_is_kept_as_it_was_written(load: Load, registry: Registry) -> None:
    text = "# a comment\n" + STORED
    recipe = load(text)
    assert (recipe.source.file, recipe.source.text) == ("good.toml", text)
    assert load_recipe(Path("good.toml"), registry=registry) == recipe
