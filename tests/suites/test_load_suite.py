"""A suite's file: what it makes of a recipe, and all that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from aukit.errors import RecipeError
from aukit.hosting.host import load_host
from aukit.recipe import load_recipe
from aukit.suites.check import in_order
from aukit.suites.load import Options, is_suite_file, load_suite


def problems(tools: SimpleNamespace, folder: Path, recipe: str, suite: str) -> str:
    with pytest.raises(RecipeError) as caught:
        tools.load(tools.write(folder, recipe, suite))
    return "\n".join(f"{problem} | {problem.hint}" for problem in caught.value.problems)


def test_a_variant_is_the_recipe_with_its_changes_on_top(tools: SimpleNamespace, suite_file: Path) -> None:
    suite = tools.load(suite_file, "suite.seeds=[5]")
    assert suite.table.seeds == (5,)
    found = suite.recipe("after", fold=1, seed=5, runs={"scratch": Path("/runs/scratch/fold1-seed5")})
    assert found.seed == 5
    assert found.name == "three-after"
    assert found.model.weights == "/runs/scratch/fold1-seed5"
    assert list(found.stages) == ["finetune"]
    assert found.params("stages.finetune").batch == 3
    assert found.where("model.weights") == f"{suite_file}:13"


def test_set_comes_before_what_a_variant_says(tools: SimpleNamespace, suite_file: Path) -> None:
    suite = tools.load(suite_file, "stages.finetune.optimizer.lr=7e-4", "stages.pretrain.steps=3")
    rates = {
        name: suite.recipe(name, fold=1, seed=0, runs=dict.fromkeys(suite.variants, Path("x")))
        .params("stages.finetune")
        .optimizer.lr
        for name in suite.variants
    }
    assert rates == {"after": 7e-4, "pretrained": 7e-4, "slower": 5e-4, "scratch": 7e-4}


def test_variants_come_after_those_they_need(tools: SimpleNamespace, suite_file: Path) -> None:
    assert in_order(tools.load(suite_file)) == ["scratch", "after", "pretrained", "slower"]


def test_all_mistakes_of_all_variants_come_at_once(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    wrong = tools.text.replace('ablate = ["no-pretraining"]', 'ablate = ["no-pretrainign"]')
    wrong = wrong.replace("finetune.optimizer.lr", "finetune.optimizer.rate")
    found = problems(tools, tmp_path, recipe_text, wrong)
    assert "no-pretrainign" in found and "did you mean `no-pretraining`" in found
    assert "three.toml:21" in found and "rate" in found


def test_mistakes_of_a_suite_and_of_its_variants_come_in_one_round(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    wrong = tools.text.replace('"{scratch}"', '"{scrtch}"').replace("hypothesis", "hypotesis")
    wrong = wrong.replace("[variants.slower]\ntitle", "[variants.slower]\ntitel")
    wrong = wrong.replace('ablate = ["no-pretraining"]', 'ablate = ["no-pretrainign"]')
    known = problems(tools, tmp_path, recipe_text, wrong.replace("hypotesis", "hypothesis"))
    assert "scrtch" in known and "titel" in known and "no-pretrainign" in known
    # without [suite] nothing else can be told, but for what stands in the tables themselves
    found = problems(tools, tmp_path, recipe_text, wrong)
    assert "hypotesis" in found and "titel" in found


def test_every_fold_is_looked_at(tools: SimpleNamespace, tmp_path: Path, recipe_text: str) -> None:
    text = recipe_text.replace('path = "tiny.h5"', 'path = "tiny.h5"\nschema = "disfa"\nsplit = "12-6-9"')
    text = text.replace("[model]", '[model]\naus = ["AU04"]')
    suite = tools.text.replace("seeds = [0, 1]", 'seeds = [0, 1]\nfold_of = "faces"\nfolds = [1, 3, 4]')
    assert "has 3 folds, got 4" in problems(tools, tmp_path, text, suite)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"{scratch}"', '"{scrtch}"', "there is no variant `scrtch` | did you mean `scratch`?"),
        ('"{scratch}"', '"{after}"', "in a circle: after -> after"),
        ("hypothesis", "hypotesis", "unknown key of [suite] | did you mean `hypothesis`?"),
        ('hypothesis = "pre-training raises the mean ICC"', "", "suite.hypothesis"),
        ("[suite]", "[suit]", "unknown key of a suite | did you mean `suite`?"),
        ('recipe = "tiny.toml"', "", "names a `recipe` to start from"),
        ('recipe = "tiny.toml"', 'recipe = "tinny"', "there is no recipe `tinny`"),
        ("seeds = [0, 1]", "seeds = [0, 0]", "something stands there twice"),
        ("seeds = [0, 1]", "seeds = 3", "an array"),
        ("seeds = [0, 1]", 'fold_of = "fases"', "this recipe has no data table `fases` | did you mean `faces`?"),
        ('"model.weights" =', "model.weights =", "put the whole path in quotes"),
        ('recipe = "tiny.toml"', 'recipe = "tinny"', "three.toml:6: suite.recipe: there is no recipe `tinny`"),
        ('["no-pretraining"]', '["no-memori"]', "three.toml:24: there is no ablation `no-memori`"),
        ("optimizer.lr\" = 5e-4", "sampler.fraction\" = 0.5", "variants learn from other labels"),
        ("[variants.slower]", '[variants."sl/ower"]', "letters, digits, `-` and `_` only"),
        ("[variants.slower]", "[tuning]\n\"seed\" = 3\n[variants.slower]", "at least two values to choose from"),
        ('remove = ["stages.pretrain"]', 'remove = ["stages.pretrian"]', "nothing there to remove"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_place(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str, old: str, new: str, said: str
) -> None:
    assert old in tools.text
    found = problems(tools, tmp_path, recipe_text, tools.text.replace(old, new, 1))
    assert said in found
    assert "three.toml" in found or "tinny" in found


def test_variants_may_learn_from_other_labels_where_the_suite_says_so(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    text = tools.text.replace("optimizer.lr", "sampler.fraction")
    text = text.replace("seeds = [0, 1]", 'seeds = [0, 1]\ndiffers = ["labels"]')
    tools.load(tools.write(tmp_path, recipe_text, text))


def test_only_variants_that_are_there_are_reached_from_the_command_line(
    tools: SimpleNamespace, suite_file: Path
) -> None:
    with pytest.raises(RecipeError, match=r"variants\.slwer: there is no variant `slwer`") as caught:
        tools.load(suite_file, "variants.slwer.title=late")
    assert caught.value.problems[0].hint == "did you mean `slower`?"
    assert tools.load(suite_file, "variants.slower.title=late").variants["slower"].title == "late"


def test_a_smoke_run_takes_the_first_seed_or_those_that_are_named(suite_file: Path) -> None:
    for overrides, seeds in (((), (0,)), (("suite.seeds=[3, 4]",), (3, 4))):
        options = Options(overrides=overrides, smoke=True)
        assert load_suite(suite_file, registry=load_host(plugins=False), options=options).table.seeds == seeds


def test_a_suite_without_variants_is_a_suite_all_the_same(
    tools: SimpleNamespace, tmp_path: Path, recipe_text: str
) -> None:
    text = tools.text[: tools.text.index("[variants")]
    file = tools.write(tmp_path, recipe_text, text)
    assert is_suite_file(file, load_host(plugins=False))
    assert "the suite has no variants | add a table" in problems(tools, tmp_path, recipe_text, text)


def test_a_suite_is_no_recipe(suite_file: Path) -> None:
    with pytest.raises(RecipeError, match="this is a suite of runs, not a recipe"):
        load_recipe(suite_file)
